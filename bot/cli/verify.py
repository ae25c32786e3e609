"""`easel verify`: say of files whether they were made here, and how they were changed since."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.terminal import Exit, Terminal
from core.errors import UserError

if TYPE_CHECKING:
    from core.contracts.examination import Examination
    from core.settings import CoreSettings

_SQLITE = "sqlite:///"

NOT_LOOKED_AT = ("exact", "mark", "looks")
"""The rungs that ask the registry, as `--json` names them where there is none."""


def verify(
    files: Annotated[list[Path], typer.Argument(help="Pictures to look at.", dir_okay=False)],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a file.")] = False,
) -> None:
    """Say whether each file was made here, and how it was changed since.

    Where there is no registry, the labels inside the files are all that is looked at.

    Exit codes: 0 all are files of this Easel as they were posted, 1 at least one is not, 2 no such
    file.
    """
    from bot import wording
    from core.settings import CoreSettings

    terminal = Terminal(as_json=as_json)
    are_unchanged = True
    with terminal.guarded():
        settings = CoreSettings()
        has_registry = _has_registry(settings)
        look = _by_ladder(settings) if has_registry else _by_label(settings)
        missing = () if has_registry else NOT_LOOKED_AT
        for file in files:
            found = look(_read(file))
            are_unchanged = are_unchanged and found.is_unchanged
            finding = wording.finding_of(found)
            terminal.emit(
                "verified",
                path=str(file),
                is_made_here=found.is_made_here,
                is_unchanged=found.is_unchanged,
                found=finding.found,
                does_not_mean=finding.does_not_mean,
                not_looked_at=missing,
                examination=found.model_dump(mode="json", exclude_none=True),
            )
            terminal.result(f"{file}: {finding.found} {finding.does_not_mean}")
        if not has_registry:
            terminal.say(wording.NO_REGISTRY)
    raise typer.Exit(Exit.OK if are_unchanged else Exit.FAULT)


def _has_registry(settings: "CoreSettings") -> bool:
    """Tell whether this host has a record to ask; a file is never made by asking."""
    url = settings.resolved_database_url
    return not url.startswith(_SQLITE) or Path(url.removeprefix(_SQLITE)).is_file()


def _by_ladder(settings: "CoreSettings") -> Callable[[bytes], "Examination"]:
    from bot.examiner import build_ladder
    from core.storage import Store

    return build_ladder(settings, Store(settings.resolved_database_url)).examine


def _by_label(settings: "CoreSettings") -> Callable[[bytes], "Examination"]:
    from bot.usecases.verify_labels import by_label
    from core.provenance.keys import load_anchors

    anchors = load_anchors(settings.resolved_keys_dir, settings.tsa_roots)
    return lambda data: by_label(anchors, data)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UserError("file_unreadable", value=str(file), reason=error.strerror) from error
