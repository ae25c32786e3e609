"""Carry out what people decided, exactly once, when the time to undo it is over.

Any number of processes may settle at the same time: the screening process does with every sweep,
the web app each second. The item's row says how far it is. A decision about words is one
transaction; one about pictures takes three steps, each of which may be done again after a crash:

1. The item is marked as settling: it cannot be undone any more.
2. The bytes are published or destroyed, outside of any transaction.
3. The record follows in one transaction: item, job, pictures, notices, sanctions, audit.

A rejected report that reaches all that came from its pictures leaves a take-down in that third
transaction, which is carried out after it (`core.takedown`).

What a crash after that leaves of the ciphertext, `HeldArea.discard_orphans` removes.

Locks are taken in one order everywhere: the job, then its item.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

import structlog

from core.contracts.actors import Platform
from core.contracts.base import utc_now
from core.contracts.ids import MemberId, VerifyId
from core.contracts.jobs import Job, Picture
from core.contracts.reviews import ReviewId, ReviewItem, ReviewKind, ReviewState, Ruling
from core.errors import AppError, Unavailable
from core.held import HeldArea, is_held
from core.provenance.encoding import decode, thumbnail_of
from core.storage import Store, Unit
from core.takedown import Takedowns, reach_of
from core.workflow import JobState, Outcome
from moderation.gates import Gates
from moderation.review.telling import tell_reporters
from moderation.sanctions import on_approved, on_rejected

log = structlog.get_logger()


class Effect(StrEnum):
    """What a decision does, as the job stands."""

    DRAW = "draw"
    REFUSE = "refuse"
    PUBLISH = "publish"
    WITHHOLD = "withhold"
    KEEP = "keep"
    TAKE_DOWN = "take_down"
    NOTHING = "nothing"
    """The job no longer waits for it."""


_EFFECTS = {
    (JobState.PROMPT_REVIEW, Ruling.APPROVE): Effect.DRAW,
    (JobState.PROMPT_REVIEW, Ruling.REJECT): Effect.REFUSE,
    (JobState.OUTPUT_REVIEW, Ruling.APPROVE): Effect.PUBLISH,
    (JobState.OUTPUT_REVIEW, Ruling.REJECT): Effect.WITHHOLD,
}
_OF_REPORTS = {
    (JobState.PUBLISHED, Ruling.APPROVE): Effect.KEEP,
    (JobState.DELIVERED, Ruling.APPROVE): Effect.KEEP,
    (JobState.PUBLISHED, Ruling.REJECT): Effect.TAKE_DOWN,
    (JobState.DELIVERED, Ruling.REJECT): Effect.TAKE_DOWN,
}
_OUTCOMES = {
    Effect.DRAW: Outcome.APPROVED,
    Effect.REFUSE: Outcome.REJECTED,
    Effect.PUBLISH: Outcome.APPROVED,
    Effect.WITHHOLD: Outcome.REJECTED,
    Effect.TAKE_DOWN: Outcome.TAKEN_DOWN,
}
_WITH_BYTES = frozenset({Effect.PUBLISH, Effect.WITHHOLD, Effect.TAKE_DOWN})
_DESTROYING = frozenset({Effect.WITHHOLD, Effect.TAKE_DOWN})

_LOST = frozenset({"held_altered", "blob_not_found"})
"""Codes of bytes that nobody can publish any more."""


def effect_of(item: ReviewItem, job: Job) -> Effect:
    """Say what a decision does to its job."""
    if item.ruling is None:
        return Effect.NOTHING
    table = _OF_REPORTS if item.kind is ReviewKind.REPORT else _EFFECTS
    return table.get((job.state, item.ruling), Effect.NOTHING)


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of one decision."""

    item: ReviewItem
    job: Job
    effect: Effect
    takedown_id: str | None = None
    """What goes with it, where all that came from its pictures does."""
    platforms: frozenset[Platform] = frozenset()
    """Where else there are notices to give because of that."""


