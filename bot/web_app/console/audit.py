"""Show the record of what was done: ids and codes as they stand in it, never a name or a prompt."""

from collections.abc import Sequence
from functools import partial
from tempfile import SpooledTemporaryFile
from typing import IO, Annotated

from anyio import to_thread
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from bot import wording
from bot.usecases import auditing
from bot.web_app.console.door import ConsoleAdmin, ConsoleViewer, Visitor
from bot.web_app.console.parts import Console, TheConsole
from bot.web_app.streaming import OnceSent
from core.contracts.ids import JobId, MemberId
from core.contracts.records import AuditRow, ChainReport

private = APIRouter()

PAGE = 50

_SPOOLED = 4 * 1024 * 1024
"""Bytes of an export that are held in memory; the rest waits in a file without a name."""


class Asked(BaseModel):
    """Which rows are asked for; an empty field means all."""

    kind: str = Field(default="", max_length=60)
    member: str = Field(default="", max_length=120)
    job: str = Field(default="", max_length=60)
    before: int | None = Field(default=None, ge=1, lt=2**63)


@private.get("/audit")
async def audit(
    request: Request, console: TheConsole, visitor: ConsoleViewer, asked: Annotated[Asked, Query()]
) -> Response:
    """Show a page of the record, the newest first."""
    return await _page(request, console, visitor, asked)


@private.post("/audit/verify")
async def verify(request: Request, console: TheConsole, visitor: ConsoleViewer) -> Response:
    """Hold the whole record to its chain."""
    report = await to_thread.run_sync(_checked, console)
    return await _page(request, console, visitor, Asked(), report)


@private.post("/audit/export")
async def export(console: TheConsole, visitor: ConsoleAdmin) -> Response:
    """Hand out the community's record as lines of JSON; that it was is itself recorded."""
    spooled = await to_thread.run_sync(_exported, console, visitor)
    return OnceSent(
        spooled,
        media_type="application/x-ndjson",
        headers={"Content-Disposition": 'attachment; filename="easel-audit.ndjson"'},
    )


async def _page(
    request: Request,
    console: Console,
    visitor: Visitor,
    asked: Asked,
    report: ChainReport | None = None,
) -> Response:
    rows, next_no = await to_thread.run_sync(partial(_rows, console, asked))
    return console.frame.page(
        request,
        visitor,
        "audit.html",
        asked=asked,
        rows=rows,
        next_no=next_no,
        report=report,
        told=wording.chain_report(report).splitlines() if report else [],
    )


def _rows(console: Console, asked: Asked) -> tuple[Sequence[AuditRow], int | None]:
    """Read a page, and after which row the next one begins."""
    with console.services.store.reading() as unit:
        rows = unit.audit.page(
            console.community_id,
            kind=asked.kind.strip() or None,
            member_id=MemberId(asked.member.strip()) or None,
            job_id=JobId(asked.job.strip()) or None,
            before_no=asked.before,
            limit=PAGE + 1,
        )
    shown = rows[:PAGE]
    return shown, shown[-1].audit_no if len(rows) > PAGE else None


def _checked(console: Console) -> ChainReport:
    with console.services.store.reading() as unit:
        return unit.audit.check()


def _exported(console: Console, visitor: Visitor) -> IO[bytes]:
    """Write the record out in one thread, as one moment of it, before the first byte is sent."""
    lines = auditing.export(console.services, visitor.actor, community_id=console.community_id)
    spooled = SpooledTemporaryFile[bytes](max_size=_SPOOLED)
    try:
        for line in lines:
            spooled.write(line.encode() + b"\n")
        spooled.seek(0)
    except BaseException:
        spooled.close()
        raise
    return spooled
