"""Give use cases and delivery a real store and gate, with the broker's and Redis's stand-ins."""

import shutil

import pytest

from bot.bootstrap import Services
from core.blobs import Blobs
from core.catalog import load_catalog
from core.contracts.actors import Actor, Platform, ReplyAddress, Role
from core.contracts.ids import ChannelId, CommunityId, MemberId
from core.settings import CoreSettings
from core.storage import Store
from moderation.engine import Gate
from moderation.policy import load_policy
from tests.fakes import FakeClock, FakeEvents, FakeQueue


@pytest.fixture(scope="session")
def gate():
    return Gate(load_policy())


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory):
    """A migrated database, made once and copied for each test."""
    path = tmp_path_factory.mktemp("empty") / "easel.db"
    store = Store(f"sqlite:///{path}")
    store.migrate()
    store.close()
    return path


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def queue():
    return FakeQueue()


@pytest.fixture
def events():
    return FakeEvents()


@pytest.fixture
def services(tmp_path, empty_database, gate, clock, queue, events):
    shutil.copy(empty_database, tmp_path / "easel.db")
    settings = CoreSettings(home=tmp_path, max_waiting_jobs=3)
    built = Services(
        settings=settings,
        store=Store(settings.resolved_database_url),
        queue=queue,
        events=events,
        blobs=Blobs(settings.resolved_blob_url),
        gate=gate,
        catalog=load_catalog(settings.model),
        clock=clock,
    )
    yield built
    built.close()


@pytest.fixture
def ada():
    return Actor(
        community_id=CommunityId("local"), member_id=MemberId("web:ada"), display_name="Ada"
    )


@pytest.fixture
def bob():
    return Actor(
        community_id=CommunityId("local"), member_id=MemberId("web:bob"), display_name="Bob"
    )


@pytest.fixture
def moderator():
    return Actor(
        community_id=CommunityId("local"),
        member_id=MemberId("web:mod"),
        display_name="Mod",
        role=Role.MODERATOR,
    )


@pytest.fixture
def stranger():
    """The same ids in another community."""
    return Actor(
        community_id=CommunityId("elsewhere"), member_id=MemberId("web:ada"), display_name="Ada"
    )


@pytest.fixture
def address():
    return ReplyAddress(platform=Platform.WEB, channel_id=ChannelId("general"), thread="m1")
