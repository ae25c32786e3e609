"""Give the review's tests a desk over a real store, a clock that stands, and people of all roles."""

import shutil

import pytest

from core.blobs import Blobs
from core.contracts.actors import Actor, Role
from core.contracts.ids import CommunityId, MemberId
from core.contracts.reviews import ReviewKind
from core.storage import Store
from core.workflow import JobState
from moderation.gates import Gates
from moderation.review.desk import ReviewDesk
from tests.core.storage.conftest import (  # noqa: F401 - fixtures are found by name.
    database_url,
    migrated_postgres,
    migrated_sqlite,
    open_store,
    postgres,
)
from tests.core.storage.samples import START, a_job, a_review
from tests.fakes import FakeClock, FakeEvents


def person(member: str, role: Role = Role.MODERATOR, community: str = "local") -> Actor:
    return Actor(
        community_id=CommunityId(community),
        member_id=MemberId(f"web:{member}"),
        display_name=member.title(),
        role=role,
    )


MEMBER = person("cleo", Role.MEMBER)
MOD, OTHER_MOD = person("mod"), person("tess")
ADMIN = person("root", Role.ADMIN)
STRANGER = person("mod", Role.ADMIN, "elsewhere")
AUTHOR = person("ada", Role.ADMIN)
"""Whose requests are held, and an admin at that."""


@pytest.fixture
def clock():
    clock = FakeClock()
    clock.now = START
    return clock


@pytest.fixture
def store(migrated_sqlite, tmp_path):  # noqa: F811 - the fixture above.
    """A store on SQLite for this test alone; races are tried on both databases."""
    store = Store(f"sqlite:///{shutil.copy(migrated_sqlite, tmp_path)}")
    yield store
    store.close()


@pytest.fixture
def blobs(tmp_path):
    return Blobs(str(tmp_path / "blobs"))


@pytest.fixture
def signals():
    return FakeEvents()


@pytest.fixture
def gates(store, gate):
    return Gates(store, gate)


@pytest.fixture
def desk(store, gates, clock, signals):
    return ReviewDesk(store, gates, clock, signals)


@pytest.fixture
def held(store):
    """Keep a held job with its item."""

    def hold(job_state=JobState.PROMPT_REVIEW, *, member="web:ada", community="local", **fields):
        job = a_job(job_state, member=member, community=community)
        defaults = {"category": "violence_weapons", "severity": "medium", "prompt_key": ""}
        if job_state in {JobState.PUBLISHED, JobState.DELIVERED}:
            defaults |= {"kind": ReviewKind.REPORT, "lapses_at": None, "reports": 1}
        item = a_review(job, **{**defaults, **fields})
        with store.unit() as unit:
            unit.jobs.add(job)
            assert unit.reviews.open(item)
        return item

    return hold
