"""`easel audit`: hold the record to its chain, and hand it out; both without changing a row."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from bot.cli.office import AsJSON, Community, opened
from bot.cli.terminal import Exit, Terminal

app = typer.Typer(help="The record of what was done: is it whole, and what does it say.")


@app.command()
def verify(
    *,
    expect: Annotated[
        str,
        typer.Option("--expect", help="A hash written down earlier, which must be in the chain."),
    ] = "",
    as_json: AsJSON = False,
) -> None:
    """Find any row that was altered, removed, added or moved, also at the end.

    Exit codes: 0 the record is whole, 1 it is not.
    """
    from bot import wording

    terminal = Terminal(as_json=as_json)
    with opened(terminal) as (services, _operator):
        with services.store.reading() as unit:
            report = unit.audit.check(expect.strip().lower() or None)
        terminal.emit("audit", is_sound=report.is_sound, **report.model_dump(mode="json"))
        terminal.result(wording.chain_report(report))
    if not report.is_sound:
        raise typer.Exit(Exit.FAULT)


@app.command()
def export(
    *,
    since: Annotated[
        datetime,
        typer.Option(
            "--since",
            formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"],
            help="From when on, in UTC; without it everything.",
        ),
    ] = datetime(1970, 1, 1),  # noqa: DTZ001 - typer reads days without a zone, and so does this.
    community: Community = "",
) -> None:
    """Print each row as one JSON line, oldest first; that it was exported is itself recorded."""
    from bot.usecases import auditing
    from core.contracts.ids import CommunityId

    moment = since.replace(tzinfo=UTC)
    with opened(Terminal(), community) as (services, operator):
        where = CommunityId(community)
        for line in auditing.export(services, operator, since=moment, community_id=where):
            typer.echo(line)
