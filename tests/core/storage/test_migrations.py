"""Hold the migrations to the tables that the code believes in."""

import subprocess
import sys
from datetime import timedelta

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import event, inspect, text

from core.contracts.registry import MarkFacts, MarkState
from core.storage import Store
from core.storage.migrations.versions import r0003_drawn_days, r0011_registry
from core.storage.models import Base
from tests.core.storage.samples import START, a_job, a_picture

MIGRATOR = """
import sys
from core.contracts.registry import MarkFacts, MarkState
from core.storage import Store
store = Store(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
store.migrate()
store.close()
print("done", flush=True)
"""
"""A process that migrates when it is told to."""


@pytest.fixture
def database_url(empty_database_url):
    """These tests start where nobody has migrated."""
    return empty_database_url


@pytest.fixture
def store(open_store):
    """A store that was migrated here."""
    store = open_store()
    store.migrate()
    return store


def tables(store):
    """List the tables that are there."""
    with store._engines.reading.begin() as connection:
        return set(inspect(connection).get_table_names())


def test_the_migrations_make_the_tables_of_the_models(store):
    """Autogenerate finds nothing to add, to drop or to change."""
    with store._engines.reading.begin() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})

        assert compare_metadata(context, Base.metadata) == []


def test_a_second_migration_finds_nothing_to_do(store, open_store):
    """And keeps what was written."""
    with store.unit() as unit:
        unit.chat.put(
            key="k",
            community_id="local",
            channel_id="general",
            audience=None,
            author="Ada",
            author_id=None,
            kind="member",
            body="kept",
            job_id=None,
            now=START,
        )

    open_store().migrate()

    with store.reading() as unit:
        assert unit.chat.get("k").body == "kept"


def test_a_migration_that_breaks_off_leaves_no_table(open_store):
    """The next one starts from a clean slate."""
    store = open_store()

    def break_off(_connection, _cursor, statement, *_rest):
        if "CREATE TABLE verdicts" in statement:
            raise KeyboardInterrupt

    event.listen(store._engines.writing, "before_cursor_execute", break_off)
    with pytest.raises(KeyboardInterrupt):
        store.migrate()
    assert tables(store) == set()

    event.remove(store._engines.writing, "before_cursor_execute", break_off)
    store.migrate()

    assert tables(store) == {*Base.metadata.tables, "alembic_version"}


def test_days_drawn_before_they_were_added_up_are_brought_in(store):
    """By community, day in UTC and member, as they would have been added up one by one."""
    late = START.replace(hour=23, minute=59)
    for member, gpu_s, moment in (
        ("web:ada", 2.0, START),
        ("web:ada", 0.0, late),
        ("web:ada", 8.0, late + timedelta(minutes=2)),
        ("web:bob", 16.0, START),
    ):
        job = a_job(member=member)
        with store.unit() as unit:
            unit.jobs.add(job)
            picture = a_picture(job.job_id, gpu_s=gpu_s, duration_s=0.5, created_at=moment)
            unit.pictures.add(picture)
    read = text("SELECT community_id, day, member_id, gpu_s FROM drawn_days ORDER BY day, gpu_s")
    with store._engines.writing.begin() as connection:
        one_by_one = connection.execute(read).all()
        connection.execute(text("DROP TABLE drawn_days"))
        with Operations.context(MigrationContext.configure(connection)):
            r0003_drawn_days.upgrade()

        assert connection.execute(read).all() == one_by_one
    assert [gpu_s for *_, gpu_s in one_by_one] == [2.5, 16.0, 8.0]


def test_pictures_from_before_the_registry_have_their_rows(store):
    """By which they are handed out and known again by their bytes; nothing more is claimed."""
    job = a_job()
    picture = a_picture(job.job_id)
    with store.unit() as unit:
        unit.jobs.add(job)
        unit.pictures.add(picture)

    with (
        store._engines.writing.begin() as connection,
        Operations.context(MigrationContext.configure(connection)),
    ):
        r0011_registry.bring_in()

    with store.reading() as unit:
        record = unit.registry.by_sha256(picture.sha256)
        assert (record.verify_id, record.job_id) == (picture.verify_id, job.job_id)
        assert (record.created_at, record.size_bytes) == (picture.created_at, picture.size_bytes)
        assert record.mark == MarkFacts(state=MarkState.OFF)
        assert record.fingerprints is None
        assert record.ingredients == record.downgrades == ()


def test_four_processes_may_migrate_at_once(database_url, open_store):
    """All of them end well, and the tables are there once."""
    command = [sys.executable, "-W", "error", "-c", MIGRATOR, database_url]
    processes = [
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()

    ended = [process.communicate(timeout=60) for process in processes]

    assert ended == [("done\n", "")] * 4
    assert [process.returncode for process in processes] == [0] * 4
    store = open_store()
    assert tables(store) == {*Base.metadata.tables, "alembic_version"}
    with store._engines.reading.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM alembic_version")).scalar() == 1


def test_a_path_with_a_percent_sign_is_no_obstacle(tmp_path):
    """Alembic's settings would read it as a reference."""
    store = Store(f"sqlite:///{tmp_path / '100%25 %(here)s' / 'easel.db'}")

    store.migrate()

    assert "jobs" in tables(store)
    store.close()
