"""`easel verify`: read the labels of files back and say what they mean."""

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.terminal import Exit, Terminal
from core.errors import UserError


def verify(
    files: Annotated[list[Path], typer.Argument(help="Pictures to look at.", dir_okay=False)],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a file.")] = False,
) -> None:
    """Say what each file's label is and whether it holds.

    Exit codes: 0 all are valid labels of this Easel, 1 at least one is not, 2 no such file.
    """
    from bot.usecases.verify import examine, verified
    from core.contracts.provenance import ProvenanceState
    from core.provenance.keys import load_anchors
    from core.settings import CoreSettings

    terminal = Terminal(as_json=as_json)
    are_valid = True
    with terminal.guarded():
        anchors = load_anchors(CoreSettings().resolved_keys_dir)
        for file in files:
            report = examine(anchors, _read(file))
            is_valid = report.state is ProvenanceState.VALID
            are_valid = are_valid and is_valid
            facts = report.model_dump(mode="json", exclude_none=True)
            terminal.emit("verified", path=str(file), is_valid=is_valid, report=facts)
            terminal.result(f"{file}: {' '.join(verified(report, file.name).lines)}")
    raise typer.Exit(Exit.OK if are_valid else Exit.FAULT)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UserError("file_unreadable", value=str(file), reason=error.strerror) from error
