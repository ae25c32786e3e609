"""`easel policy`: show the policy in force, check one before it is."""

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.terminal import Exit, Terminal, in_words

app = typer.Typer(help="The community's policy: what is allowed and what is not.")


@app.command()
def show() -> None:
    """Show the policy in force in its own words."""
    from bot import wording
    from core.settings import CoreSettings
    from moderation.policy import load_policy

    terminal = Terminal()
    with terminal.guarded():
        policy = load_policy(CoreSettings().policy_file)
        terminal.result(in_words(wording.policy_card(policy)).plain)


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="A policy file.", exists=True, dir_okay=False)],
) -> None:
    """Check a policy file: every fault with its line, a caret and a hint.

    Exit codes: 0 it may be used, 1 it has faults.
    """
    from moderation.policy import load_policy
    from moderation.policy_errors import PolicyError

    terminal = Terminal()
    try:
        policy = load_policy(file)
    except PolicyError as error:
        terminal.result("\n".join(error.faults))
        raise typer.Exit(Exit.FAULT) from error
    terminal.result(f"{file}: policy {policy.name} {policy.version} may be used.")
