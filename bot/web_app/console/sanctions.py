"""Show who was sanctioned, and give and take back sanctions by the same use cases as the chat."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Form, Query, Request, Response

from bot.replies import Reply
from bot.usecases import sanctions as use_case
from bot.usecases.members import find_member
from bot.usecases.policy_desk import may, require
from bot.web_app.console.door import ConsoleViewer, Visitor
from bot.web_app.console.frame import HOME
from bot.web_app.console.notes import said
from bot.web_app.console.parts import Console, TheConsole
from bot.wording.sanctions import KINDS, next_step
from core.contracts.ids import MemberId
from core.contracts.sanctions import Sanction, SanctionId
from core.errors import NotFound, UserError
from moderation.sanctions import breaker_open_until, weight_of_strikes

private = APIRouter()

SANCTIONS = f"{HOME}/sanctions"

PAGE = 50

Field = Annotated[str, Form(max_length=1000)]


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of the community's sanctions, the newest first."""

    rows: Sequence[Sanction]
    names: dict[MemberId, str]
    next: str
    """The cursor of the next page; empty: this is the last."""
    is_live_only: bool
    rests_until: datetime | None
    now: datetime
    may_ban: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """How one member stands."""

    member_id: MemberId
    name: str
    rows: Sequence[Sanction]
    weight: float
    next_step: str | None
    rests_until: datetime | None
    now: datetime
    may_ban: bool


@private.get("/sanctions")
async def sanctions(
    request: Request,
    console: TheConsole,
    visitor: ConsoleViewer,
    *,
    show: Annotated[str, Query(max_length=10)] = "live",
    before: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """List what is live, or everything."""
    work = partial(_listed, console, visitor, is_live_only=show != "all", before=before)
    listed = await to_thread.run_sync(work)
    return console.frame.page(
        request, visitor, "sanctions.html", listed=listed, kinds=KINDS, words=use_case.WORDS
    )


@private.post("/sanctions/find")
async def find(
    request: Request, console: TheConsole, visitor: ConsoleViewer, member: Field = ""
) -> Response:
    """Lead to a member's standing, by name or id; a name comes by a form and stays out of logs."""
    found = await to_thread.run_sync(_found, console, visitor, member)
    return console.frame.back(request, f"{SANCTIONS}/members/{found}")


@private.get("/sanctions/members/{member_id}")
async def member(
    request: Request, console: TheConsole, visitor: ConsoleViewer, member_id: MemberId
) -> Response:
    """Show all that a member ever had, and what comes next."""
    standing = await to_thread.run_sync(_standing, console, visitor, member_id)
    return console.frame.page(
        request,
        visitor,
        "sanctions_member.html",
        standing=standing,
        kinds=KINDS,
        words=use_case.WORDS,
    )


@private.post("/sanctions/give")
async def give(  # noqa: PLR0913 - a form's fields.
    request: Request,
    console: TheConsole,
    visitor: ConsoleViewer,
    *,
    member: Field = "",
    kind: Field = "",
    hours: Field = "",
    reason: Field = "",
) -> Response:
    """Give a member something, and lead to where they stand then."""
    work = partial(_give, console, visitor, member, kind, hours, reason)
    reply, member_id = await to_thread.run_sync(work)
    return console.frame.back(request, f"{SANCTIONS}/members/{member_id}", said(reply))


@private.post("/sanctions/{sanction_id}/pardon")
async def pardon(
    request: Request,
    console: TheConsole,
    visitor: ConsoleViewer,
    sanction_id: SanctionId,
    reason: Field = "",
) -> Response:
    """Take one back, or ask for a second person where it is a ban."""
    work = partial(_pardon, console, visitor, sanction_id, reason)
    reply, member_id = await to_thread.run_sync(work)
    return console.frame.back(request, f"{SANCTIONS}/members/{member_id}", said(reply))


def _listed(console: Console, visitor: Visitor, *, is_live_only: bool, before: str) -> Listed:
    services, community_id = console.services, console.community_id
    require(services, visitor.actor, "sanction")
    policy, now = use_case.policy_of(services, visitor.actor), services.clock()
    with services.store.reading() as unit:
        rows = unit.sanctions.recent(
            community_id,
            live_at=now if is_live_only else None,
            limit=PAGE + 1,
            before=_cursor_of(before),
        )
        names = {each.member_id: each.display_name for each in unit.members.recent(community_id)}
        rests_until = breaker_open_until(unit, community_id, policy, now)
    shown = rows[:PAGE]
    return Listed(
        rows=shown,
        names=names,
        next=f"{shown[-1].at.isoformat()}~{shown[-1].sanction_id}" if len(rows) > PAGE else "",
        is_live_only=is_live_only,
        rests_until=rests_until,
        now=now,
        may_ban=may(services, visitor.actor, "ban"),
    )


def _standing(console: Console, visitor: Visitor, member_id: MemberId) -> Standing:
    services, community_id = console.services, console.community_id
    require(services, visitor.actor, "sanction")
    policy, now = use_case.policy_of(services, visitor.actor), services.clock()
    with services.store.reading() as unit:
        member = unit.members.get(community_id, member_id)
        rows = unit.sanctions.of_member(community_id, member_id)
        rests_until = breaker_open_until(unit, community_id, policy, now)
    if member is None and not rows:
        raise NotFound("member_not_found", value=member_id[:60])
    weight = weight_of_strikes([each for each in rows if each.is_live(now)])
    return Standing(
        member_id=member_id,
        name=member.display_name if member else str(member_id),
        rows=rows,
        weight=weight,
        next_step=next_step(policy.sanctions.step_above(weight)),
        rests_until=rests_until,
        now=now,
        may_ban=may(services, visitor.actor, "ban"),
    )


def _found(console: Console, visitor: Visitor, name: str) -> MemberId:
    require(console.services, visitor.actor, "sanction")
    if not name.strip():
        raise UserError("sanction_member_missing")
    with console.services.store.reading() as unit:
        return find_member(unit, console.community_id, name).member_id


def _give(
    console: Console, visitor: Visitor, member: str, kind: str, hours: str, reason: str
) -> tuple[Reply, MemberId]:
    asked = use_case.asked_in_form(member, kind, hours, reason)
    reply = use_case.sanction(console.services, visitor.actor, asked)
    return reply, _found(console, visitor, member)


def _pardon(
    console: Console, visitor: Visitor, sanction_id: SanctionId, reason: str
) -> tuple[Reply, MemberId]:
    services, community_id = console.services, console.community_id
    reply = use_case.pardon(services, visitor.actor, sanction_id, " ".join(reason.split()))
    with services.store.reading() as unit:
        return reply, unit.sanctions.read(sanction_id, community_id=community_id).member_id


def _cursor_of(before: str) -> tuple[datetime, SanctionId] | None:
    """Read where a page goes on; what nobody could have been given begins at the top."""
    at, _, sanction_id = before.partition("~")
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return None
    return (moment, SanctionId(sanction_id)) if moment.tzinfo else None
