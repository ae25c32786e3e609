"""Hold the audit trail of both databases to: everything, in order, linked, and whole."""

import threading
from contextlib import suppress

import pytest
from sqlalchemy import text

from core.contracts.records import ERASED, Break
from core.workflow import JobState, Outcome
from tests.core.storage.samples import START, a_job, at
from tests.core.storage.test_concurrency import at_once


class _Undone(Exception):
    """Ends a unit whose changes are not to stay."""


def written(store, *kinds, by="web:ada"):
    """Add a row of each kind, one unit each."""
    for number, kind in enumerate(kinds):
        with store.unit() as unit:
            unit.audit.add(kind, job_id=None, by=by, facts={"n": number, "x": 0.1}, now=at(number))


def sql(store, *statements):
    """Do to the tables what nobody should."""
    with store._engines.writing.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def check(store, expected=None):
    """Hold the trail to its chain."""
    with store.reading() as unit:
        return unit.audit.check(expected)


def test_a_jobs_trail_comes_in_order_with_its_facts(store):
    """Facts keep their JSON types; what is not about the job stays out."""
    job = a_job()
    facts = {"verify_id": "ab12", "count": 2, "score": 0.5, "is_first": True, "note": None}
    with store.unit() as unit:
        unit.jobs.add(job)
        unit.audit.add("picture_deleted", job_id=job.job_id, by="web:ada", facts=facts, now=at(1))
        unit.audit.add("policy_loaded", job_id=None, by="system", facts={}, now=at(2))
        unit.audit.add("reported", job_id=job.job_id, by="web:bob", facts={}, now=at(1))

    with store.reading() as unit:
        trail = unit.audit.of_job(job.job_id)

    assert [(row.audit_no, row.kind, row.by, row.facts, row.at) for row in trail] == [
        (1, "picture_deleted", "web:ada", facts, at(1)),
        (3, "reported", "web:bob", {}, at(1)),
    ]


def test_a_rows_community_is_its_jobs(store):
    """Unless it is said; a row about no job has none."""
    job = a_job(community="club")
    with store.unit() as unit:
        unit.jobs.add(job)
    with store.unit() as unit:
        unit.audit.add("revealed", job_id=job.job_id, by="web:bob", facts={}, now=START)
        unit.audit.add("swept", job_id=None, by="system", facts={}, now=START)
        unit.audit.add(
            "pardoned", job_id=None, by="web:bob", facts={}, now=START, community_id="club"
        )

    with store.reading() as unit:
        rows = unit.audit.page("club")
        of_job = unit.audit.page("club", job_id=job.job_id)

    assert [row.kind for row in rows] == ["pardoned", "revealed"]
    assert [row.kind for row in of_job] == ["revealed"]


def test_a_page_goes_on_where_the_last_one_ended(store):
    """Newest first, by kind, and by whoever did it or had it done to them."""
    with store.unit() as unit:
        for number in range(5):
            unit.audit.add(
                "even" if number % 2 == 0 else "odd",
                job_id=None,
                by="web:bob" if number else "web:ada",
                facts={},
                now=START,
                community_id="local",
                about="web:ada" if number == 4 else None,
            )

    with store.reading() as unit:
        first = unit.audit.page("local", limit=3)
        rest = unit.audit.page("local", before_no=first[-1].audit_no, limit=3)
        even = unit.audit.page("local", kind="even")
        ada = unit.audit.page("local", member_id="web:ada")

    assert [row.audit_no for row in first + rest] == [5, 4, 3, 2, 1]
    assert [row.audit_no for row in even] == [5, 3, 1]
    assert [row.audit_no for row in ada] == [5, 1]


def test_a_unit_that_fails_leaves_no_row_and_no_gap(store):
    """The next row follows on the last one that was written."""
    written(store, "first")
    with suppress(_Undone), store.unit() as unit:
        unit.audit.add("lost", job_id=None, by="system", facts={}, now=START)
        raise _Undone
    written(store, "second")

    found = check(store)

    assert found.is_sound
    assert (found.rows, found.last_no, found.unchained) == (2, 2, 0)


def test_what_jobs_do_is_chained(store):
    """Steps, whoever takes them, and rows from elsewhere stand in one chain."""
    job = a_job()
    with store.unit() as unit:
        unit.jobs.begin(job, Outcome.RULES_PASS, now=START, by="web:ada")
    with store.unit() as unit:
        unit.jobs.advance(job.job_id, Outcome.PROMPT_ALLOW, now=at(1))
        unit.audit.add("looked", job_id=job.job_id, by="web:bob", facts={}, now=at(1))

    found = check(store)

    assert found.is_sound
    assert found.rows == 3


