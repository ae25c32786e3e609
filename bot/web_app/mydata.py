"""Hand a member's data to the member: put together when the link is opened, kept nowhere."""

import tempfile
from typing import IO

from anyio import to_thread
from fastapi import APIRouter, Response

from bot import handover
from bot.usecases import exporting
from bot.web_app.context import TheWeb, Viewer, Web
from bot.web_app.streaming import OnceSent
from core.contracts.actors import Actor

router = APIRouter()


@router.get("/mydata/{token}")
async def download(web: TheWeb, viewer: Viewer, token: str) -> Response:
    """Serve what is kept of whoever asked for this link, and of nobody else."""
    handover.require(web.services.settings, viewer, token)
    file = await to_thread.run_sync(_packed, web, viewer)
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": 'attachment; filename="easel-data.zip"',
    }
    return OnceSent(file, media_type="application/zip", headers=headers)


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
