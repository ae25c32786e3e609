"""Hand a member's data to the member: put together when the link is opened, kept nowhere."""

import tempfile
from collections.abc import Iterator
from typing import IO

from anyio import to_thread
from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse

from bot import handover
from bot.usecases import exporting
from bot.web_app.context import TheWeb, Viewer, Web
from core.contracts.actors import Actor

router = APIRouter()

_AT_A_TIME = 256 * 1024


@router.get("/mydata/{token}")
async def download(web: TheWeb, viewer: Viewer, token: str) -> Response:
    """Serve what is kept of whoever asked for this link, and of nobody else."""
    handover.require(web.services.settings, viewer, token)
    file = await to_thread.run_sync(_packed, web, viewer)
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": 'attachment; filename="easel-data.zip"',
    }
    return StreamingResponse(_chunks(file), media_type="application/zip", headers=headers)


def _packed(web: Web, viewer: Actor) -> IO[bytes]:
    """Write the file where no name leads to it: it is gone once it is closed."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - whoever sends it closes it.
    try:
        exporting.write_zip(web.services, viewer, file)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(_AT_A_TIME):
            yield chunk