TAMPERED = [
    pytest.param(["UPDATE audit SET kind = 'x' WHERE audit_no = 3"], Break.ALTERED, 3, id="kind"),
    pytest.param(
        ["""UPDATE audit SET facts = '{"n": 2, "x": 0.2}' WHERE audit_no = 3"""],
        Break.ALTERED,
        3,
        id="facts",
    ),
    pytest.param(["UPDATE audit SET by = 'web:eve' WHERE audit_no = 3"], Break.ALTERED, 3, id="by"),
    pytest.param(
        ["UPDATE audit SET at = (SELECT at FROM audit WHERE audit_no = 1) WHERE audit_no = 3"],
        Break.ALTERED,
        3,
        id="at",
    ),
    pytest.param(
        ["UPDATE audit SET about = 'web:eve', about_salt = 'ab' WHERE audit_no = 3"],
        Break.ALTERED,
        3,
        id="about",
    ),
    pytest.param(
        ["UPDATE audit SET community_id = 'club' WHERE audit_no = 3"],
        Break.ALTERED,
        3,
        id="community",
    ),
    pytest.param(
        ["UPDATE audit SET by = '~eve', by_salt = NULL WHERE audit_no = 3"],
        Break.ALTERED,
        3,
        id="somebody else erased",
    ),
    pytest.param(
        ["UPDATE audit SET hash = NULL WHERE audit_no = 3"], Break.ALTERED, 3, id="unhashed"
    ),
    pytest.param(["DELETE FROM audit WHERE audit_no = 3"], Break.MISSING, 3, id="deleted"),
    pytest.param(["DELETE FROM audit WHERE audit_no = 1"], Break.MISSING, 1, id="first deleted"),
    pytest.param(
        [
            "DELETE FROM audit WHERE audit_no = 3",
            "UPDATE audit SET audit_no = 3 WHERE audit_no = 4",
            "UPDATE audit SET audit_no = 4 WHERE audit_no = 5",
            "UPDATE audit SET audit_no = 5 WHERE audit_no = 6",
            "UPDATE audit_head SET audit_no = 5",
        ],
        Break.MISSING,
        3,
        id="deleted, the gap closed",
    ),
    pytest.param(["DELETE FROM audit WHERE audit_no > 4"], Break.MISSING, 5, id="truncated"),
    pytest.param(["DELETE FROM audit"], Break.MISSING, 1, id="emptied"),
    pytest.param(
        [
            "UPDATE audit SET audit_no = 99 WHERE audit_no = 3",
            "UPDATE audit SET audit_no = 3 WHERE audit_no = 5",
            "UPDATE audit SET audit_no = 5 WHERE audit_no = 99",
        ],
        Break.REORDERED,
        3,
        id="swapped",
    ),
    pytest.param(
        [
            "UPDATE audit SET audit_no = 99 WHERE audit_no = 3",
            "UPDATE audit SET audit_no = 3 WHERE audit_no = 4",
            "UPDATE audit SET audit_no = 4 WHERE audit_no = 99",
        ],
        Break.REORDERED,
        3,
        id="neighbours swapped",
    ),
    pytest.param(
        [
            "UPDATE audit SET audit_no = audit_no + 100 WHERE audit_no > 2",
            "UPDATE audit SET audit_no = audit_no - 99 WHERE audit_no > 100",
            "INSERT INTO audit (audit_no, kind, by, facts, at, by_salt, hash) SELECT 3, 'forged', by, facts, at, by_salt, hash FROM audit WHERE audit_no = 1",
            "UPDATE audit_head SET audit_no = 7",
        ],
        Break.INSERTED,
        3,
        id="inserted, the rest moved up",
    ),
    pytest.param(
        [
            "INSERT INTO audit (audit_no, kind, by, facts, at) SELECT 7, 'forged', by, facts, at FROM audit WHERE audit_no = 1"
        ],
        Break.INSERTED,
        7,
        id="inserted at the end",
    ),
    pytest.param(
        [
            "INSERT INTO audit (audit_no, kind, by, facts, at) SELECT 0, 'forged', by, facts, at FROM audit WHERE audit_no = 1"
        ],
        Break.UNCHAINED,
        1,
        id="inserted before the beginning",
    ),
    pytest.param(["DELETE FROM audit_head"], Break.HEAD, 6, id="head deleted"),
    pytest.param(["UPDATE audit_head SET hash = 'ab'"], Break.HEAD, 6, id="head altered"),
]


def test_whatever_was_done_to_the_rows_is_found(store):
    """With what it was, and the number of the first wrong row."""
    written(store, *"abcdef")
    found = {}
    for case in TAMPERED:
        # One database for all: making each its own takes Postgres a second.
        with suppress(_Undone), store.unit() as unit:
            for statement in case.values[0]:
                unit.audit._session.execute(text(statement))
            report = unit.audit.check()
            found[case.id] = (report.fault, report.fault_no)
            assert not report.is_sound
            raise _Undone

    assert found == {case.id: case.values[1:] for case in TAMPERED}
    assert check(store).is_sound


