"""Find what a person asked for lately, and the styles they named, for who is typing."""

from collections.abc import Iterator, Mapping

from bot.bootstrap import Services
from core.contracts.actors import Actor
from core.errors import Unavailable
from core.workflow import JobState

LOOKED_BACK = 50
"""Requests that are looked through for a prompt: what one index range gives at once."""

OFFERED = 5
"""Prompts that are offered: below the words that the model knows, and still a glance."""

_WITHIN_MIN = 3
"""Letters from which a prompt is also found by words inside of it."""

_NOT_AGAIN = frozenset({JobState.BLOCKED, JobState.WITHHELD})
"""What was refused is not offered for the asking."""


def recent_prompts(services: Services, actor: Actor, typed: str) -> Iterator[str]:
    """Offer a person's own prompts that fit what is typed, newest first, each once.

    Nothing is offered while the database is away: the words of the model need none.
    """
    try:
        with services.store.reading() as unit:
            jobs = unit.jobs.recent(
                actor.community_id, member_id=actor.member_id, limit=LOOKED_BACK
            )
    except Unavailable:
        return
    begun = typed.strip().casefold()
    offered: set[str] = set()
    for job in jobs:
        prompt = job.spec.prompt
        is_gone = job.state in _NOT_AGAIN or job.spec.is_forgotten
        if is_gone or prompt in offered or not _fits(prompt.casefold(), begun):
            continue
        offered.add(prompt)
        yield prompt
        if len(offered) == OFFERED:
            return


def own_styles(services: Services, actor: Actor) -> Mapping[str, str]:
    """List a person's own styles with their words; none while the database is away."""
    try:
        with services.store.reading() as unit:
            styles = unit.styles.of_member(actor.community_id, actor.member_id)
    except Unavailable:
        return {}
    return {style.name: style.text for style in styles}


def _fits(prompt: str, begun: str) -> bool:
    is_within = len(begun) >= _WITHIN_MIN and begun in prompt
    return prompt != begun and (prompt.startswith(begun) or is_within)
