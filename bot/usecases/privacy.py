"""Show what is kept of a member and for how long, and let them say what may be learnt from it."""

import difflib

from bot import wording
from bot.bootstrap import Services
from bot.replies import Reply
from core.contracts.actors import Actor, ReplyAddress
from core.contracts.ids import ChannelId, CommunityId
from core.contracts.labels import Learning
from core.contracts.records import Fact
from core.errors import UserError
from core.storage import Unit

DEFAULT = "default"
"""Takes a choice back: the community's policy says it again."""

_REPEATED_MAX = 60
"""Characters of a person's text that an error repeats."""


def privacy_command(services: Services, actor: Actor, rest: str, _address: ReplyAddress) -> Reply:
    """Do what stands after `/privacy`: show how things stand, or change what is agreed to.

    Raises:
        UserError: `privacy_word_unknown`.
    """
    word = rest.casefold()
    if not word:
        return show_privacy(services, actor)
    if word == DEFAULT:
        return agree(services, actor, None)
    if word not in set(Learning):
        words = [*Learning, DEFAULT]
        near = difflib.get_close_matches(word[:_REPEATED_MAX], words, n=1)
        raise UserError(
            "privacy_word_unknown",
            value=rest[:_REPEATED_MAX],
            allowed=words,
            suggestion=f"/privacy {near[0]}" if near else None,
        )
    return agree(services, actor, Learning(word))


def show_privacy(services: Services, actor: Actor) -> Reply:
    """Tell a member how things stand, privately."""
    with services.store.reading() as unit:
        own = unit.consents.learning(actor.community_id, actor.member_id)
        rows = unit.labels.count_of_member(actor.community_id, actor.member_id)
    return _card(services, actor, own, rows)


def agree(services: Services, actor: Actor, own: Learning | None) -> Reply:
    """Keep what a member says, and delete what was learnt from them that it does not cover.

    Args:
        services: What every use case is handed.
        actor: Whose requests it is about.
        own: What they agree to; None: whatever the community's policy says.
    """
    now = services.clock()
    in_force = own or default_learning(services, actor.community_id)
    with services.store.unit() as unit:
        unit.consents.set_learning(actor.community_id, actor.member_id, own, now=now)
        gone = _withdraw(unit, actor, in_force)
        facts: dict[str, Fact] = {"learning": own or DEFAULT, "rows": gone}
        unit.audit.add(
            "consent_given",
            job_id=None,
            by=actor.member_id,
            facts=facts,
            now=now,
            community_id=actor.community_id,
        )
        rows = unit.labels.count_of_member(actor.community_id, actor.member_id)
    return _card(services, actor, own, rows, is_changed=True)


def default_learning(services: Services, community_id: CommunityId) -> Learning:
    """Tell what holds for members who said nothing; nothing while the policy cannot be read."""
    place = services.gates.place(community_id, ChannelId(""))
    return Learning.NOTHING if place.fault else place.gate.policy.consent


def _withdraw(unit: Unit, actor: Actor, in_force: Learning) -> int:
    """Delete what is not agreed to any more; say of how many labels."""
    match in_force:
        case Learning.NOTHING:
            return unit.labels.forget_member(actor.community_id, actor.member_id)
        case Learning.SCORES:
            return unit.labels.forget_words(actor.community_id, actor.member_id)
        case Learning.WORDS:
            return 0


def _card(
    services: Services, actor: Actor, own: Learning | None, rows: int, *, is_changed: bool = False
) -> Reply:
    return wording.privacy_card(
        own,
        default_learning(services, actor.community_id),
        services.gates.of(actor.community_id, ChannelId("")).policy.retention,
        rows,
        are_words_kept=services.settings.labels_keep_text,
        is_changed=is_changed,
    )