def test_a_lost_end_is_not_papered_over_by_the_next_row(store):
    """The chain goes on, and says for ever that its end was gone."""
    written(store, *"abc")
    sql(store, "DELETE FROM audit WHERE audit_no = 3", "DELETE FROM audit_head")
    written(store, "d")

    found = check(store)

    assert (found.fault, found.fault_no) == (Break.HEAD, 3)


def test_a_foreign_row_keeps_nobody_from_writing(store):
    """It is stepped over, and found."""
    written(store, *"ab")
    sql(
        store,
        "INSERT INTO audit (audit_no, kind, by, facts, at)"
        " SELECT 3, 'forged', by, facts, at FROM audit WHERE audit_no = 1",
    )
    written(store, *"cd")

    found = check(store)

    assert (found.fault, found.fault_no) == (Break.INSERTED, 3)


def test_a_hash_from_outside_tells_a_chain_that_was_made_anew(store):
    """Whoever rewrites everything, head and all, cannot rewrite what was written down elsewhere."""
    written(store, *"abc")
    with store.reading() as unit:
        witness = unit.audit.anchor().hash
    assert check(store, witness).is_expected_found
    sql(store, "DELETE FROM audit", "DELETE FROM audit_head")
    written(store, *"abc")

    found = check(store, witness)

    assert found.fault is None
    assert found.is_expected_found is False
    assert not found.is_sound


def test_rows_from_before_the_chain_are_counted_and_no_more(store):
    """The chain begins after them, and says how many they were."""
    insert = (
        "INSERT INTO audit (audit_no, kind, by, facts, at)"
        " VALUES ({0}, 'old', 'system', '{{}}', '2026-01-01 00:00:00')"
    )
    sql(store, *(insert.format(number) for number in (1, 2, 5)))
    written(store, *"ab")

    found = check(store)
    sql(store, "DELETE FROM audit WHERE audit_no = 2")
    robbed = check(store)

    assert found.is_sound
    assert (found.unchained, found.rows, found.last_no) == (3, 3, 8)
    assert (robbed.fault, robbed.fault_no) == (Break.UNCHAINED, 6)


def test_an_erased_person_leaves_a_chain_that_verifies(store):
    """Their id is gone from the rows, with what it could be guessed by."""
    written(store, "a", "b")
    with store.unit() as unit:
        unit.audit.add(
            "pardoned",
            job_id=None,
            by="web:bob",
            facts={},
            now=START,
            community_id="local",
            about="web:ada",
        )

    with store.unit() as unit:
        assert unit.audit.erase("web:ada", "local") == 3

    found = check(store)
    with store.reading() as unit:
        rows = [row for row, _ in unit.audit.since(START)]
        raw = unit.audit._session.execute(text("SELECT * FROM audit")).all()
    assert found.is_sound
    assert found.erased == 3
    assert [row.by.startswith(ERASED) for row in rows] == [True, True, False]
    assert rows[2].about.startswith(ERASED)
    assert "web:ada" not in repr(raw)


def test_an_erasure_elsewhere_leaves_a_persons_rows_alone(store):
    """Members are told apart by community."""
    with store.unit() as unit:
        for community in ("local", "club"):
            unit.audit.add(
                "x", job_id=None, by="web:ada", facts={}, now=START, community_id=community
            )

    with store.unit() as unit:
        assert unit.audit.erase("web:ada", "club") == 1

    with store.reading() as unit:
        assert [row.by for row in unit.audit.page("local")] == ["web:ada"]


def test_eight_that_write_at_once_leave_one_chain(store, open_store):
    """Without a gap, whatever else each of them holds and in whatever order."""
    jobs = [a_job(JobState.NEW) for _ in range(2)]
    with store.unit() as unit:
        for job in jobs:
            unit.jobs.add(job)

    def write(own, number):
        first, second = jobs if number % 2 else jobs[::-1]
        for turn in range(10):
            with own.unit() as unit:
                unit.jobs.set_address(first.job_id, first.address)
                # About a job that another writer may hold at this moment.
                for job in (first, second):
                    unit.audit.add(
                        "x", job_id=job.job_id, by=f"web:{number}", facts={"n": turn}, now=START
                    )

    at_once(open_store, 8, write)

    found = check(store)
    assert found.is_sound
    assert (found.rows, found.last_no) == (160, 160)


def test_the_first_writers_begin_one_chain(open_store, store):
    """Nobody has locked the end before it was made."""
    gate = threading.Barrier(8)

    def write(own, number):
        with own.unit() as unit:
            unit.audit.add("x", job_id=None, by=f"web:{number}", facts={}, now=START)
            if not own._engines.is_sqlite:  # There, nobody else is in a unit meanwhile.
                gate.wait(30)

    at_once(open_store, 8, write)

    found = check(store)
    assert found.is_sound
    assert found.last_no == 8
