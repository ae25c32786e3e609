"""Delete what a community's policy keeps no longer, in small steps, and log how much went.

Where the policy of a community cannot be read, nothing of it is deleted: what was to be kept is
not known, and what is deleted does not come back.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from core.blobs import Blobs
from core.contracts.ids import ChannelId, CommunityId
from core.contracts.jobs import Picture
from core.errors import Unavailable
from core.storage import Store, Unit
from moderation.gates import Gates

log = structlog.get_logger()

AT_A_TIME = 100
"""Rows in one transaction: SQLite's write lock is held for some milliseconds."""

BATCHES = 20
"""Transactions for one kind and community in one sweep, at most: it comes again."""

DISAGREEMENTS_KEPT = timedelta(days=90)
"""A candidate that was not decided about in a quarter is decided about."""

UNSHOWN_KEPT = timedelta(days=1)
"""A picture that was decided against waits so long, should the decision be undone."""

TOMBSTONES_KEPT = timedelta(days=1)
"""A page that was not connected for a day loads anew and needs to hear of no deletion."""


@dataclass(frozen=True, slots=True)
class Forgetter:
    """Carry out the retention of every community of one store."""

    store: Store
    gates: Gates
    blobs: Blobs | None
    """Where pictures lie; None: they are left to a process that knows."""
    labels_keep_days: int
    now: datetime
    _gone: Counter[str] = field(default_factory=Counter, init=False)

    def forget(self) -> dict[str, int]:
        """Delete a bounded part of what is due; say how many of each kind went.

        Raises:
            Unavailable: the database or the blob store is away; what is gone is recorded.
        """
        try:
            with self.store.reading() as unit:
                communities = unit.forgetting.communities()
            for community_id in communities:
                self._forget_of(community_id)
            self._forget_of_all()
        finally:
            if self._gone:
                log.info("retention_swept", **self._gone)
        return dict(self._gone)

    def _forget_of(self, community_id: CommunityId) -> None:
        place = self.gates.place(community_id, ChannelId(""))
        if place.fault is not None:
            log.warning("retention_skipped", community_id=community_id, code=place.fault)
            return
        kept = place.gate.policy.retention
        self._features(community_id, self._before(kept.features_days))
        if kept.prompts_days is not None:
            self._prompts(community_id, self._before(kept.prompts_days))
        if kept.verdicts_days is not None:
            self._verdicts(community_id, self._before(kept.verdicts_days))
        lapsed_before = self._before(place.gate.policy.review.held_days)
        self._pictures(
            "undecided_pictures",
            lambda unit: unit.forgetting.pictures_undecided(
                community_id, lapsed_before, limit=AT_A_TIME
            ),
        )
        if kept.pictures_days is not None:
            before = self._before(kept.pictures_days)
            self._pictures(
                "pictures",
                lambda unit: unit.forgetting.pictures_before(community_id, before, limit=AT_A_TIME),
            )

    def _features(self, community_id: CommunityId, before: datetime) -> None:
        self._repeat(
            "features",
            lambda unit: unit.features.forget_before(community_id, before, limit=AT_A_TIME),
        )

    def _prompts(self, community_id: CommunityId, before: datetime) -> None:
        """Delete words wherever they were written down: in jobs and in the local chat."""
        self._repeat(
            "prompts",
            lambda unit: unit.forgetting.words_before(
                community_id, before, now=self.now, limit=AT_A_TIME
            ),
        )
        self._repeat("messages", lambda unit: self._empty_messages(unit, community_id, before))
        heard = self.now - TOMBSTONES_KEPT
        self._repeat(
            "tombstones",
            lambda unit: unit.forgetting.tombstones_before(
                community_id, before, heard, limit=AT_A_TIME
            ),
        )

    def _verdicts(self, community_id: CommunityId, before: datetime) -> None:
        self._repeat(
            "verdicts",
            lambda unit: unit.forgetting.verdicts_before(community_id, before, limit=AT_A_TIME),
        )

    def _empty_messages(self, unit: Unit, community_id: CommunityId, before: datetime) -> int:
        keys = unit.forgetting.chat_before(community_id, before, limit=AT_A_TIME)
        for key in keys:
            unit.chat.delete(key, now=self.now)
        return len(keys)

    def _forget_of_all(self) -> None:
        """Delete what no policy has a word on."""
        labels_before = self.now - timedelta(days=self.labels_keep_days)
        with self.store.unit() as unit:
            unit.features.forget_disagreements(self.now - DISAGREEMENTS_KEPT)
            self._count("labels", unit.labels.forget_before(labels_before))
        decided_before = self.now - UNSHOWN_KEPT
        self._pictures(
            "unshown_pictures",
            lambda unit: unit.forgetting.pictures_decided_against(decided_before, limit=AT_A_TIME),
        )

    def _before(self, days: float) -> datetime:
        return self.now - timedelta(days=days)

    def _repeat(self, kind: str, forget: Callable[[Unit], int]) -> None:
        """Take one batch after the other, each in a transaction of its own."""
        for _ in range(BATCHES):
            with self.store.unit() as unit:
                gone = forget(unit)
            self._count(kind, gone)
            if gone < AT_A_TIME:
                return

    def _pictures(self, kind: str, due: Callable[[Unit], Sequence[Picture]]) -> None:
        """Delete the bytes first: when the record says deleted, they are."""
        if self.blobs is None:
            return
        for _ in range(BATCHES):
            with self.store.reading() as unit:
                pictures = due(unit)
            gone = self._delete_bytes(self.blobs, pictures)
            if gone:
                with self.store.unit() as unit:
                    for picture in gone:
                        unit.pictures.mark_deleted(picture.verify_id, self.now)
            self._count(kind, len(gone))
            if len(gone) < AT_A_TIME:
                return

    def _delete_bytes(self, blobs: Blobs, pictures: Sequence[Picture]) -> list[Picture]:
        gone: list[Picture] = []
        for picture in pictures:
            try:
                blobs.delete(picture.blob)
            except Unavailable as error:
                log.warning("picture_kept_on", verify_id=picture.verify_id, code=error.code)
                break
            gone.append(picture)
        return gone

    def _count(self, kind: str, gone: int) -> None:
        if gone:
            self._gone[kind] += gone
