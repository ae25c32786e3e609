"""Speak to the person or program at the other end: words on stderr, results on stdout, exit codes.

Colour and progress follow what people expect: none with NO_COLOR (rich reads it), none where
stderr is no terminal.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import Any

import typer
from rich.console import Console
from rich.text import Text

from bot.replies import Reply
from core.errors import AppError, Unavailable


class Exit(IntEnum):
    """What `easel`'s exit codes mean."""

    OK = 0
    FAULT = 1
    """A check found something wrong: a label that is not valid, a policy with faults."""
    USAGE = 2
    """The request can not be carried out as it is; the message says what to change."""
    REFUSED = 3
    """The policy refused, held or withheld it; the card says why."""
    FAILED = 4
    """It should have worked: something is away, took too long or broke."""
    INTERRUPTED = 130
    """Ctrl-C, as shells count it."""


class Terminal:
    """One command's voice."""

    def __init__(self, *, as_json: bool = False, quiet: bool = False) -> None:
        self.as_json = as_json
        self.quiet = quiet
        self.console = Console(stderr=True, highlight=False, quiet=quiet or as_json)

    def say(self, text: str, style: str = "") -> None:
        """Tell a person something on the way."""
        # No line breaks of our own: people copy paths and links.
        self.console.print(Text(text, style=style), soft_wrap=True)

    def result(self, text: str) -> None:
        """Print a result for people and pipes."""
        if not self.as_json:
            typer.echo(text)

    def emit(self, event: str, **facts: Any) -> None:  # Any: what JSON takes.
        """Print one JSON line for programs."""
        if self.as_json:
            typer.echo(json.dumps({"event": event, **facts}, ensure_ascii=False))

    def card(self, reply: Reply) -> None:
        """Show a reply in words on stderr, or as JSON; quiet does not silence it."""
        if self.as_json:
            self.emit(reply.kind.value, reply=reply.model_dump(mode="json", exclude_defaults=True))
        else:
            Console(stderr=True, highlight=False).print(in_words(reply), soft_wrap=True)

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Turn what is expected to go wrong into a sentence and an exit code."""
        try:
            yield
        except AppError as error:
            from bot import wording  # With everything that it words; `--help` needs none.

            self.card(wording.error(error))
            code = Exit.FAILED if isinstance(error, Unavailable) else Exit.USAGE
            raise typer.Exit(code) from error
        except KeyboardInterrupt as error:
            raise typer.Exit(Exit.INTERRUPTED) from error


def in_words(reply: Reply) -> Text:
    """Write a reply as a terminal shows it; user text stays plain text."""
    text = Text(reply.title, style="bold")
    for line in reply.lines:
        text.append(f"\n{line}", style="not bold")
    if reply.quote is not None:
        text.append(f"\n  {reply.quote.before}", style="not bold")
        # Brackets, because a mark by colour alone is lost on many.
        text.append(f"[{reply.quote.marked}]", style="bold red")
        text.append(reply.quote.after, style="not bold")
    for field in reply.fields:
        text.append(f"\n  {field.name}: {field.value}", style="not bold")
    return text
