"""Do one act to one item, as its state allows: what the desk does once it knows who may."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.contracts.actors import Actor
from core.contracts.records import Fact
from core.contracts.reviews import UNDECIDED, ReviewItem, ReviewKind, ReviewState, Ruling
from core.errors import UserError
from core.storage import Unit
from moderation.policy import Policy
from moderation.review import rights
from moderation.review.opening import needs_two

NOTE_MOST = 1000
"""Characters of a note for the record."""

_NOBODY = {"claimed_by": None, "claimed_name": "", "claimed_until": None}
_UNDECIDED = {
    "ruling": None,
    "reason_code": "",
    "decided_by": None,
    "decided_name": "",
    "decided_at": None,
    "effective_at": None,
    "is_cascading": False,
}
_NOT_FIRST = {"first_by": None, "first_name": ""}


@dataclass(frozen=True, slots=True)
class Said:
    """What a person decides, and why."""

    ruling: Ruling
    reason_code: str = ""
    """A code of the policy's `review.reasons` with this ruling; empty where there is none."""
    note: str = ""
    """For the record; the author does not see it."""
    is_cascading: bool = False
    """Rejected pictures that were posted take all that came from them with them."""


@dataclass(frozen=True, slots=True)
class Sitting:
    """One person before one item, which nobody else changes meanwhile."""

    unit: Unit
    actor: Actor
    item: ReviewItem
    policy: Policy
    now: datetime

    def save(self, kind: str, changes: Mapping[str, object], **facts: Fact) -> ReviewItem:
        """Write the item, and into the trail what was done to it."""
        saved = self.unit.reviews.save(self.item.model_copy(update=changes))
        told = {"item": saved.item_id, "kind": saved.kind.value, **facts}
        by = self.actor.member_id
        self.unit.audit.add(kind, job_id=saved.job_id, by=by, facts=told, now=self.now)
        return saved

    def held_by_me(self) -> dict[str, object]:
        """Give the person the item for as long as the policy says."""
        return {
            "claimed_by": self.actor.member_id,
            "claimed_name": self.actor.display_name,
            "claimed_until": self.now + timedelta(minutes=self.policy.review.claim_minutes),
        }


def claim(sitting: Sitting) -> ReviewItem:
    """Take an item for a while."""
    rights.require_undecided(sitting.item)
    rights.require_free(sitting.actor, sitting.item, sitting.now)
    return sitting.save("review_claimed", sitting.held_by_me())


def release(sitting: Sitting) -> ReviewItem:
    """Give a claim back."""
    rights.require_undecided(sitting.item)
    rights.require_free(sitting.actor, sitting.item, sitting.now)
    if not sitting.item.is_claimed(sitting.now):
        return sitting.item
    return sitting.save("review_released", {**_NOBODY})


def escalate(sitting: Sitting, note: str) -> ReviewItem:
    """Leave an item to the admins."""
    rights.require_undecided(sitting.item)
    rights.require_free(sitting.actor, sitting.item, sitting.now)
    note = _noted(note)
    if sitting.item.is_escalated:
        return sitting.item
    changes = {**_NOBODY, "is_escalated": True, "note": note or sitting.item.note}
    return sitting.save("review_escalated", changes)


def decide(sitting: Sitting, said: Said) -> ReviewItem:
    """Decide, or be the first of two."""
    item, actor = sitting.item, sitting.actor
    rights.require_undecided(item)
    rights.require_free(actor, item, sitting.now)
    _require_reason(sitting.policy, said)
    note = _noted(said.note) or item.note
    facts: dict[str, Fact] = {"ruling": said.ruling.value, "reason": said.reason_code}
    takes_two = item.needs_two or needs_two(item.category, sitting.policy)
    if said.ruling is Ruling.APPROVE and takes_two:
        if item.first_by == actor.member_id:
            raise UserError("review_second_same", value=item.item_id)
        if item.first_by is None:
            first = {
                **_NOBODY,
                "state": ReviewState.SECOND,
                "needs_two": True,
                "first_by": actor.member_id,
                "first_name": actor.display_name,
                "note": note,
            }
            return sitting.save("review_decided", first, **facts, is_first=True)
    is_cascading = said.is_cascading and said.ruling is Ruling.REJECT
    if is_cascading and item.kind is ReviewKind.REPORT:
        facts["is_cascading"] = True
    decided = {
        **_NOBODY,
        "state": ReviewState.DECIDED,
        "ruling": said.ruling,
        "reason_code": said.reason_code,
        "note": note,
        "decided_by": actor.member_id,
        "decided_name": actor.display_name,
        "decided_at": sitting.now,
        "effective_at": sitting.now + timedelta(seconds=sitting.policy.review.undo_s),
        "is_cascading": "is_cascading" in facts,
    }
    return sitting.save("review_decided", decided, **facts)


def undo(sitting: Sitting) -> ReviewItem:
    """Take a decision back; who does so has the item."""
    item = sitting.item
    is_own_first = item.state is ReviewState.SECOND and item.first_by == sitting.actor.member_id
    if is_own_first:
        rights.require_free(sitting.actor, item, sitting.now)
        again = {**_NOT_FIRST, "state": ReviewState.OPEN, **sitting.held_by_me()}
        return sitting.save("review_undone", again, is_first=True)
    _require_decided(item)
    rights.require_decider(sitting.actor, item, "undo")
    is_late = item.effective_at is None or item.effective_at <= sitting.now
    if is_late or item.is_settling:
        raise UserError("review_undo_late", name=item.decided_name)
    # The first of two approvals stands, unless it was its giver who decided after all.
    stands = item.first_by not in {None, item.decided_by}
    changes = {
        **_UNDECIDED,
        **({} if stands else _NOT_FIRST),
        "state": ReviewState.SECOND if stands else ReviewState.OPEN,
        **sitting.held_by_me(),
    }
    return sitting.save("review_undone", changes)


def apply_now(sitting: Sitting) -> ReviewItem:
    """End the time to undo."""
    item = sitting.item
    _require_decided(item)
    rights.require_decider(sitting.actor, item, "apply_now")
    if item.effective_at is not None and item.effective_at <= sitting.now:
        return item
    return sitting.save("review_applied", {"effective_at": sitting.now})


def _require_decided(item: ReviewItem) -> None:
    """Refuse what nobody has decided yet, and what took effect.

    Raises:
        UserError: `review_not_decided`, `review_undo_late`, `review_over`.
    """
    if item.state is ReviewState.SETTLED:
        raise UserError("review_undo_late", name=item.decided_name)
    if item.state in UNDECIDED:
        raise UserError("review_not_decided", value=item.item_id)
    if item.state is not ReviewState.DECIDED:
        rights.require_undecided(item)


def _require_reason(policy: Policy, said: Said) -> None:
    """Ask for one of the policy's reasons where it has any.

    Raises:
        UserError: `review_reason_unknown` with allowed.
    """
    known = policy.review.reasons_for(said.ruling)
    if said.reason_code not in (known or ("",)):
        allowed = list(known)
        raise UserError("review_reason_unknown", value=said.reason_code[:40], allowed=allowed)


def _noted(note: str) -> str:
    note = note.strip()
    if len(note) > NOTE_MOST:
        raise UserError("review_note_too_long", value=len(note), allowed=[str(NOTE_MOST)])
    return note
