"""Whoever asks to be deleted is in no table and no file afterwards, but where it is said why.

Every table of the record is filled for two members, column by column; one of them is then erased.
"""

import dataclasses
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from bot.bootstrap import Services
from bot.usecases import deleting, erasing
from core.blobs import Blobs
from core.catalog import load_catalog
from core.contracts.actors import Actor
from core.contracts.generation import GenerationSpec
from core.contracts.mydata import GONE
from core.errors import Unavailable, UserError
from core.held import held_key
from core.provenance.alike import LooksIndex
from core.settings import CoreSettings
from core.storage.models import Base
from core.storage.personal_parts import NOT_OF_MEMBERS, PARTS
from core.workflow import JobState
from tests.core.families import LOOKS, FamilyTree
from tests.core.storage.conftest import (  # noqa: F401 - both databases, as storage has them.
    database_url,
    migrated_postgres,
    migrated_sqlite,
    open_store,
    postgres,
    store,
)
from tests.fakes import FakeClock, FakeEvents, FakeQueue

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ADA, BOB = "web:ada-id", "web:bob-id"
NAMES = {ADA: "Adalovelace", BOB: "Bobbabbage"}
PROMPTS = {ADA: "zorblax by the sea", BOB: "quibble on a hill"}

PEOPLE = {
    *("member_id", "by", "about", "author_id", "audience", "reporter", "proposed_by"),
    *("claimed_by", "first_by", "decided_by", "lift_asked_by", "lifted_by", "only_of"),
}
NAMED = {
    *("display_name", "author", "claimed_name", "first_name", "decided_name"),
    *("by_name", "proposer", "browser", "file_name"),
}
WORDS = {"prompt", "alt_text", "body", "reason", "text", "member_note", "lift_reason"}
WRITTEN = {("reviews", "note"), ("named_styles", "name"), ("policy_events", "name")}
"""Other columns with what people wrote."""

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""What is the same on both databases needs no second look."""

SKIPPED = {"audit", "audit_head", "legal_holds", "alembic_version"}
"""Written by what writes them, in the tests that are about them."""


@pytest.fixture
def services(store, tmp_path, gate):  # noqa: F811 - the fixture of that name.
    settings = CoreSettings(_env_file=None, home=tmp_path)
    built = Services(
        settings=settings,
        store=store,
        queue=FakeQueue(),
        events=FakeEvents(),
        blobs=Blobs(str(tmp_path / "blobs")),
        gate=gate,
        catalog=load_catalog(settings.model),
        clock=FakeClock(),
    )
    yield built
    built.courier.close()


def actor(member):
    return Actor(community_id="local", member_id=member, display_name=NAMES[member])


def fill(services, member, **job):
    """Put a row into every table, with the member wherever one can stand."""
    ids = f"{member.removeprefix('web:')}-x"
    spec = GenerationSpec(prompt=PROMPTS[member]).model_dump(mode="json")
    address = {"platform": "web", "channel_id": "general", "thread": ids}
    given = {
        ("jobs", "spec"): spec,
        ("jobs", "address"): address,
        ("notices", "address"): address,
        ("drafts", "address"): address,
        ("drafts", "spec"): spec,
        ("rewrites", "spec"): spec,
        ("jobs", "state"): JobState.DELIVERED,
        ("jobs", "snapshot"): f"snapshots/{ids}",
        ("jobs", "parent_id"): None,
        ("drafts", "parent_id"): None,
        ("verdicts", "findings"): [{"span": {"text": PROMPTS[member]}}],
        ("verdicts", "input_sha256"): f"{PROMPTS[member]} hashed",
        ("features", "read"): {"texts": [PROMPTS[member]]},
        ("labels", "read"): {"texts": [PROMPTS[member]], "scores": {}},
        ("reviews", "prompt_key"): f"{PROMPTS[member]} keyed",
        ("reviews", "picture_hashes"): [],
        ("pictures", "blob"): f"published/{ids}/{ids}.png",
        ("uploads", "blob"): f"uploads/{ids}.png",
        ("chat_channels", "revision"): 9,
        ("chat_messages", "kind"): "member",
        ("chat_messages", "is_deleted"): False,
        ("uploads", "deleted_at"): None,
        ("pictures", "deleted_at"): None,
        ("pictures", "difference"): None,
        ("policy_revision", "revision_no"): 1,
        **{("jobs", name): value for name, value in job.items()},
    }
    with services.store._engines.writing.begin() as connection:
        for table in Base.metadata.sorted_tables:
            if table.name in SKIPPED:
                continue
            if table.name in {"chat_channels", "policy_revision", "policy_places"} and (
                connection.execute(sa.select(table)).first()
            ):
                continue
            row = {
                column.name: given.get((table.name, column.name), value(table, column, member, ids))
                for column in table.columns
                if not is_counted(column)
            }
            connection.execute(table.insert().values(row))
    for blob in (f"published/{ids}/{ids}.png", f"uploads/{ids}.png", f"snapshots/{ids}"):
        services.blobs.put(blob, PROMPTS[member].encode())
    services.blobs.put(held_key(ids), PROMPTS[member].encode())
    with services.store.unit() as unit:
        unit.audit.add(
            "looked",
            job_id=ids,
            by=member,
            facts={},
            now=NOW,
            community_id="local",
            about=member,
        )
    return ids


def is_counted(column):
    return (
        column.primary_key
        and isinstance(column.type, sa.Integer | sa.BigInteger)
        and (column.autoincrement is not False)
    )


def value(table, column, member, ids):
    """Make up what stands in a column; who and what somebody wrote comes from the member."""
    is_written = column.name in WORDS or (table.name, column.name) in WRITTEN
    for is_it, made in (
        (column.name in PEOPLE, member),
        (column.name in NAMED, NAMES[member]),
        (is_written, PROMPTS[member]),
        (column.name == "community_id", "local"),
        (column.name == "channel_id", "general"),
    ):
        if is_it:
            return made
    kind = column.type.impl if isinstance(column.type, sa.TypeDecorator) else column.type
    if isinstance(column.type, sa.Enum):
        return next(iter(column.type.enum_class))
    for types, made in (
        (sa.DateTime, NOW),
        (sa.Date, date(2026, 11, 21)),
        (sa.Boolean, False),
        (sa.Integer | sa.BigInteger, 1 + (member == BOB)),
        (sa.Float, 1.0),
        (sa.JSON, {}),
        (sa.LargeBinary, ids.encode()),
    ):
        if isinstance(kind, types):
            return made
    return ids


def dump(services):
    """Read every row of every table, as text, by table."""
    with services.store._engines.reading.begin() as connection:
        return {
            table.name: [repr(row._asdict()) for row in connection.execute(sa.select(table))]
            for table in Base.metadata.sorted_tables
        }


def found(services, member):
    """Name the tables and files in which anything of a member is."""
    needles = (member, NAMES[member], PROMPTS[member])
    tables = {
        name
        for name, rows in dump(services).items()
        if any(needle in row for row in rows for needle in needles)
    }
    folder = services.settings.home / "blobs"
    files = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and PROMPTS[member].encode() in path.read_bytes()
    }
    return tables, files


def test_every_table_says_what_it_keeps_of_a_member():
    """A new table has a place in the list before anything is kept in it."""
    listed = {part.table.__tablename__ for part in PARTS}

    assert set(Base.metadata.tables) - listed - set(NOT_OF_MEMBERS) == set()
    assert listed.isdisjoint(NOT_OF_MEMBERS)


def test_nothing_of_an_erased_member_is_found_anywhere(services):
    """Not their id, their name or their words; and all of it was there before."""
    ids = fill(services, ADA)
    fill(services, BOB)
    before = found(services, BOB)
    rows = dump(services)
    assert found(services, ADA)[0] >= {part.table.__tablename__ for part in PARTS}
    assert len(found(services, ADA)[1]) == 4

    done = erasing.erase(services, actor(ADA))

    assert found(services, ADA) == (set(), set())
    assert found(services, BOB) == before
    kept = {name: [row for row in each if BOB in row] for name, each in rows.items()}
    after = dump(services)
    assert {name: [row for row in after[name] if BOB in row] for name in kept} == kept
    assert (done.requests, done.stays.is_anything) == (1, False)
    assert services.events.cleared == [ids]
    with services.store.reading() as unit:
        assert unit.audit.check().is_sound
        [deleted] = unit.audit.page("local", kind="data_deleted")
    assert deleted.by.startswith(GONE)
    assert deleted.facts["files"] == 3


def test_erasing_once_more_finds_nothing_to_do(services):
    """And leaves the chain whole."""
    fill(services, ADA)
    erasing.erase(services, actor(ADA))
    before = dump(services)

    done = erasing.erase(services, actor(ADA))

    assert (done.requests, done.files, done.rows) == (0, 0, 0)
    changed = {name for name, rows in dump(services).items() if rows != before[name]}
    assert changed == {"audit", "audit_head"}


@pytest.mark.parametrize(
    ("state", "ends"),
    [
        pytest.param(JobState.SCREENING, JobState.CANCELLED, id="screening"),
        pytest.param(JobState.QUEUED, JobState.CANCELLED, id="queued"),
        pytest.param(JobState.RUNNING, JobState.CANCELLED, id="running"),
        pytest.param(JobState.PROMPT_REVIEW, JobState.CANCELLED, id="held"),
        pytest.param(JobState.OUTPUT_REVIEW, JobState.WITHHELD, id="pictures held"),
        pytest.param(JobState.PUBLISHED, JobState.WITHHELD, id="published"),
        pytest.param(JobState.BLOCKED, JobState.BLOCKED, id="refused"),
    ],
)
@ON_SQLITE
def test_requests_end_wherever_they_stand(services, state, ends):
    """Who draws one is told to stop, and nobody is told anything with its words any more."""
    ids = fill(services, ADA, state=state)

    erasing.erase(services, actor(ADA))

    with services.store.reading() as unit:
        job = unit.jobs.get(ids)
        assert unit.notices._session.execute(sa.text("SELECT count(*) FROM notices")).scalar() == 0
    assert job.state is ends
    assert job.spec.is_forgotten
    assert services.events.cancelled == ([ids] if state is JobState.RUNNING else [])
    assert found(services, ADA) == (set(), set())


@ON_SQLITE
def test_a_legal_hold_on_the_member_keeps_everything(services):
    """And that they asked is on record."""
    fill(services, ADA)
    hold(services, member_id=ADA)
    before = found(services, ADA)

    done = erasing.erase(services, actor(ADA))

    assert done.stays.is_on_hold
    assert (done.requests, done.files) == (0, 0)
    assert found(services, ADA)[1] == before[1]
    with services.store.reading() as unit:
        assert len(unit.audit.page("local", kind="data_kept")) == 1


def test_a_legal_hold_on_a_request_keeps_that_one_with_its_files(services):
    """Everything else goes, and the answer says how many stay."""
    ids = fill(services, ADA)
    hold(services, job_id=ids)

    done = erasing.erase(services, actor(ADA))

    tables, files = found(services, ADA)
    assert (done.requests, done.stays.held_requests) == (0, 1)
    assert f"published/{ids}/{ids}.png" in files
    assert f"uploads/{ids}.png" not in files
    assert tables >= {"jobs", "pictures", "reviews", "features", "labels"}
    assert tables.isdisjoint({"member_settings", "consents", "named_styles", "uploads", "turns"})


@ON_SQLITE
def test_a_sanction_in_force_stays_until_it_ends(services):
    """Else a ban would be gone with a question; asking once more afterwards takes it too."""
    fill(services, ADA)
    sanctions = Base.metadata.tables["sanctions"]
    ends = services.clock() + timedelta(days=7)
    with services.store._engines.writing.begin() as connection:
        connection.execute(sanctions.update().values(lifted_at=None, expires_at=ends))

    done = erasing.erase(services, actor(ADA))
    then = found(services, ADA)
    services.clock.move(timedelta(days=8).total_seconds())
    again = erasing.erase(services, actor(ADA))

    assert done.stays.live_sanctions == 1
    assert then == ({"sanctions"}, set())
    assert again.stays.live_sanctions == 0
    assert found(services, ADA) == (set(), set())


@ON_SQLITE
def test_a_picture_that_is_finished_meanwhile_goes_as_well(services, monkeypatch):
    """Between the look at the files and the lock of the rows, a worker may have been quicker."""
    ids = fill(services, ADA)
    looked = erasing._files

    def and_then_drawn(services, member):
        found_files = looked(services, member)
        if not services.blobs.exists("published/late.png"):
            services.blobs.put("published/late.png", PROMPTS[ADA].encode())
            with services.store.unit() as unit:
                late = unit.pictures.of_job(ids)[0]
                fields = {"verify_id": "late", "index": 7, "blob": "published/late.png"}
                unit.pictures.add(late.model_copy(update=fields))
        return found_files

    monkeypatch.setattr(erasing, "_files", and_then_drawn)

    erasing.erase(services, actor(ADA))

    assert found(services, ADA) == (set(), set())


@ON_SQLITE
def test_requests_that_never_hold_still_are_given_up(services, monkeypatch):
    """After a few tries, and with every row as it was."""
    fill(services, ADA)
    monkeypatch.setattr(erasing, "_files", lambda _services, _member: ([], ["never/there"]))

    with pytest.raises(UserError) as caught:
        erasing.erase(services, actor(ADA))

    assert caught.value.code == "mydata_busy"
    assert found(services, ADA)[0] >= {part.table.__tablename__ for part in PARTS}


class Breaking(Blobs):
    """A store of files that goes away after one deletion."""

    left = 1

    def delete(self, key):
        if not self.left:
            raise Unavailable("blobs_away")
        self.left -= 1
        super().delete(key)


@ON_SQLITE
def test_what_broke_off_is_finished_by_doing_it_again(services):
    """The rows are still there to find the files by."""
    fill(services, ADA)
    broken = dataclasses.replace(services, blobs=Breaking(str(services.settings.home / "blobs")))

    with pytest.raises(Unavailable):
        erasing.erase(broken, actor(ADA))
    assert "jobs" in found(services, ADA)[0]
    erasing.erase(services, actor(ADA))
    broken.courier.close()

    assert found(services, ADA) == (set(), set())


def hold(services, **named):
    with services.store.unit() as unit:
        unit.holds.add("local", reason="case 7", by="cli:op", now=NOW, **named)


@ON_SQLITE
def test_a_members_data_elsewhere_is_another_matter(services):
    """The same id in another community keeps what it has."""
    fill(services, ADA)
    before = dump(services)

    done = erasing.erase(
        services, Actor(community_id="club", member_id=ADA, display_name=NAMES[ADA])
    )

    assert (done.requests, done.files, done.rows) == (0, 0, 0)
    changed = {name for name, rows in dump(services).items() if rows != before[name]}
    assert changed == {"audit", "audit_head"}


@ON_SQLITE
def test_a_label_is_verified_after_its_member_is_gone(services):
    """The registry keeps id, hashes and looks; what the picture showed is forgotten."""
    tree = FamilyTree(services.store, services.blobs)
    job_id = tree.request(pictures=2, member=ADA)
    tree.grid(job_id, "aa" * 8)
    others = tree.from_picture(job_id, member=BOB)
    [first, _] = tree.pictures(job_id)
    [kept] = tree.pictures(others)

    erasing.erase(services, actor(ADA))

    with services.store.reading() as unit:
        record = unit.registry.get(first.verify_id)
        assert unit.registry.by_sha256(first.sha256) is not None
        assert (record.sha256, record.fingerprints, record.job_id) == (first.sha256, LOOKS, job_id)
        assert unit.jobs.get(job_id).actor.member_id.startswith(GONE)
        shown = [
            unit.registry.thumbnail(each) for each in (first.verify_id, "aa" * 8, kept.verify_id)
        ]
    assert shown == [None, None, b"small"]
    assert LooksIndex(services.store).nearest(LOOKS)


@ON_SQLITE
def test_a_takedown_that_is_under_way_ends_when_who_began_it_is_gone(services):
    """It names nobody any more, and finds nothing of theirs."""
    tree = FamilyTree(services.store, services.blobs)
    root = tree.request(member=ADA)
    others = tree.from_picture(root, member=BOB)
    with services.store.unit() as unit:
        now = services.clock()
        begun = unit.takedowns.begin("local", root, by=ADA, only_of=ADA, reach=0, now=now)

    erasing.erase(services, actor(ADA))
    services.clock.move(3600)
    deleting.carrier(services).resume()

    with services.store.reading() as unit:
        ended = unit.takedowns.get(begun.takedown_id)
        assert unit.jobs.get(others).state is JobState.DELIVERED
    assert ended.ended_at is not None
    assert ended.by == ended.only_of
    assert ended.by.startswith(GONE)
