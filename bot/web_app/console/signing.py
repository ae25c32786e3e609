"""Open and end sessions: each with a fresh token, each proof of who somebody is used once."""

import re
from dataclasses import dataclass
from datetime import timedelta

import structlog
from fastapi import Request, Response

from bot.web_app.console.door import Visitor, idle_of
from bot.web_app.console.parts import Console
from bot.web_app.console.tokens import cookie_name, new_token, stored
from core.contracts.actors import Role
from core.contracts.console import ConsoleSession, Provider
from core.contracts.ids import MemberId, new_id
from core.errors import UserError
from core.storage import Unit

log = structlog.get_logger()

NAME_MOST = 80
_BROWSERS = ("Firefox", "Edg", "OPR", "Chrome", "Safari")
_SYSTEMS = ("Android", "iPhone", "iPad", "Windows", "Mac OS", "CrOS", "Linux")
_SPELT = {"Edg": "Edge", "OPR": "Opera", "Mac OS": "macOS", "CrOS": "ChromeOS"}


@dataclass(frozen=True, slots=True)
class Person:
    """Who somebody proved to be."""

    member_id: MemberId
    display_name: str
    role: Role
    provider: Provider
    proof_id: str
    """What proved it, by its id: a link's, a platform's answer's."""


def sign_in(console: Console, person: Person, *, old_token: str, browser: str) -> str:
    """Open a session and return its token.

    The session that the browser had before ends. If the role is another than before, the
    person's other sessions end too: what they may do was decided anew, and nothing that was
    handed out for the old role goes on.

    Raises:
        UserError: `console_proof_used`.
    """
    token, now = new_token(), console.services.clock()
    session = ConsoleSession(
        session_id=new_id(),
        community_id=console.community_id,
        member_id=person.member_id,
        display_name=person.display_name[:NAME_MOST],
        role=person.role,
        provider=person.provider,
        browser=browser_of(browser),
        created_at=now,
        seen_at=now,
        expires_at=now + timedelta(hours=console.settings.session_h),
    )
    with console.services.store.unit() as unit:
        proof_id = f"{person.provider}:{person.proof_id}"
        opened = unit.console_sessions.open(session, token_sha256=stored(token), proof_id=proof_id)
        if not opened:
            raise UserError("console_proof_used")
        _end_old(console, unit, session, old_token)
        facts = {"provider": person.provider, "role": person.role.value}
        unit.audit.add(
            "console_signed_in",
            job_id=None,
            by=person.member_id,
            facts=facts,
            now=now,
            community_id=console.community_id,
        )
    log.info("console_signed_in", provider=person.provider, role=person.role.value)
    return token


def sign_out(console: Console, visitor: Visitor, *, everywhere: bool = False) -> None:
    """End the visitor's session, or all that they have."""
    session, now = visitor.session, console.services.clock()
    whose = (session.community_id, session.member_id)
    with console.services.store.unit() as unit:
        if everywhere:
            unit.console_sessions.end_all(*whose, now=now)
        else:
            unit.console_sessions.end(*whose, session.session_id, now=now)
        unit.audit.add(
            "console_signed_out",
            job_id=None,
            by=session.member_id,
            facts={"everywhere": everywhere},
            now=now,
            community_id=session.community_id,
        )


def remember(console: Console, response: Response, token: str) -> None:
    """Give the browser its session."""
    response.set_cookie(
        cookie_name(is_secure=console.is_secure),
        token,
        max_age=console.settings.session_h * 3600,
        path="/",
        httponly=True,
        # Strict cookies are not sent when a platform leads back here, nor when a moderator
        # follows a link from its channel. What changes anything is a POST, with a token.
        samesite="lax",
        secure=console.is_secure,
    )


def forget(console: Console, response: Response) -> None:
    """Take the session's cookie away; the session itself is ended in the store."""
    response.delete_cookie(
        cookie_name(is_secure=console.is_secure),
        path="/",
        httponly=True,
        samesite="lax",
        secure=console.is_secure,
    )


def browser_of(user_agent: str) -> str:
    """Name a browser for the list of sessions, without what would tell people apart."""
    program = next((each for each in _BROWSERS if re.search(rf"\b{each}/", user_agent)), None)
    system = next((each for each in _SYSTEMS if each in user_agent), None)
    if program is None and system is None:
        return "A browser"
    name = _SPELT.get(program or "", program or "A browser")
    return name if system is None else f"{name} on {_SPELT.get(system, system)}"


def user_agent_of(request: Request) -> str:
    """Read what the browser says it is."""
    return request.headers.get("user-agent", "")[:400]


def _end_old(console: Console, unit: Unit, session: ConsoleSession, old_token: str) -> None:
    whose, now = (session.community_id, session.member_id), session.created_at
    sessions = unit.console_sessions
    if old_token:
        found = sessions.find(
            session.community_id, stored(old_token), idle=idle_of(console), now=now
        )
        if found is not None:  # Also somebody else's: this browser is now another person's.
            sessions.end(found.community_id, found.member_id, found.session_id, now=now)
    live = sessions.of_member(*whose, idle=idle_of(console), now=now)
    if any(each.role is not session.role for each in live):
        sessions.end_all(*whose, but=session.session_id, now=now)
