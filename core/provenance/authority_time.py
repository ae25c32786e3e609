"""Have an independent authority vouch for the time of signing (RFC 3161), within a time limit.

One `TimeAuthority` is asked in two ways:
    lend   while the C2PA library signs: the token lies in the file
    stamp  afterwards, over the hash of a file that left without: the token lies in the registry

The library would ask an authority by itself, but without a limit, and whoever answers. So it is
told to ask a door on the loopback, which is there for this one signature, passes the question on,
and answers only with what was given in time by somebody whom we believe.
"""

import contextlib
import os
import queue
import secrets
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.client import HTTPException, HTTPMessage, HTTPResponse
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingTCPServer
from typing import IO, ClassVar

import structlog
from cryptography import x509

from core.contracts.base import utc_now
from core.errors import UserError
from core.provenance.time_token import TimeStamp, TokenInvalid, checked_answer, request_of
from core.settings import CoreSettings
from core.telemetry import TIME_STAMPS

log = structlog.get_logger()

REST_S = 30.0
"""After a failure nobody is asked for so long: four pictures of a job would wait four times."""

CLOCK_SKEW = timedelta(minutes=5)
"""An authority whose clock is further from ours is no witness: C2PA would call the file invalid."""

MAX_BYTES = 65_536
"""Of an answer and of a question: tokens with their chain have 1 to 8 KB."""

_POLL_S = 0.005
"""How soon the door closes once the file is signed."""


class TimeStampFailed(Exception):
    """Say why there is no time stamp.

    `timeout`, `unreachable`, `status` (not 200), `answer` (no token in it), `untrusted` (not under
    our roots), `other_hash` (an old answer, or one to somebody else), `clock` or `resting`.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Ask only where the operator said."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> None:
        """Follow nothing: the answer is then an error's."""


@dataclass(slots=True)
class _Relay:
    """A door for one signature: where the library asks, and what became of it."""

    url: str
    was_asked: bool = False
    failure: str | None = None


@dataclass
class TimeAuthority:
    """One authority, and whom to believe that it is. Safe between threads and after a fork."""

    url: str
    roots_pem: str
    timeout_s: float = 2.0
    roots: tuple[x509.Certificate, ...] = field(init=False, repr=False)
    _rests_until: float = field(init=False, default=0.0)
    _client_pid: ClassVar[int | None] = None
    """The process in which the library first asked; it keeps one client for all."""

    def __post_init__(self) -> None:
        """Read the roots.

        Raises:
            UserError: `time_authority_unusable`.
        """
        if not self.url.startswith(("http://", "https://")):
            raise UserError("time_authority_unusable", reason="url")
        self.roots = _roots(self.roots_pem)

    def stamp(self, sha256: str) -> TimeStamp:
        """Have the authority vouch now for a hash.

        Raises:
            TimeStampFailed: see there; nobody is asked again for a while.
        """
        if self.is_resting:
            raise TimeStampFailed("resting")
        nonce = secrets.randbits(63)
        try:
            answer = self._ask(request_of(bytes.fromhex(sha256), nonce))
            return self._checked(answer, bytes.fromhex(sha256), nonce)
        except TimeStampFailed as error:
            self.rest(error.reason)
            raise

    @property
    def is_resting(self) -> bool:
        """Tell whether it failed a moment ago."""
        return time.monotonic() < self._rests_until

    def rest(self, reason: str) -> None:
        """Leave the authority alone for a while, and say so once."""
        self._rests_until = time.monotonic() + REST_S
        _miss(reason)

    def lend(self, sign: Callable[[str], bytes], allowance_s: float) -> bytes | None:
        """Let something sign that asks for its time at the address it is given.

        Args:
            sign: What signs; whatever it raises means that there is no stamp.
            allowance_s: What signing itself may take, beside the authority's limit.

        Returns:
            The signed file; None where there was no stamp in time, which is noted.
        """
        if self.is_resting:
            return None
        if TimeAuthority._client_pid not in {None, os.getpid()}:
            # The library's own client of HTTP did not come along, and would wait for 30 s.
            _miss("forked")
            return None
        TimeAuthority._client_pid = os.getpid()
        with _door(self) as relay:
            try:
                signed = _within(self.timeout_s + allowance_s, lambda: sign(relay.url))
            except Exception:  # noqa: BLE001 - signed without a stamp, it is raised once more.
                self._note(relay)
                return None
        TIME_STAMPS.labels(result="stamped").inc()
        return signed

    def _note(self, relay: "_Relay") -> None:
        if relay.was_asked:
            # Answered well, it must have been an old answer: the library knows its number.
            self.rest(relay.failure or "other_hash")
        else:
            _miss("not_asked")

    def answer(self, question: bytes) -> bytes:
        """Pass the library's question on, and check what comes back.

        Raises:
            TimeStampFailed: see there.
        """
        answer = self._ask(question)
        self._checked(answer, question)
        return answer

    def _checked(self, answer: bytes, question: bytes, nonce: int | None = None) -> TimeStamp:
        """Check an answer to a question, or to a hash: each holds the hash that it is about."""
        try:
            stamp = checked_answer(answer, self.roots, nonce)
        except TokenInvalid as error:
            raise TimeStampFailed(error.reason) from error
        if stamp.digest not in question:
            raise TimeStampFailed("other_hash")
        if abs(stamp.at - utc_now()) > CLOCK_SKEW:
            raise TimeStampFailed("clock")
        return stamp

    def _ask(self, question: bytes) -> bytes:
        try:
            return _within(self.timeout_s, lambda: _post(self.url, question, self.timeout_s))
        except TimeoutError as error:
            raise TimeStampFailed("timeout") from error


