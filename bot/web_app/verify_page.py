"""Answer “Was this made here?” to anybody: a public page without sign-in that keeps no file.

It works as a plain form; a script adds dropping and pasting. What the same address answers to a
program is JSON, by its `Accept` header. Whoever may know more than anybody asks in the chat.
"""

from collections.abc import AsyncGenerator, Mapping
from http import HTTPStatus
from typing import Annotated, Any, NamedTuple

import anyio
import structlog
from anyio import to_thread
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from bot import wording
from bot.replies import Reply
from bot.usecases import verify
from bot.usecases.uploads import clean_name
from bot.web_app.addresses import address_of
from bot.web_app.context import TheWeb, Web
from bot.web_app.security import MAX_ASKED_BYTES, MAX_BODY_BYTES, read_body
from core.contracts.examination import Examination
from core.errors import AppError, NotFound, Unavailable, UserError

log = structlog.get_logger()

router = APIRouter()

FILE_MAX_BYTES = MAX_ASKED_BYTES - MAX_BODY_BYTES

ARRIVES_WITHIN_S = 60
"""20 MB over a slow phone; whoever sends a byte now and then holds a place no longer."""

DRAINED_BYTES = 3 * MAX_ASKED_BYTES
"""Read and dropped at most of a file that is refused, for the sake of the answer."""

_STATUSES = {
    "verify_too_often": HTTPStatus.TOO_MANY_REQUESTS,
    "verify_too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "verify_too_slow": HTTPStatus.REQUEST_TIMEOUT,
}

_UNREAD = frozenset({"verify_too_often", "verify_busy", "verify_too_large"})
"""Refusals at which more of the file may be on its way."""


class _Answer(NamedTuple):
    """One answer, for people and for programs."""

    reply: Reply
    facts: Mapping[str, Any]  # Any: what JSON takes.
    status: int = HTTPStatus.OK
    headers: Mapping[str, str] | None = None
    is_record: bool = False


class _InMemory(MultiPartParser):
    """Keeps what arrives in memory: no file is written, not even for a moment."""

    spool_max_size = MAX_ASKED_BYTES


@router.get("/verify")
async def page(
    request: Request, web: TheWeb, verify_id: Annotated[str, Query(alias="id", max_length=100)] = ""
) -> Response:
    """Show the page; the form with a verify id leads to its record."""
    word = verify_id.strip().lower()
    if not word:
        return _answered(request, web, None)
    # Slashes would lead elsewhere: only what could be an id becomes a part of an address.
    if not word.isalnum() or not word.isascii():
        return _answered(request, web, _refusal(UserError("verify_id_invalid", value=word[:40])))
    return RedirectResponse(f"/verify/{word}", status_code=303)


@router.get("/verify/{verify_id}")
async def record(request: Request, web: TheWeb, verify_id: str) -> Response:
    """Say what is on record under a verify id: no member, no request, no prompt."""
    try:
        await to_thread.run_sync(web.services.examiner.admit, _place(request))
        found = await to_thread.run_sync(verify.look_up, web.services, verify_id)
    except AppError as error:
        return _answered(request, web, _refusal(error))
    facts = {"record": found.model_dump(mode="json")}
    return _answered(request, web, _Answer(wording.recorded(found), facts, is_record=True))


@router.post("/verify")
async def ask(request: Request, web: TheWeb) -> Response:
    """Look at a file, whoever brings it; how often is counted before the file is read."""
    examiner = web.services.examiner
    try:
        await to_thread.run_sync(examiner.admit, _place(request))
        with examiner.place():
            data, name = await _file(request)
            examination = await to_thread.run_sync(examiner.examine, data)
    except AppError as error:
        if error.code in _UNREAD:
            await _drain(request)
        return _answered(request, web, _refusal(error))
    log.info("file_examined", rung=examination.rung.value, size_bytes=examination.size_bytes)
    reply = wording.examined(examination, name)
    return _answered(request, web, _Answer(reply, _told(examination)))


