"""`easel moderation`: teach what was decided wrongly, retune, refuse pictures by sight."""

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.policy import Community, _desk
from bot.cli.terminal import Terminal, in_words
from core.contracts.labels import LabelSource
from core.contracts.verdicts import Decision

app = typer.Typer(help="What people teach the moderation, and pictures that are always refused.")
labels = typer.Typer(help="Decisions that people looked at again: add, list, export.")
app.add_typer(labels, name="labels")


@labels.command()
def add(
    job_id: Annotated[str, typer.Argument(help="Which request.")],
    right: Annotated[Decision, typer.Argument(help="What would have been right.")],
    category: Annotated[str, typer.Argument(help="What it breaks, unless it may be drawn.")] = "",
    *,
    source: Annotated[
        LabelSource, typer.Option("--source", help="How it came to be looked at again.")
    ] = LabelSource.OVERTURNED,
    community: Community = "",
) -> None:
    """Say what would have been right about a decided request; the last word counts."""
    from bot import wording
    from bot.usecases.labels import Judgement
    from bot.usecases.labels import add as keep
    from core.contracts.ids import JobId

    terminal = Terminal()
    with _desk(terminal, community, "", organisation=False) as desk:
        said = Judgement(JobId(job_id), source, right, category or None)
        label = keep(desk.services, desk.actor, said)
        terminal.result(wording.label_kept(label))


@labels.command(name="list")
def list_(*, community: Community = "") -> None:
    """List what was labelled, oldest first, without the words."""
    from bot import wording
    from bot.usecases.labels import listed

    with _desk(Terminal(), community, "", organisation=False) as desk:
        for each in listed(desk.services, desk.scope.community_id):
            typer.echo(wording.label_line(each))


@labels.command()
def export(*, community: Community = "") -> None:
    """Print each label as one JSON line, without whose request it was."""
    from bot.usecases.labels import listed

    with _desk(Terminal(), community, "", organisation=False) as desk:
        for each in listed(desk.services, desk.scope.community_id):
            typer.echo(each.model_dump_json(exclude={"member_id"}))


@app.command()
def retune(*, community: Community = "") -> None:
    """Fit the thresholds to what was labelled: a report, and a draft that changes nothing yet."""
    from bot import wording
    from bot.usecases.labels import propose_retuned

    terminal = Terminal()
    with _desk(terminal, community, "", organisation=False) as desk:
        found, proposed = propose_retuned(desk)
        terminal.result(wording.retuning(found))
        if proposed is not None:
            card = wording.policy_proposed(proposed.version, proposed.changes, proposed.loosens)
            terminal.result(in_words(card).plain)


@app.command()
def deny(
    picture: Annotated[Path, typer.Argument(help="A picture.", exists=True, dir_okay=False)],
    category: Annotated[str, typer.Argument(help="What it breaks.")],
    *,
    note: Annotated[str, typer.Option("--note", help="Why it is on the list.")] = "",
) -> None:
    """Refuse a picture by sight from now on: add it to EASEL_WORKER_PICTURE_DENY_LIST."""
    from PIL import Image, UnidentifiedImageError

    from bot import wording
    from core.errors import UserError
    from core.settings import WorkerSettings
    from moderation.hashes import DeniedPicture, add_to_deny_file, hashes_for_list

    terminal = Terminal()
    with terminal.guarded():
        path = WorkerSettings().picture_deny_list
        if path is None:
            raise UserError("deny_list_unset")
        try:
            with Image.open(picture) as opened:
                hashes = hashes_for_list(opened.convert("RGB"))
        except (OSError, UnidentifiedImageError) as error:
            raise UserError("deny_no_picture", value=str(picture)) from error
        if not hashes:
            raise UserError("deny_too_plain", value=str(picture))
        entries = [DeniedPicture(each.digits, category, note) for each in hashes]
        add_to_deny_file(path, entries)
        terminal.result(wording.picture_denied(str(path), picture.name, len(entries)))
