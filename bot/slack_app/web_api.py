"""Open Slack's Web API through its library, and turn its errors into ours."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPException
from urllib.error import HTTPError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry import HttpRequest, HttpResponse, RetryHandler, RetryState

from bot.label_samples import PAUSE_AT_MOST_S
from bot.platform_settings import SlackSettings
from core.errors import AppError, Unavailable, UserError

NAME = "Slack"
TOKEN_SETTING = "EASEL_SLACK_BOT_TOKEN"  # noqa: S105 - a name.
SCOPES = "chat:write, files:read, files:write"
_TRIES = 4
_TO_SIGN_IN = range(300, 400)
"""Whoever may not read a file is sent to the page where people sign in."""

_USER_ERRORS = {
    **dict.fromkeys(
        ("account_inactive", "invalid_auth", "not_authed", "token_expired", "token_revoked"),
        "platform_token_refused",
    ),
    **dict.fromkeys(
        ("channel_not_found", "is_archived", "not_in_channel"), "platform_channel_unknown"
    ),
    **dict.fromkeys(
        ("access_denied", "missing_scope", "no_permission", "restricted_action"),
        "platform_permission_missing",
    ),
}
"""Slack's codes for what an operator can change."""
_AWAY = frozenset({"fatal_error", "internal_error", "request_timeout", "service_unavailable"})


class PatientHandler(RetryHandler):
    """Wait as long as Slack asks for, within bounds; the library's own handler knows none."""

    def __init__(self) -> None:
        super().__init__(max_retry_count=_TRIES)

    def _can_retry(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        del state, request, error
        if response is None or response.status_code != HTTPStatus.TOO_MANY_REQUESTS:
            return False
        return _pause_s(response.headers) <= PAUSE_AT_MOST_S

    def prepare_for_next_attempt(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> None:
        """Sleep for exactly what Slack says, and count."""
        del request, error
        time.sleep(_pause_s(response.headers if response else {}))
        state.next_attempt_requested = True
        state.increment_current_attempt()


def open_web_api(settings: SlackSettings) -> WebClient:
    """Take the bot's token; nothing is contacted yet.

    Raises:
        UserError: `platform_token_missing`.
    """
    token = settings.bot_token.get_secret_value()
    if not token:
        raise UserError("platform_token_missing", name=NAME, setting=TOKEN_SETTING)
    # No other handler: one that repeats after a lost connection could post a message twice.
    return WebClient(token, base_url=settings.api_url, retry_handlers=[PatientHandler()])


@contextmanager
def errors_as_ours() -> Iterator[None]:
    """Turn what the library and the network raise into errors with a sentence."""
    try:
        yield
    except SlackApiError as error:
        raise _refused(error) from error
    except HTTPError as error:  # From a file's address, not from the API.
        error.close()
        raise refused_by_status(error.code, error.headers.get("Retry-After")) from error
    except (HTTPException, OSError) as error:
        raise Unavailable("platform_away", name=NAME) from error
    except SlackClientError as error:
        raise UserError("platform_answer_unclear", name=NAME) from error


def code_of(error: SlackApiError) -> str:
    """Read Slack's own code; an answer that is not Slack's has none."""
    code = error.response.get("error")
    return code if isinstance(code, str) else ""


def refused_by_status(status: int, retry_after: str | None) -> AppError:
    """Say what an HTTP status alone means."""
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        seconds = _seconds(retry_after or "")
        return Unavailable("platform_busy", name=NAME, value=seconds)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Unavailable("platform_away", name=NAME)
    if status == HTTPStatus.FORBIDDEN or status in _TO_SIGN_IN:
        return UserError("platform_permission_missing", name=NAME, value=SCOPES)
    return UserError("platform_refused", name=NAME, value=str(status))


def _refused(error: SlackApiError) -> AppError:
    code, status = code_of(error), getattr(error.response, "status_code", HTTPStatus.OK)
    if status == HTTPStatus.TOO_MANY_REQUESTS or code == "ratelimited":
        headers = getattr(error.response, "headers", {})
        return Unavailable("platform_busy", name=NAME, value=_pause_s(headers))
    if code in _AWAY or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Unavailable("platform_away", name=NAME)
    if code in _USER_ERRORS:
        needed = str(error.response.get("needed") or SCOPES)
        return UserError(_USER_ERRORS[code], name=NAME, setting=TOKEN_SETTING, value=needed)
    # The library puts a page that is no JSON where the code should be.
    ours = "platform_refused" if code.isidentifier() else "platform_answer_unclear"
    return UserError(ours, name=NAME, value=code)


def _pause_s(headers: object) -> float:
    """Read how long Slack wants to be left alone; the library gives each header as a list."""
    pairs = headers.items() if isinstance(headers, dict) else ()
    for name, value in pairs:
        if str(name).lower() == "retry-after":
            return _seconds(value[0] if isinstance(value, list) else str(value))
    return 1.0


def _seconds(text: str) -> float:
    return float(text) if text.isascii() and text.isdigit() else 1.0
