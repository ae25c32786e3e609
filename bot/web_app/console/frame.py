"""Put a page into the console's frame: navigation, who is signed in, notes, the form token."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from itsdangerous import BadData, URLSafeTimedSerializer
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot import wording
from bot.replies import Reply
from bot.web_app.render import HERE, initials_of, tint_of

if TYPE_CHECKING:
    from bot.web_app.console.door import Visitor

HOME = "/console"
NOTE_COOKIE = "easel_console_note"
NOTE_MAX_AGE_S = 60
"""A note that no page showed within a minute is no longer news."""

_PLACE = re.compile(r"/console(/[\w\-]+)*(\?[\w\-.=&%+]*)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Tab:
    """One entry of the navigation."""

    path: str
    label: str


TABS = (
    Tab("/console/queue", "Queue"),
    Tab("/console/policy", "Policy"),
    Tab("/console/sanctions", "Sanctions"),
    Tab("/console/audit", "Audit"),
    Tab("/console/statistics", "Statistics"),
    Tab("/console/account", "Account"),
)
"""The navigation, in order. An entry is shown once its page is there, so that none leads nowhere;
`/console` itself leads to the first."""


@dataclass(frozen=True, slots=True)
class Note:
    """What a page says once of what was just done: a code of `wording.console`, and its facts."""

    code: str
    facts: Mapping[str, str | float]

    @classmethod
    def of(cls, code: str, **facts: str | float) -> "Note":
        """Name a note and its facts."""
        return cls(code, facts)


class Frame:
    """Own the console's templates; make pages, parts of pages and the way back after a form."""

    def __init__(
        self, secret_key: str, community_id: str, paths: frozenset[str], *, is_secure: bool
    ) -> None:
        self.tabs = tuple(tab for tab in TABS if tab.path in paths)
        self._is_secure = is_secure
        self._notes = URLSafeTimedSerializer(secret_key, salt="easel.console.note")
        self._jinja = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._jinja.globals.update(community=community_id, tabs=self.tabs)
        self._jinja.filters.update(tint=tint_of, initials=initials_of, when=when)

    def page(
        self,
        request: Request,
        visitor: "Visitor | None",
        template: str,
        *,
        status: int = 200,
        **facts: object,
    ) -> HTMLResponse:
        """Make a whole page of `templates/console/<template>`; notes that wait are shown in it."""
        cookie = request.cookies.get(NOTE_COOKIE)
        html = self._jinja.get_template(f"console/{template}").render(
            visitor=visitor,
            notes=[note] if (note := self._read(cookie)) else [],
            here=request.url.path,
            **facts,
        )
        response = HTMLResponse(html, status_code=status)
        if cookie is not None:
            response.delete_cookie(NOTE_COOKIE, path=HOME)
        return response

    def part(
        self,
        visitor: "Visitor | None",
        template: str,
        *,
        note: Note | None = None,
        status: int = 200,
        **facts: object,
    ) -> HTMLResponse:
        """Make a part of a page for htmx to swap in, with a note beside it if there is one."""
        html = self._jinja.get_template(f"console/{template}").render(visitor=visitor, **facts)
        if note is not None:
            html += self._beside(_said(note))
        return HTMLResponse(html, status_code=status)

    def fault(self, request: Request, reply: Reply, status: int) -> HTMLResponse:
        """Say an error: as a note to htmx, as a page to a browser that came here."""
        if "hx-request" in request.headers:
            html = self._jinja.get_template("console/notes.html").render(notes=[reply])
            return HTMLResponse(html, status_code=status)
        template = self._jinja.get_template("console/fault.html")
        return HTMLResponse(template.render(visitor=None, notes=[], reply=reply), status)

    def back(self, request: Request, to: str, note: Note | None = None) -> Response:
        """Lead on after a form was taken; the next page shows the note."""
        response: Response
        if "hx-request" in request.headers:
            response = Response(status_code=204, headers={"HX-Redirect": to})
        else:
            response = RedirectResponse(to, status_code=303)
        if note is not None:
            self.leave(response, note)
        return response

    def leave(self, response: Response, note: Note) -> None:
        """Leave a note for the next page, in a cookie that nobody else can write."""
        response.set_cookie(
            NOTE_COOKIE,
            str(self._notes.dumps([note.code, dict(note.facts)])),
            max_age=NOTE_MAX_AGE_S,
            path=HOME,
            httponly=True,
            secure=self._is_secure,
            samesite="lax",  # It is shown after the way back from a platform, like the session.
        )

    def _read(self, cookie: str | None) -> Reply | None:
        if not cookie:
            return None
        try:
            code, facts = self._notes.loads(cookie, max_age=NOTE_MAX_AGE_S)
        except BadData:
            return None
        return _said(Note(code, facts))

    def _beside(self, reply: Reply) -> str:
        rendered = self._jinja.get_template("console/notes.html").render(notes=[reply])
        return f'<div id="notes" hx-swap-oob="beforeend">{rendered}</div>'


def _said(note: Note) -> Reply:
    return wording.console_note(note.code, note.facts)


def when(moment: datetime) -> str:
    """Write a moment out, in UTC, which every page says."""
    return f"{moment:%d %b %Y, %H:%M} UTC"


def place(path: str | None) -> str:
    """Hold where somebody wants to go on to the console itself: an address brings it along."""
    return path if path and _PLACE.fullmatch(path) else HOME
