"""`easel audit` finds what was done to the record, and hands it out on the record."""

import json
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from core.settings import CoreSettings
from core.storage import Store

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def store(home):
    """The record of this home, with three rows."""
    opened = Store(CoreSettings().resolved_database_url)
    opened.migrate()
    for number in range(3):
        with opened.unit() as unit:
            unit.audit.add(
                "looked",
                job_id=None,
                by="web:ada",
                facts={"n": number},
                now=NOW.replace(day=20 + number),
                community_id="local",
            )
    yield opened
    opened.close()


def spoil(store):
    """Change a row as somebody with the database's password could."""
    with store._engines.writing.begin() as connection:
        connection.execute(text("UPDATE audit SET kind = 'x' WHERE audit_no = 2"))


def test_a_whole_record_is_said_to_be_whole(store, easel):
    """With its end, which an operator writes down."""
    with store.reading() as unit:
        anchor = unit.audit.anchor()

    told = easel("audit", "verify", "--expect", anchor.hash.upper())

    assert told.exit_code == 0
    assert told.stdout == (
        "3 chained rows are as they were written.\n"
        "The expected hash is in the chain.\n"
        f"Last sound row: 3, hash {anchor.hash}\n"
    )


def test_an_altered_row_is_named(store, easel):
    """And a script sees it by the exit code alone."""
    spoil(store)

    told = easel("audit", "verify")
    as_json = easel("audit", "verify", "--json")

    assert told.exit_code == as_json.exit_code == 1
    assert told.stdout.startswith("Row 2 does not follow from the row before it")
    found = json.loads(as_json.stdout)
    assert (found["is_sound"], found["fault"], found["fault_no"]) == (False, "altered", 2)


def test_a_hash_that_is_not_in_the_chain_is_a_fault(store, easel):
    """Though the chain by itself is whole."""
    told = easel("audit", "verify", "--expect", "ab" * 32)

    assert told.exit_code == 1
    assert "is NOT in the chain" in told.stdout


def test_an_export_is_lines_of_json_and_is_recorded(store, easel):
    """From a day on; what it holds can be verified without any salt."""
    told = easel("audit", "export", "--since", "2026-11-21")

    rows = [json.loads(line) for line in told.stdout.splitlines()]
    assert told.exit_code == 0
    assert [(row["kind"], row["by"]) for row in rows[:2]] == [("looked", "web:ada")] * 2
    assert (rows[2]["kind"], rows[2]["by"].partition(":")[0]) == ("audit_exported", "cli")
    assert all(len(row["by_sha256"]) == 64 for row in rows)
    assert "salt" not in told.stdout
    assert easel("audit", "verify").exit_code == 0


def test_an_export_of_one_community_leaves_the_others_out(store, easel):
    """Rows of no community too."""
    told = easel("audit", "export", "--community", "club")

    assert [json.loads(line)["kind"] for line in told.stdout.splitlines()] == ["audit_exported"]
