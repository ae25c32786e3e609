"""`easel mydata`: hand out or delete what is kept of a member, at their wish and on the record."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.office import Community, opened
from bot.cli.terminal import Exit, Terminal, in_words

if TYPE_CHECKING:
    from core.contracts.actors import Actor

app = typer.Typer(help="What is kept of a member: hand it out, or delete it, at their wish.")

Member = Annotated[str, typer.Argument(help="A member's id, for example web:4fz9….")]


@app.command()
def export(
    member: Member,
    *,
    out: Annotated[Path, typer.Option("--out", help="The zip file to write.")] = Path(
        "easel-data.zip"
    ),
    community: Community = "",
) -> None:
    """Write everything that is kept of a member into one zip file."""
    from bot.usecases import exporting
    from core.errors import UserError

    terminal = Terminal()
    with opened(terminal, community) as (services, operator):
        try:
            file = out.open("xb")
        except OSError as error:
            reason = error.strerror or "it cannot be written"
            raise UserError("file_unreadable", value=str(out), reason=reason) from error
        try:
            with file:
                whose = _member(operator, member)
                exporting.write_zip(services, whose, file, by=operator.member_id)
        except BaseException:
            out.unlink()  # Half of it would look like all of it.
            raise
        terminal.result(str(out))


@app.command()
def delete(
    member: Member,
    *,
    yes: Annotated[
        bool, typer.Option("--yes", help="Delete; without it, say what would go.")
    ] = False,
    community: Community = "",
) -> None:
    """Delete what is kept of a member, but for what must stay; doing it again goes on with it.

    Exit codes: 0 it is deleted, or would be; 3 a legal hold keeps all of it.
    """
    from bot import wording
    from bot.usecases import erasing, mydata
    from core.errors import UserError

    terminal = Terminal()
    with opened(terminal, community) as (services, operator):
        whose = _member(operator, member)
        kept = mydata.holdings(services, whose)
        if not kept.is_anything:
            raise UserError("mydata_member_unknown", value=member)
        if yes:
            done = erasing.erase(services, whose, by=operator.member_id)
            terminal.result(in_words(wording.mydata_erased(done)).plain)
        else:
            terminal.result(wording.mydata_question_in_words(kept))
    if kept.is_on_hold:
        raise typer.Exit(Exit.REFUSED)


def _member(operator: "Actor", member: str) -> "Actor":
    from core.contracts.actors import Actor
    from core.contracts.ids import MemberId

    return Actor(community_id=operator.community_id, member_id=MemberId(member), display_name="")
