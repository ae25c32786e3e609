"""Keep the page's promises to the browser: what it may load, who may post, how much.

Three plain ASGI layers, so that streams pass through unbuffered: the headers every answer
carries, the hosts this app answers to, and the checks on what is posted.
"""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    # Not `no-referrer`: browsers then send `Origin: null` with a plain form's POST.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}

MAX_BODY_BYTES = 64 * 1024
"""The longest prompt (6,000 characters) in form encoding is 54 kB when each one is 3 bytes."""

MAX_UPLOAD_BYTES = 12 * 1024 * 1024
"""A picture of the largest size that is taken (10 MB), and the form around it."""

_UPLOADS = re.compile(r"/uploads|/jobs/[^/]+(/\d+)?/vary_region")
"""Where pictures are posted to."""

MAX_ASKED_BYTES = 20_000_000 + MAX_BODY_BYTES
"""A file of the largest size that labels are read from, and the form around it."""

_ASKED = re.compile(r"(/moderators)?/say/verify")
"""Where a member's file is posted to that is only looked at."""

PUBLIC = "/verify"
"""Where anybody's file is posted to: in nobody's name, and bounded by the page itself, which says
in a sentence what is wrong where this layer has a word."""

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class SecurityHeaders:
    """Put the same strict headers on every answer; nothing is cached unless a route says so."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and add to its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, send_with_headers)


class KnownHosts:
    """Answer to known names only: a foreign name that points here is DNS rebinding."""

    def __init__(self, app: ASGIApp, hosts: Iterable[str]) -> None:
        self._app = app
        self._hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what asks for a known name."""
        if scope["type"] == "http" and self._hosts:
            host = urlsplit(f"//{Headers(scope=scope).get('host', '')}").hostname or ""
            if host not in self._hosts:
                await PlainTextResponse("Unknown host.", 421)(scope, receive, send)
                return
        await self._app(scope, receive, send)


class SameOriginPosts:
    """Refuse what another site posts in a visitor's name, and what is too long to be a command."""

    def __init__(self, app: ASGIApp, max_body_bytes: int = MAX_BODY_BYTES) -> None:
        self._app = app
        self._max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what may be posted here."""
        if scope["type"] != "http" or scope["method"] in _SAFE_METHODS:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        is_public = scope["path"] == PUBLIC
        if not is_same_origin(headers) and not (is_public and is_no_browser(headers)):
            await PlainTextResponse("Posted from another site.", 403)(scope, receive, send)
            return
        if is_public:
            await self._app(scope, receive, send)
            return
        body = await read_body(receive, self._limit(scope["path"]))
        if body is None:
            await PlainTextResponse("Too long.", 413)(scope, receive, send)
            return
        await self._app(scope, replay(body, receive), send)

    def _limit(self, path: str) -> int:
        if _ASKED.fullmatch(path):
            return MAX_ASKED_BYTES
        return MAX_UPLOAD_BYTES if _UPLOADS.fullmatch(path) else self._max_body_bytes


def is_no_browser(headers: Headers) -> bool:
    """Tell whether a program posts, in nobody's name: browsers always say where they come from."""
    return "origin" not in headers and "sec-fetch-site" not in headers


def is_same_origin(headers: Headers) -> bool:
    """Tell whether a post comes from this app's own page.

    Every browser since 2020 sends `Origin` with a POST; a client that sends none is refused too.
    The scheme is not compared: a proxy in front may have ended TLS.
    """
    if headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return False
    origin = urlsplit(headers.get("origin", ""))
    return origin.scheme in {"http", "https"} and origin.netloc == headers.get("host")


async def read_body(receive: Receive, limit: int) -> bytes | None:
    """Read a whole posted body; None as soon as it is longer than the limit."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return bytes(body)
        body += message.get("body", b"")
        if len(body) > limit:
            return None
        if not message.get("more_body", False):
            return bytes(body)


def replay(body: bytes, receive: Receive) -> Receive:
    """Give the body that was read to the app, then the connection's later messages."""
    is_given = False

    async def once_more() -> Message:
        nonlocal is_given
        if is_given:
            return await receive()
        is_given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return once_more
