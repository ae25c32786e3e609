"""Let through who is signed in, with the role that the store has now, and whose form it is.

`guards` stand before every private route, so that no page can forget them.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from anyio import to_thread
from fastapi import Depends, Request

from bot.permissions import RANK
from bot.web_app.console.parts import Console, TheConsole
from bot.web_app.console.tokens import cookie_name, form_token, is_form_token, stored
from core.contracts.actors import Actor, Role
from core.contracts.console import ConsoleSession
from core.contracts.reviews import ModeratorSettings
from core.errors import UserError

FORM_FIELD = "form_token"
HEADER = "x-form-token"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

_SEEN_EVERY = timedelta(minutes=1)
"""A session's last request is written down once a minute: reading a page writes nothing else."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who is signed in: everything that a page needs of them."""

    session: ConsoleSession
    settings: ModeratorSettings
    form_token: str
    token_sha256: str

    @property
    def actor(self) -> Actor:
        """The person, for a use case."""
        return self.session.actor

    @property
    def is_admin(self) -> bool:
        """Tell whether to offer what only admins do; the use case decides by itself again."""
        return self.session.role is Role.ADMIN


def token_of(request: Request, console: Console) -> str:
    """Read the session's token as the browser sent it; empty: it sent none."""
    return request.cookies.get(cookie_name(is_secure=console.is_secure), "")


async def _visitor(request: Request, console: TheConsole) -> Visitor:
    visitor = await to_thread.run_sync(recognise, console, token_of(request, console))
    if visitor is None:
        raise UserError("console_signed_out")
    if not visitor.actor.is_moderator:
        raise UserError("not_permitted", value="console", allowed=[Role.MODERATOR.value])
    return visitor


def recognise(console: Console, token: str) -> Visitor | None:
    """Find who is behind a token; None: nobody, or nobody any more."""
    if not token:
        return None
    services, token_sha256 = console.services, stored(token)
    now, idle = services.clock(), idle_of(console)
    with services.store.reading() as unit:
        session = unit.console_sessions.find(console.community_id, token_sha256, idle=idle, now=now)
        if session is None:
            return None
        settings = unit.moderators.settings(session.community_id, session.member_id)
    _note_seen(console, session, now)
    return Visitor(session, settings, form_token(token), token_sha256)


def is_still_in(console: Console, visitor: Visitor) -> bool:
    """Ask again in the middle of a long answer, a stream, whether it may go on."""
    with console.services.store.reading() as unit:
        session = unit.console_sessions.find(
            console.community_id,
            visitor.token_sha256,
            idle=idle_of(console),
            now=console.services.clock(),
        )
    return session is not None and session.role is visitor.session.role


def idle_of(console: Console) -> timedelta:
    """Read how long a session may lie idle."""
    return timedelta(minutes=console.settings.idle_min)


async def _form_checked(
    request: Request, console: TheConsole, visitor: Annotated[Visitor, Depends(_visitor)]
) -> None:
    """Take a form only with its own session's token; the page's origin was checked before."""
    if request.method in _SAFE_METHODS:
        return
    given = request.headers.get(HEADER)
    if given is None:
        field = (await request.form()).get(FORM_FIELD)
        given = field if isinstance(field, str) else ""
    if not is_form_token(given, token_of(request, console)):
        raise UserError("console_form_stale", value=visitor.session.session_id)


def _note_seen(console: Console, session: ConsoleSession, now: datetime) -> None:
    if now - session.seen_at >= _SEEN_EVERY:
        with console.services.store.unit() as unit:
            unit.console_sessions.touch(session.session_id, now=now)


async def _admin(visitor: Annotated[Visitor, Depends(_visitor)]) -> Visitor:
    if RANK.index(visitor.session.role) < RANK.index(Role.ADMIN):
        raise UserError("not_permitted", value="console", allowed=[Role.ADMIN.value])
    return visitor


guards = (Depends(_visitor), Depends(_form_checked))
"""What every private route stands behind."""

ConsoleViewer = Annotated[Visitor, Depends(_visitor)]
"""Who is signed in, a moderator at least."""

ConsoleAdmin = Annotated[Visitor, Depends(_admin)]
"""Who is signed in, an admin."""
