"""Say who may decide what, at the moment when they do, and why an item cannot be taken."""

from datetime import datetime

from core.contracts.actors import Actor, Role
from core.contracts.reviews import UNDECIDED, ReviewItem, ReviewKind, ReviewState
from core.errors import NotFound, UserError
from core.storage import Unit
from moderation.policy import Policy

_RANK = tuple(Role)
_DECIDED = frozenset({ReviewState.DECIDED, ReviewState.SETTLED})


def require_role(policy: Policy, actor: Actor, act: str) -> None:
    """Let a person pass whose role the policy names for reviews.

    Raises:
        UserError: `review_not_permitted`.
    """
    least = policy.roles.review
    if _RANK.index(actor.role) < _RANK.index(least):
        raise UserError("review_not_permitted", value=act, allowed=[least.value])


def require_of_community(actor: Actor, item: ReviewItem) -> None:
    """Let nobody know of another community's items.

    Raises:
        NotFound: `review_not_found`.
    """
    if item.community_id != actor.community_id:
        raise NotFound("review_not_found", value=item.item_id)


def require_not_own(unit: Unit, actor: Actor, item: ReviewItem) -> None:
    """Let nobody decide on their own request, nor on what they reported.

    Raises:
        UserError: `review_own`.
    """
    is_own = item.member_id == actor.member_id
    if not is_own and item.kind is ReviewKind.REPORT:
        reporters = {report.reporter for report in unit.reports.of_job(item.job_id)}
        is_own = actor.member_id in reporters
    if is_own:
        raise UserError("review_own", value=item.item_id)


def require_rank(actor: Actor, item: ReviewItem) -> None:
    """Leave escalated items to admins.

    Raises:
        UserError: `review_escalated`.
    """
    if item.is_escalated and actor.role is not Role.ADMIN:
        raise UserError("review_escalated", value=item.item_id, allowed=[Role.ADMIN.value])


def require_undecided(item: ReviewItem) -> None:
    """Refuse what was decided or is over, and say by whom and when.

    Raises:
        UserError: `review_decided`; `review_over`, where nobody decided it.
    """
    if item.state in UNDECIDED:
        return
    at = written(item.decided_at or item.closed_at or item.opened_at)
    if item.state in _DECIDED:
        ruling = item.ruling.value if item.ruling else ""
        raise UserError("review_decided", name=item.decided_name, ruling=ruling, at=at)
    raise UserError("review_over", value=item.state.value, at=at)


def require_free(actor: Actor, item: ReviewItem, now: datetime) -> None:
    """Refuse what somebody else is looking at, and say who and until when.

    Raises:
        UserError: `review_claimed`.
    """
    if item.is_claimed(now) and item.claimed_by != actor.member_id:
        until = written(item.claimed_until or now)
        raise UserError("review_claimed", name=item.claimed_name, until=until)


def require_decider(actor: Actor, item: ReviewItem, act: str) -> None:
    """Leave a decision to whoever made it, and to admins.

    Raises:
        UserError: `review_not_permitted`.
    """
    if actor.member_id != item.decided_by and actor.role is not Role.ADMIN:
        raise UserError("review_not_permitted", value=act, allowed=[Role.ADMIN.value])


def written(moment: datetime) -> str:
    """Write a time for an error's facts, in UTC."""
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