@dataclass(frozen=True, slots=True)
class _Bytes:
    """What the second step is about, and what came of it."""

    pictures: Sequence[Picture]
    effect: Effect
    published: dict[VerifyId, str] = field(default_factory=dict)
    thumbnails: dict[VerifyId, bytes] = field(default_factory=dict)
    is_lost: bool = False
    """They were to be published and cannot be any more."""


@dataclass(frozen=True, slots=True)
class Settling:
    """Settles for one process. Safe to share by threads.

    Whoever calls it hands on what it leaves behind: the jobs' platforms have notices to give, the
    outbox may have a task, and the queue has changed (`Courier.nudge(..., is_review=True)`).
    """

    store: Store
    held: HeldArea
    gates: Gates
    clock: Callable[[], datetime] = utc_now

    def settle_due(self, *, limit: int = 100) -> list[Settled]:
        """Carry out every decision whose time has come; one that fails does not hold up others.

        Raises:
            Unavailable: the database is away.
        """
        with self.store.reading() as unit:
            due = unit.reviews.due_effects(self.clock(), limit=limit)
        return [settled for item_id in due if (settled := self._try(item_id)) is not None]

    def settle(self, item_id: ReviewId) -> Settled | None:
        """Carry out one decision; None: it is not time yet, or somebody else has done it.

        Raises:
            NotFound: `review_not_found`.
            Unavailable: the database, the blob store or a key is away; nothing was decided
                otherwise, and trying again goes on from here.
        """
        with self.store.unit() as unit:
            locked = self._locked(unit, item_id)
            if locked is None:
                return None
            item, job = locked
            effect = effect_of(item, job)
            if effect not in _WITH_BYTES:
                return self._record(unit, item, job, _Bytes((), effect))
            if not item.is_settling:
                unit.reviews.save(item.model_copy(update={"is_settling": True}))
            pictures = unit.pictures.of_job(job.job_id)
            if effect in _DESTROYING and unit.holds.keeps(job):
                pictures = []  # Shown to nobody, and deleted once the legal hold is lifted.
        moved = self._move(pictures, effect)
        with self.store.unit() as unit:
            locked = self._locked(unit, item_id)
            if locked is None:  # Another process was faster; what it did is the same.
                return None
            item, job = locked
            settled = self._record(unit, item, job, moved)
        self._clear(moved)
        return self._take_down_what_came_from_it(settled)

    def _try(self, item_id: ReviewId) -> Settled | None:
        try:
            return self.settle(item_id)
        except AppError as error:
            if error.code == "database_away":
                raise
            log.warning("review_not_settled", item_id=item_id, code=error.code)
        except Exception:
            log.exception("review_not_settled", item_id=item_id)
        return None

    def _locked(self, unit: Unit, item_id: ReviewId) -> tuple[ReviewItem, Job] | None:
        """Take a job and its item; None where there is nothing to carry out now."""
        job = unit.jobs.lock(unit.reviews.get(item_id).job_id)
        item = unit.reviews.locked(item_id)
        if item.state is not ReviewState.DECIDED:
            return None
        # The clock after the lock: who undid it while this waited came first.
        is_due = item.effective_at is not None and item.effective_at <= self.clock()
        return (item, job) if is_due or item.is_settling else None

    def _move(self, pictures: Sequence[Picture], effect: Effect) -> _Bytes:
        """Publish or destroy bytes; what cannot be published any more is withheld."""
        if effect is Effect.PUBLISH:
            try:
                published = {each.verify_id: self.held.publish(each) for each in pictures}
            except AppError as error:
                if isinstance(error, Unavailable) or error.code not in _LOST:
                    raise
                log.error("pictures_not_published", code=error.code, pictures=len(pictures))  # noqa: TRY400 - a trace would quote the record.
                # Not destroyed here: another process may have published and cleared them.
                return _Bytes(pictures, Effect.WITHHOLD, is_lost=True)
            return _Bytes(pictures, effect, published, self._thumbnails(pictures))
        for each in pictures:
            self.held.destroy(each)
        return _Bytes(pictures, effect)

    def _thumbnails(self, pictures: Sequence[Picture]) -> dict[VerifyId, bytes]:
        """Make the thumbnails that a held picture has none of: until now nobody could see it.

        Where pictures cannot be decoded, labels are found again without them.
        """
        held = [each for each in pictures if is_held(each)]
        try:
            return {each.verify_id: thumbnail_of(decode(self.held.read(each))) for each in held}
        except (AppError, ImportError, OSError) as error:
            log.warning("thumbnails_not_made", pictures=len(held), cause=type(error).__name__)
            return {}

    def _record(self, unit: Unit, item: ReviewItem, job: Job, moved: _Bytes) -> Settled:
        """Write down that a decision took effect, with everything that follows from it."""
        now = self.clock()
        by = item.decided_by or "system"
        # The author may have taken the pictures down meanwhile; a rejection counts all the same.
        effect = moved.effect if effect_of(item, job) is not Effect.NOTHING else Effect.NOTHING
        is_void = effect is Effect.NOTHING and item.ruling is Ruling.APPROVE
        ended = {
            "state": ReviewState.WITHDRAWN if is_void else ReviewState.SETTLED,
            "closed_at": now,
            "is_settling": False,
        }
        # Before the job's step, which would otherwise end the item as one without a decision.
        item = unit.reviews.save(item.model_copy(update=ended))
        for verify_id, blob in moved.published.items():
            unit.pictures.set_blob(verify_id, blob)
        for verify_id, thumbnail in moved.thumbnails.items():
            if unit.registry.find(verify_id) is not None:
                unit.registry.keep_thumbnail(verify_id, thumbnail)
        if effect in _DESTROYING:
            for each in moved.pictures:
                unit.pictures.mark_deleted(each.verify_id, now)
        outcome = _OUTCOMES.get(effect)
        if outcome is not None:
            job = unit.jobs.advance(job.job_id, outcome, now=now, by=by)
        if not is_void:
            self._follow(unit, item, now)
        facts = {"item": item.item_id, "ruling": item.ruling, "effect": effect.value}
        unit.audit.add("review_settled", job_id=job.job_id, by=by, facts=facts, now=now)
        log.info("review_settled", item_id=item.item_id, job_id=job.job_id, effect=effect.value)
        takedown_id = self._begin_takedown(unit, item, by, now) if item.is_cascading else None
        return Settled(item, job, effect, takedown_id)

    def _begin_takedown(self, unit: Unit, item: ReviewItem, by: str, now: datetime) -> str | None:
        """Write down that what came from a report's pictures goes too."""
        reach = reach_of(unit, item.community_id, item.job_id, None)
        if not reach.jobs:
            return None
        return unit.takedowns.begin(
            item.community_id,
            item.job_id,
            by=MemberId(by),
            only_of=None,
            reach=len(reach.jobs),
            now=now,
        ).takedown_id

    def _take_down_what_came_from_it(self, settled: Settled) -> Settled:
        if settled.takedown_id is None:
            return settled
        try:
            carried = Takedowns(self.store, self.held, self.clock).carry_out(settled.takedown_id)
        except AppError as error:  # The decision took effect; the sweep goes on with the rest.
            log.warning("takedown_postponed", takedown_id=settled.takedown_id, code=error.code)
            return settled
        return replace(settled, platforms=frozenset(carried.platforms))

    def _follow(self, unit: Unit, item: ReviewItem, now: datetime) -> None:
        tell_reporters(unit, item, now=now)
        if item.ruling is Ruling.APPROVE:
            on_approved(unit, item, now)
        else:
            policy = self.gates.of(item.community_id, item.channel_id).policy
            on_rejected(unit, item, policy, now)

    def _clear(self, moved: _Bytes) -> None:
        """Remove what the record no longer names; what stays goes with the next tidying."""
        for each in moved.pictures if moved.published or moved.is_lost else ():
            try:
                if moved.is_lost:
                    self.held.destroy(each)
                else:
                    self.held.clear(each)
            except Unavailable as error:
                log.warning("blob_left_behind", blob=each.blob, code=error.code)