def _place(request: Request) -> str:
    return f"address {address_of(request)}"


async def _file(request: Request) -> tuple[bytes, str]:
    """Read the posted file, as far as it is small enough and comes quickly enough.

    Raises:
        UserError: `verify_too_large`, `verify_too_slow` or `verify_no_file`.
    """
    allowed = f"{FILE_MAX_BYTES // 1_000_000} MB"
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > MAX_ASKED_BYTES:
        raise UserError("verify_too_large", allowed=allowed)
    try:
        with anyio.fail_after(ARRIVES_WITHIN_S):
            body = await read_body(request.receive, MAX_ASKED_BYTES)
    except TimeoutError as error:
        raise UserError("verify_too_slow") from error
    if body is None:
        raise UserError("verify_too_large", allowed=allowed)
    data, name = await _part(request.headers, body)
    if not data:
        raise UserError("verify_no_file")
    return data, clean_name(name)


async def _part(headers: Headers, body: bytes) -> tuple[bytes, str]:
    """Take the file out of what a form sent; without a byte: it is no form, or has none."""

    async def whole() -> AsyncGenerator[bytes]:
        yield body
        yield b""

    if not headers.get("content-type", "").startswith("multipart/form-data"):
        return b"", ""
    try:
        form = await _InMemory(headers, whole(), max_files=1, max_fields=2).parse()
    except (MultiPartException, KeyError):  # KeyError: a form without its boundary.
        return b"", ""
    file = form.get("file")
    found = (await file.read(), file.filename or "") if isinstance(file, UploadFile) else (b"", "")
    await form.close()
    return found


async def _drain(request: Request) -> None:
    """Read on a while, and drop it: only then does a browser show why nothing was taken."""
    dropped = 0
    with anyio.move_on_after(ARRIVES_WITHIN_S):
        while dropped < DRAINED_BYTES:
            message = await request.receive()
            dropped += len(message.get("body", b""))
            if message["type"] == "http.disconnect" or not message.get("more_body", False):
                return


def _refusal(error: AppError) -> _Answer:
    """Say what stands in the way of an answer."""
    reply = wording.error(error)
    status = _STATUSES.get(error.code, HTTPStatus.BAD_REQUEST)
    if isinstance(error, NotFound):
        status = HTTPStatus.NOT_FOUND
    if isinstance(error, Unavailable):
        status = HTTPStatus.SERVICE_UNAVAILABLE
    retry_s = error.facts.get("retry_s")
    facts = {"error": {"code": error.code, "title": reply.title, "text": " ".join(reply.lines)}}
    return _Answer(reply, facts, status, {"Retry-After": str(retry_s)} if retry_s else None)


def _told(examination: Examination) -> Mapping[str, Any]:  # Any: what JSON takes.
    finding = wording.finding_of(examination)
    return {
        "is_made_here": examination.is_made_here,
        "is_unchanged": examination.is_unchanged,
        "title": finding.title,
        "found": finding.found,
        "does_not_mean": finding.does_not_mean,
        "examination": examination.model_dump(mode="json", exclude_none=True),
    }


def _answered(request: Request, web: Web, answer: _Answer | None) -> Response:
    """Answer in what was asked for: a page, its part for the page's own script, or JSON."""
    status, headers = (answer.status, answer.headers) if answer else (HTTPStatus.OK, None)
    if _wants_json(request):
        return JSONResponse(dict(answer.facts) if answer else {}, status, headers)
    is_part = "hx-request" in request.headers
    html = web.renderer.whole(
        "verify_result.html" if is_part else "verify.html",
        reply=answer.reply if answer else None,
        is_record=answer.is_record if answer else False,
        max_bytes=FILE_MAX_BYTES,
    )
    return HTMLResponse(html, status, headers)


def _wants_json(request: Request) -> bool:
    accepted = request.headers.get("accept", "")
    return "application/json" in accepted and "text/html" not in accepted
