"""`easel imagine`: ask for pictures once, see them come, and keep them as files."""

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.terminal import Terminal

CONTEXT = {"ignore_unknown_options": True}
"""What `easel` does not know is a flag of the request; the grammar judges it."""

DEFAULT_TIMEOUT_S = 600.0
"""A slow machine draws a large model's picture in minutes; this is for when nobody draws."""


def imagine(
    request: Annotated[
        list[str], typer.Argument(help="What to draw, with the flags of /imagine: --seed 7, --ar.")
    ],
    *,
    out: Annotated[
        Path | None, typer.Option(help="File to write; further pictures get -2, -3 …")
    ] = None,
    timeout: Annotated[
        float, typer.Option(help="Give up after this many seconds.", min=1)
    ] = DEFAULT_TIMEOUT_S,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Only the result.")] = False,
) -> None:
    """Draw one request and write the pictures.

    Exit codes: 0 drawn; 2 not a request, the message says what to change; 3 refused, held or
    withheld by the policy; 4 failed or took too long.
    """
    from bot.bootstrap import build_services
    from bot.cli.drawing import Drawing
    from bot.cli.files import write_pictures
    from bot.cli.join import joined_stack
    from bot.usecases.imagine import read_request
    from core.catalog import load_catalog
    from core.settings import CoreSettings

    if out is not None and not out.resolve().parent.is_dir():
        raise typer.BadParameter(f"there is no folder {out.resolve().parent}", param_hint="--out")
    terminal = Terminal(as_json=as_json, quiet=quiet)
    text = " ".join(request)
    with terminal.guarded():
        # A slip is told at once, before anything is started for it.
        read_request(load_catalog(*CoreSettings().models), text)
        with joined_stack(terminal) as joined, build_services(joined.settings) as services:
            drawing = Drawing(services, terminal, timeout, joined.begin)
            reply = drawing.draw(text)
            if reply.pictures:
                write_pictures(services, reply, out, terminal)
            else:
                terminal.card(reply)
            raise typer.Exit(drawing.exit_code)