def load_time_authority(settings: CoreSettings) -> TimeAuthority | None:
    """Set up the authority that the settings name; None where they name none.

    Raises:
        UserError: `time_authority_unusable`: its reason is `url`, `roots_missing` (a stamp that
            nobody can check is worth nothing) or `roots_unreadable`.
    """
    if not settings.tsa_url:
        return None
    if settings.tsa_roots is None:
        raise UserError("time_authority_unusable", reason="roots_missing")
    return TimeAuthority(settings.tsa_url, read_roots(settings.tsa_roots), settings.tsa_timeout_s)


def read_roots(path: Path) -> str:
    """Read the certificates that time stamps must end in.

    Raises:
        UserError: `time_authority_unusable`.
    """
    try:
        pem = path.read_text("ascii")
    except (OSError, ValueError) as error:
        raise UserError("time_authority_unusable", reason="roots_unreadable") from error
    _roots(pem)
    return pem


def roots_in(path: Path | None) -> tuple[x509.Certificate, ...]:
    """Read the certificates that kept time stamps must end in; none where there is no file.

    Raises:
        UserError: `time_authority_unusable`.
    """
    return () if path is None else _roots(read_roots(path))


def _roots(pem: str) -> tuple[x509.Certificate, ...]:
    try:
        return tuple(x509.load_pem_x509_certificates(pem.encode()))
    except ValueError as error:
        raise UserError("time_authority_unusable", reason="roots_unreadable") from error


def _within(limit_s: float, action: Callable[[], bytes]) -> bytes:
    """Do something on a thread, and leave it behind when it takes longer.

    Nothing else ends a slow look-up of a name, or a library that waits.
    """
    outcome: queue.SimpleQueue[bytes | Exception] = queue.SimpleQueue()

    def act() -> None:
        try:
            outcome.put(action())
        except Exception as error:  # noqa: BLE001 - raised again below, on the thread that waits.
            outcome.put(error)

    threading.Thread(target=act, name="time-stamp", daemon=True).start()
    try:
        result = outcome.get(timeout=limit_s)
    except queue.Empty as error:
        raise TimeoutError from error
    if isinstance(result, Exception):
        raise result
    return result


def _miss(reason: str) -> None:
    TIME_STAMPS.labels(result="missed").inc()
    log.warning("time_stamp_missed", reason=reason)


def _post(url: str, question: bytes, timeout_s: float) -> bytes:
    """Ask once; what is slow here is left behind by whoever waits, and ends by itself soon."""
    ends_at = time.monotonic() + timeout_s
    request = urllib.request.Request(  # noqa: S310 - http or https: looked at when it was set.
        url, question, {"Content-Type": "application/timestamp-query"}
    )
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=timeout_s) as response:
            return _body(response, ends_at)
    except urllib.error.HTTPError as error:
        error.close()
        raise TimeStampFailed("status") from error
    except (OSError, HTTPException, ValueError) as error:
        cause = getattr(error, "reason", error)  # A URLError wraps it.
        is_late = isinstance(cause, TimeoutError)
        raise TimeStampFailed("timeout" if is_late else "unreachable") from error


def _body(response: HTTPResponse, ends_at: float) -> bytes:
    """Read an answer that may come by the drop, or never end."""
    body = b""
    while piece := response.read1(MAX_BYTES):
        body += piece
        if len(body) > MAX_BYTES:
            raise TimeStampFailed("answer")
        if time.monotonic() > ends_at:
            raise TimeoutError
    return body


class _Door(ThreadingTCPServer):
    """Listen on the loopback; a question under way is left behind when the door closes."""

    daemon_threads = True
    block_on_close = False
    path: str
    relay: _Relay
    authority: TimeAuthority


@contextlib.contextmanager
def _door(authority: TimeAuthority) -> Iterator[_Relay]:
    """Open a door; it closes with the block, whatever is still asked through it."""
    # On a path that nobody can guess: others on this machine have no business with it.
    path = f"/{secrets.token_urlsafe(16)}"
    with _Door(("127.0.0.1", 0), _Handler) as server:
        relay = _Relay(f"http://127.0.0.1:{server.server_address[1]}{path}")
        server.path, server.relay, server.authority = path, relay, authority
        threading.Thread(target=server.serve_forever, args=(_POLL_S,), daemon=True).start()
        try:
            yield relay
        finally:
            server.shutdown()


class _Handler(BaseHTTPRequestHandler):
    """Answer one question of the C2PA library."""

    server: _Door

    def do_POST(self) -> None:
        """Give a token that holds, or an error."""
        door = self.server
        size = self.headers.get("Content-Length", "")
        if self.path != door.path or not size.isdecimal() or int(size) > MAX_BYTES:
            self.send_error(404)
            return
        door.relay.was_asked = True
        try:
            answer = door.authority.answer(self.rfile.read(int(size)))
        except TimeStampFailed as error:
            door.relay.failure = error.reason
            self.send_error(502)
            return
        self.send_response(200)
        self.send_header("Content-Type", "application/timestamp-reply")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Log nothing: whoever asked says what became of it."""
