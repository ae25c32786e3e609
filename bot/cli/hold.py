"""`easel hold`: name what must be kept although its time is over or its author deletes it."""

from typing import Annotated

import typer

from bot.cli.office import Community, opened
from bot.cli.terminal import Terminal

app = typer.Typer(help="Legal holds: what no sweep and no member deletes.")


@app.command()
def add(
    *,
    member: Annotated[str, typer.Option("--member", help="Everything of this member, …")] = "",
    job: Annotated[str, typer.Option("--job", help="… or this one request.")] = "",
    reason: Annotated[str, typer.Option("--reason", help="Why; for the record.")] = "",
    community: Community = "",
) -> None:
    """Keep everything of a member, or one request, from now on."""
    from bot import wording
    from bot.usecases import holds
    from core.contracts.ids import JobId, MemberId

    terminal = Terminal()
    with opened(terminal, community) as (services, operator):
        hold = holds.add(
            services,
            operator,
            member_id=MemberId(member) or None,
            job_id=JobId(job) or None,
            reason=reason,
        )
        terminal.result(wording.hold_line(hold))


@app.command(name="list")
def list_(
    *,
    every: Annotated[bool, typer.Option("--all", help="Lifted ones too.")] = False,
    community: Community = "",
) -> None:
    """List the holds in force."""
    from bot import wording
    from bot.usecases import holds

    terminal = Terminal()
    with opened(terminal, community) as (services, operator):
        for hold in holds.listed(services, operator, is_all=every):
            terminal.result(wording.hold_line(hold))


@app.command()
def lift(
    number: Annotated[int, typer.Argument(help="A hold's number.")], *, community: Community = ""
) -> None:
    """Let go of what a hold named; what is due goes with the next sweep."""
    from bot import wording
    from bot.usecases import holds

    terminal = Terminal()
    with opened(terminal, community) as (services, operator):
        terminal.result(wording.hold_line(holds.lift(services, operator, number)))
