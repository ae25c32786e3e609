"""Tell a community what its moderation did, in numbers that nobody can be known by."""

import difflib
from datetime import UTC, datetime, time, timedelta

from bot import wording
from bot.bootstrap import Services
from bot.replies import Reply
from core.contracts.actors import Actor, ReplyAddress
from core.contracts.ids import ChannelId, CommunityId
from core.contracts.transparency import Transparency
from core.errors import UserError

PERIODS = {
    "week": timedelta(days=7),
    "month": timedelta(days=30),
    "quarter": timedelta(days=91),
    "year": timedelta(days=365),
}
"""Whole days up to the last midnight in UTC: whoever asks before and after a decision learns
nothing of it."""

DEFAULT = "month"

_REPEATED_MAX = 60
"""Characters of a person's text that an error repeats."""


def transparency_command(
    services: Services, actor: Actor, rest: str, _address: ReplyAddress
) -> Reply:
    """Do what stands after `/transparency`: a period, or nothing.

    Raises:
        UserError: `transparency_word_unknown`.
    """
    word = rest.casefold() or DEFAULT
    counted = counts(services, actor.community_id, word)
    place = services.gates.place(actor.community_id, ChannelId(""))
    return wording.transparency_card(word, counted, place.gate.policy)


def counts(services: Services, community_id: CommunityId, word: str) -> Transparency:
    """Count a community's last week, month, quarter or year.

    Raises:
        UserError: `transparency_word_unknown`.
    """
    if word not in PERIODS:
        near = difflib.get_close_matches(word[:_REPEATED_MAX], PERIODS, n=1)
        raise UserError(
            "transparency_word_unknown",
            value=word[:_REPEATED_MAX],
            allowed=list(PERIODS),
            suggestion=f"/transparency {near[0]}" if near else None,
        )
    until = datetime.combine(services.clock().astimezone(UTC).date(), time(), UTC)
    with services.store.reading() as unit:
        return unit.transparency.between(community_id, until - PERIODS[word], until)
