"""Build what a front-end or a command works with, once, at its entry point."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from bot.courier import Courier
from bot.examiner import Examiner
from bot.paces import Paces
from core.blobs import Blobs
from core.catalog import Catalog, load_catalog
from core.contracts.base import utc_now
from core.events import Events
from core.held import HeldArea
from core.settings import CoreSettings
from core.storage import Store
from core.task_queue import TaskQueue
from moderation.engine import Gate
from moderation.gates import Gates
from moderation.policy import load_policy
from moderation.review.desk import ReviewDesk
from moderation.review.settling import Settling


@dataclass(frozen=True, slots=True)
class Services:
    """What every use case is handed: built once, passed down, held by nobody else."""

    settings: CoreSettings
    store: Store
    queue: TaskQueue
    events: Events
    blobs: Blobs
    gate: Gate
    catalog: Catalog
    clock: Callable[[], datetime] = utc_now
    courier: Courier = field(init=False, repr=False)
    paces: Paces = field(init=False, repr=False)
    gates: Gates = field(init=False, repr=False)
    """The gate of each place; `gate` is that of the organisation's file alone."""
    desk: ReviewDesk = field(init=False, repr=False)
    """Where moderators decide."""
    settling: Settling = field(init=False, repr=False)
    """What carries out what they decided."""
    held: HeldArea = field(init=False, repr=False)
    """Reads pictures that wait for a person."""
    examiner: Examiner = field(init=False, repr=False)
    """Looks at files that people ask about."""

    def __post_init__(self) -> None:
        """Give the parts that are made here the same store, queue and events as everybody."""
        courier = Courier(self.store, self.queue, self.events, self.clock)
        object.__setattr__(self, "courier", courier)
        object.__setattr__(self, "paces", Paces(self.store, self.clock))
        gates = Gates(self.store, self.gate, self.settings.policy_file)
        object.__setattr__(self, "gates", gates)
        desk = ReviewDesk(self.store, gates, self.clock, self.events)
        object.__setattr__(self, "desk", desk)
        object.__setattr__(self, "held", HeldArea(self.blobs, self.settings))
        settling = Settling(self.store, self.held, gates, self.clock)
        object.__setattr__(self, "settling", settling)
        examiner = Examiner(self.settings, self.store, self.events, self.clock)
        object.__setattr__(self, "examiner", examiner)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        """End the courier's thread and give every connection back."""
        self.courier.close()
        self.queue.close()
        self.events.close()
        self.store.close()


def build_services(settings: CoreSettings) -> Services:
    """Connect everything that the settings name; nothing is contacted yet.

    Raises:
        PolicyError: the policy file has faults; all of them are listed.
        UserError: two models have one name.
    """
    return Services(
        settings=settings,
        store=Store(settings.resolved_database_url),
        queue=TaskQueue(settings),
        events=Events(settings.redis_url),
        blobs=Blobs(settings.resolved_blob_url),
        gate=Gate(load_policy(settings.policy_file)),
        catalog=load_catalog(*settings.models),
    )
