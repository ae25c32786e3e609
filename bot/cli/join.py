"""Find the Easel that a command talks to: a deployment, this home's stack, or one of its own."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from bot.cli.terminal import Terminal
from bot.embedded.stack import Progress, Stack, StartReport, settings_from
from core.errors import UserError
from core.settings import CoreSettings
from core.telemetry import configure_logging

TURN_TIMEOUT_S = 300.0
"""How long a command waits for another one that uses the same home: some pictures' worth."""

_LOOK_S = 0.2


@dataclass(frozen=True, slots=True)
class Joined:
    """An Easel that accepts requests."""

    settings: CoreSettings
    begin: Callable[[], None] = lambda: None
    """Have the parts that draw running: what a refused request need not wait for."""


@contextmanager
def joined_stack(terminal: Terminal) -> Iterator[Joined]:
    """Give a running Easel; one that is started for this command is ended after it.

    A Redis named in the environment means a deployment; else a demo that serves from this home
    is joined; else parts are started for this command alone.

    Raises:
        UserError: `home_in_use`, when another command held the home all the time.
    """
    settings = CoreSettings()
    configure_logging(settings.model_copy(update={"log_level": "WARNING"}), "cli")
    if "redis_url" in settings.model_fields_set:
        yield Joined(settings)
        return
    stack = Stack({}, settings.home, web=False)
    progress = start_line(terminal)
    serving = _open_or_find(stack, progress)
    if serving is not None:
        yield Joined(serving)
        return
    with stack:
        yield Joined(settings_from(stack.env), partial(stack.launch, progress))


def _open_or_find(stack: Stack, progress: Progress) -> CoreSettings | None:
    """Open a stack of our own, or find the settings of one that serves from this home."""
    home = stack.home
    deadline = time.monotonic() + TURN_TIMEOUT_S
    while True:
        serving = home.running()
        if serving is not None and serving.web_url is not None:
            return settings_from({**serving.env, "EASEL_SECRET_KEY": home.secret()})
        try:
            stack.open(progress)
        except UserError as error:
            # A command like this one has its turn and ends soon; a stack of its own can not be
            # shared with one that ends it.
            if error.code != "home_in_use" or time.monotonic() > deadline:
                raise
            time.sleep(_LOOK_S)
        else:
            return None


def start_line(terminal: Terminal) -> Progress:
    """Show each part as it becomes ready."""

    def show(report: StartReport) -> None:
        if report.is_ready:
            terminal.emit("ready", part=report.part, seconds=report.seconds)
            terminal.say(f"  ✓ {report.title} ({report.seconds:.1f} s)", "green")
        else:
            terminal.emit("starting", part=report.part)

    return show
