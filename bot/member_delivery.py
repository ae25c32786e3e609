"""Tell members of their sanctions by themselves: what no answer and no job's notice carries.

Beside `bot.delivery`, and as it does: claimed by lease, told, then acknowledged, so that a killed
process leaves nothing untold; a `Teller` that tells the same twice shows it once. These are few, so
they are told one after another, and found by looking: no wake-up is needed.
"""

from datetime import timedelta
from typing import Protocol

import anyio
import structlog
from anyio import to_thread

from bot import wording
from bot.bootstrap import Services
from bot.delivery import LEASE_S, POLL_S, POST_TIMEOUT_S, retry_delay_s
from bot.replies import Reply
from core.contracts.actors import Platform
from core.contracts.sanctions import BARRING, SanctionNews, SanctionNotice
from core.errors import Unavailable
from core.storage import Unit

log = structlog.get_logger()

_AT_ONCE = 1
"""Taken at a time: each is told well within its lease, however slow the one before was."""


class Teller(Protocol):
    """How one front-end tells one member something, in private."""

    async def tell(self, notice: SanctionNotice, reply: Reply) -> None:
        """Tell it; called again with the same `notice.key`, it must not show it twice."""


async def tell_members_forever(
    services: Services, platform: Platform, teller: Teller, owner: str
) -> None:
    """Tell a platform's members what concerns them until cancelled.

    Args:
        services: What the front-end was started with.
        platform: Whose members.
        teller: How they are told.
        owner: A name of this process that no other one bears.
    """
    while True:
        try:
            while await tell_next(services, platform, teller, owner):
                pass
        except Unavailable as error:
            log.warning("member_delivery_waits", platform=platform.value, code=error.code)
        await anyio.sleep(POLL_S)


async def tell_next(services: Services, platform: Platform, teller: Teller, owner: str) -> bool:
    """Tell what is due first; False: nothing is."""
    notice = await to_thread.run_sync(_take, services, platform, owner)
    if notice is None:
        return False
    try:
        reply = await to_thread.run_sync(_compose, services, notice)
        if reply is not None:
            with anyio.fail_after(POST_TIMEOUT_S):
                await teller.tell(notice, reply)
    except Exception:
        log.exception("member_not_told", notice_no=notice.notice_no, news=notice.news.value)
        await to_thread.run_sync(_release, services, notice, owner)
    else:
        await to_thread.run_sync(_acknowledge, services, notice, owner)
    return True


def _take(services: Services, platform: Platform, owner: str) -> SanctionNotice | None:
    now = services.clock()
    with services.store.reading() as unit:
        if not unit.sanction_notices.is_due(platform, now=now):
            return None
    with services.store.unit() as unit:
        taken = unit.sanction_notices.claim(
            platform, owner, now=now, lease_s=LEASE_S, limit=_AT_ONCE
        )
    return taken[0] if taken else None


def _compose(services: Services, notice: SanctionNotice) -> Reply | None:
    """Say it from the record as it is now; None: something later has overtaken it."""
    now = services.clock()
    with services.store.reading() as unit:
        sanction = unit.sanctions.read(notice.sanction_id, community_id=notice.community_id)
        is_true = {
            SanctionNews.GIVEN: sanction.is_live(now),
            SanctionNews.ENDED: sanction.lifted_at is None
            and not _is_barred(unit, notice, services),
            SanctionNews.LIFTED: True,
        }[notice.news]
    return wording.sanction_news(sanction, notice.news) if is_true else None


def _is_barred(unit: Unit, notice: SanctionNotice, services: Services) -> bool:
    """Tell whether something else still keeps them out: then nothing is over."""
    limits = unit.sanctions.limiting(notice.community_id, notice.member_id, now=services.clock())
    return any(each.kind in BARRING for each in limits)


def _acknowledge(services: Services, notice: SanctionNotice, owner: str) -> None:
    with services.store.unit() as unit:
        unit.sanction_notices.ack(notice.notice_no, owner, now=services.clock())


def _release(services: Services, notice: SanctionNotice, owner: str) -> None:
    retry_at = services.clock() + timedelta(seconds=retry_delay_s(notice.attempts))
    with services.store.unit() as unit:
        unit.sanction_notices.release(notice.notice_no, owner, retry_at=retry_at)
