"""Answer the console's errors: a sentence, the right status, and never a page of the chat."""

from http import HTTPStatus
from urllib.parse import urlencode

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from bot import wording
from bot.web_app.console.frame import HOME, Frame
from core.errors import AppError, NotFound, Unavailable

_STATUS = {
    "console_signed_out": HTTPStatus.UNAUTHORIZED,
    "not_permitted": HTTPStatus.FORBIDDEN,
    "console_form_stale": HTTPStatus.FORBIDDEN,
    "console_no_role": HTTPStatus.FORBIDDEN,
    "console_too_many_tries": HTTPStatus.TOO_MANY_REQUESTS,
    "policy_not_permitted": HTTPStatus.FORBIDDEN,
    "policy_second_person": HTTPStatus.CONFLICT,
    "policy_in_force": HTTPStatus.CONFLICT,
    "policy_moved_on": HTTPStatus.CONFLICT,
    "sanction_own": HTTPStatus.FORBIDDEN,
    "sanction_rank": HTTPStatus.FORBIDDEN,
    "sanction_over": HTTPStatus.CONFLICT,
    "sanction_second_same": HTTPStatus.CONFLICT,
    "review_not_permitted": HTTPStatus.FORBIDDEN,
    "review_own": HTTPStatus.FORBIDDEN,
    "review_escalated": HTTPStatus.FORBIDDEN,
    "review_claimed": HTTPStatus.CONFLICT,
    "review_decided": HTTPStatus.CONFLICT,
    "review_second_same": HTTPStatus.CONFLICT,
    "review_undo_late": HTTPStatus.CONFLICT,
}
"""Codes whose status is not told by their class."""

SIGN_IN = f"{HOME}/sign-in"


def is_console(request: Request) -> bool:
    """Tell whether a request was for the console."""
    path = request.url.path
    return path == HOME or path.startswith(f"{HOME}/")


def status_of(error: AppError) -> int:
    """Say an error's status."""
    if error.code in _STATUS:
        return _STATUS[error.code]
    if isinstance(error, NotFound):
        return HTTPStatus.NOT_FOUND
    if isinstance(error, Unavailable):
        return HTTPStatus.SERVICE_UNAVAILABLE
    is_bug = error.code == "internal_error"
    return HTTPStatus.INTERNAL_SERVER_ERROR if is_bug else HTTPStatus.BAD_REQUEST


def answer(request: Request, frame: Frame, error: AppError) -> Response:
    """Say an error, or lead who is signed out to the door and from there back here."""
    if error.code == "console_signed_out" and request.method == "GET":
        return _to_the_door(request)
    response = frame.fault(request, wording.error(error), status_of(error))
    if error.code == "console_too_many_tries":
        response.headers["Retry-After"] = str(error.facts["retry_s"])
    return response


def _to_the_door(request: Request) -> Response:
    if "hx-request" in request.headers:  # A part of a page: the page as a whole goes there.
        return Response(status_code=401, headers={"HX-Redirect": SIGN_IN})
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    to = SIGN_IN if wanted == HOME else f"{SIGN_IN}?{urlencode({'next': wanted})}"
    return RedirectResponse(to, status_code=303)
