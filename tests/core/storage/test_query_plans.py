"""Hold the queries of every minute to their indexes: none reads the whole history.

SQLite's plans stand for both: it names an index or says SCAN whatever the tables' sizes are.
"""

from datetime import timedelta

import pytest
from sqlalchemy import event

from core.contracts.actors import Platform
from core.contracts.policies import Scope
from core.contracts.reviews import ReviewFilter, ReviewOrder
from core.storage import Store
from core.workflow import JobState, Outcome, TaskName
from tests.core.storage.samples import START, a_job, a_picture, a_verdict

PLACE = Scope(community_id="local", channel_id="general")

QUERIES = {
    "place": lambda unit, job_id: unit.jobs.place(job_id),
    "places of many": lambda unit, job_id: unit.jobs.places([job_id, *map(str, range(9))]),
    "take_next": lambda unit, _: unit.jobs.take_next(["q", "r"], "w", START, now=START),
    "tickets_needed": lambda unit, _: unit.jobs.tickets_needed("q"),
    "turn": lambda unit, _: unit.turns.take("local", "web:ada", now=START),
    "waiting": lambda unit, _: unit.usage.waiting("local", "web:ada"),
    "waiting by price": lambda unit, _: unit.usage.waiting_gpu_s("local"),
    "drawn for a member": lambda unit, _: unit.usage.drawn_gpu_s("local", START.date(), "web:ada"),
    "drawn for a community": lambda unit, _: unit.usage.drawn_gpu_s("local", START.date()),
    "a drawn picture": lambda unit, job_id: unit.pictures.add(a_picture(job_id, 1)),
    "pace": lambda unit, _: unit.usage.pace("easel-small"),
    "use of a draft": lambda unit, _: unit.drafts.use("d", START),
    "recent": lambda unit, _: unit.jobs.recent("local"),
    "recent in a channel": lambda unit, _: unit.jobs.recent("local", channel_id="general"),
    "recent of a member": lambda unit, _: unit.jobs.recent("local", member_id="web:ada"),
    "history of a member": lambda unit, _: unit.jobs.recent(
        "local", member_id="web:ada", states=[JobState.FAILED], limit=11, offset=20
    ),
    "settings of a member": lambda unit, _: unit.settings.get("local", "web:ada"),
    "settings with styles": lambda unit, _: unit.settings.with_styles("local", "web:ada"),
    "styles of a member": lambda unit, _: unit.styles.of_member("local", "web:ada"),
    "favourites of a member": lambda unit, _: unit.favourites.of_member(
        "local", "web:ada", states=[JobState.DELIVERED], limit=11, offset=20
    ),
    "uploads of an hour": lambda unit, _: unit.uploads.count_since("local", "web:ada", START),
    "uploads to forget": lambda unit, _: unit.uploads.standing_before(START, limit=9),
    "marked of some": lambda unit, _: unit.favourites.marked("local", "web:ada", ["0" * 16]),
    "with_expired_lease": lambda unit, _: unit.jobs.with_expired_lease(START),
    "stalled": lambda unit, _: unit.jobs.stalled(JobState.QUEUED, START),
    "due": lambda unit, _: unit.outbox.due(now=START),
    "last_sent_at": lambda unit, job_id: unit.outbox.last_sent_at(job_id, TaskName.GENERATE),
    "claim": lambda unit, _: unit.notices.claim(Platform.WEB, "d", now=START, lease_s=9),
    "claim of a job": lambda unit, job_id: unit.notices.claim(
        Platform.WEB, "d", now=START, lease_s=9, job_id=job_id
    ),
    "pending": lambda unit, _: unit.notices.pending(Platform.WEB),
    "verdicts of a job": lambda unit, job_id: unit.verdicts.of_job(job_id),
    "pictures of a job": lambda unit, job_id: unit.pictures.of_job(job_id),
    "what a request goes on from": lambda unit, job_id: unit.lineage.above(job_id),
    "what went on from requests": lambda unit, job_id: unit.lineage.below(
        "local", [job_id, *map(str, range(9))], limit=9
    ),
    "looks of the last minutes": lambda unit, _: unit.registry.known_since(
        START, after="0" * 16, limit=9
    ),
    "thumbnails to forget": lambda unit, _: unit.registry.forget_thumbnails(["0" * 16]),
    "take-downs under way": lambda unit, _: unit.takedowns.unfinished(START, limit=9),
    "picture by its bytes": lambda unit, _: unit.pictures.by_sha256("cd" * 32),
    "audit of a job": lambda unit, job_id: unit.audit.of_job(job_id),
    "reports of a job": lambda unit, job_id: unit.reports.of_job(job_id),
    "policy revision": lambda unit, _: unit.policies.revision(),
    "policies in force": lambda unit, _: unit.policies.chain(PLACE),
    "policy versions": lambda unit, _: unit.policies.versions(PLACE),
    "next policy version": lambda unit, _: unit.policies.next_number(PLACE),
    "policy events": lambda unit, _: unit.policies.events(PLACE),
    "features to replay": lambda unit, _: list(unit.features.since("local", START)),
    "features to forget": lambda unit, _: unit.features.forget_before("local", START, limit=9),
    "words to forget": lambda unit, _: unit.forgetting.words_before(
        "local", START, now=START, limit=9
    ),
    "verdicts to forget": lambda unit, _: unit.forgetting.verdicts_before("local", START, limit=9),
    "pictures to forget": lambda unit, _: unit.forgetting.pictures_before("local", START, limit=9),
    "pictures decided against": lambda unit, _: unit.forgetting.pictures_decided_against(
        START, limit=9
    ),
    "pictures undecided": lambda unit, _: unit.forgetting.pictures_undecided(
        "local", START, limit=9
    ),
    "messages to forget": lambda unit, _: unit.forgetting.chat_before("local", START, limit=9),
    "tombstones": lambda unit, _: unit.forgetting.tombstones_before("local", START, START, limit=9),
    "features of a job": lambda unit, job_id: unit.features.of_job(job_id),
    "labels of a member": lambda unit, _: unit.labels.forget_member("local", "web:ada"),
    "labels to forget": lambda unit, _: unit.labels.forget_before(START),
    "features of a member": lambda unit, _: unit.features.forget_member("local", "web:ada"),
    "disagreements": lambda unit, _: unit.features.disagreements("local", "v"),
    "tallies of what is in shadow": lambda unit, _: unit.shadows.tallies("local"),
    "disagreements to forget": lambda unit, _: unit.features.forget_disagreements(START),
    "review queue": lambda unit, _: unit.reviews.page("local", ReviewFilter(), now=START),
    "newest reviews": lambda unit, _: unit.reviews.page(
        "local", ReviewFilter(states=frozenset()), ReviewOrder.NEWEST, now=START
    ),
    "reviews of a job": lambda unit, job_id: unit.reviews.of_job(job_id),
    "live review of a job": lambda unit, job_id: unit.reviews.locked_of_job(job_id),
    "reviews of a member": lambda unit, _: unit.reviews.of_member("local", "web:ada"),
    "review outcomes": lambda unit, _: unit.reviews.outcomes_of_member("local", "web:ada"),
    "reviews alike": lambda unit, _: unit.reviews.alike("local", "ab" * 32),
    "pictures in review": lambda unit, _: unit.reviews.hashed("local"),
    "counts of reviews": lambda unit, _: unit.reviews.counts("local"),
    "reviews to settle": lambda unit, _: unit.reviews.due_effects(START),
    "reviews that lapse": lambda unit, _: unit.reviews.lapsing(START),
    "held jobs without a review": lambda unit, _: unit.reviews.orphans(),
    "what limits a member": lambda unit, _: unit.sanctions.limiting("local", "web:ada", now=START),
    "sanctions of a member": lambda unit, _: unit.sanctions.live_of("local", "web:ada", now=START),
    "recent sanctions": lambda unit, _: unit.sanctions.recent(
        "local", limit=9, before=(START, "s")
    ),
    "automatic sanctions": lambda unit, _: unit.sanctions.automatic_since("local", START, limit=9),
    "sanction notices": lambda unit, _: unit.sanction_notices.claim(
        Platform.WEB, "d", now=START, lease_s=9
    ),
    "sanction notices due": lambda unit, _: unit.sanction_notices.is_due(Platform.WEB, now=START),
    "a member by id": lambda unit, _: unit.members.get("local", "web:ada"),
    "members by name": lambda unit, _: unit.members.recent("local"),
    "recent chat": lambda unit, _: unit.chat.recent("general", viewer="web:ada"),
    "changes": lambda unit, _: unit.chat.changes_after("general", 5, viewer="web:ada"),
}


@pytest.fixture(scope="module")
def history(tmp_path_factory):
    """A store where much was done and little is left to do."""
    store = Store(f"sqlite:///{tmp_path_factory.mktemp('history') / 'easel.db'}")
    store.migrate()
    for number in range(50):
        now = START + timedelta(seconds=number)
        job = a_job(created_at=now)
        with store.unit() as unit:
            unit.jobs.add(job)
            unit.verdicts.add(a_verdict(job.job_id))
            unit.jobs.advance(job.job_id, Outcome.RULES_REVIEW, now=now)
            unit.jobs.advance(job.job_id, Outcome.APPROVED, now=now)
            unit.pictures.add(a_picture(job.job_id))
            unit.outbox.mark_sent([number], now=now)
            while told := unit.notices.claim(
                Platform.WEB, "d", now=now, lease_s=9, job_id=job.job_id
            ):
                for notice in told:
                    unit.notices.ack(notice.notice_id, "d", now=now)
    yield store, job.job_id
    store.close()


def plans_of(store, ask):
    """Run a question and let SQLite explain each statement that it made."""
    calls = []

    def note(_connection, _cursor, statement, parameters, _context, _many):
        if statement.startswith(("SELECT", "INSERT", "UPDATE", "DELETE")):
            calls.append((statement, parameters))

    event.listen(store._engines.writing, "before_cursor_execute", note)
    try:
        with store.unit() as unit:
            ask(unit)
    finally:
        event.remove(store._engines.writing, "before_cursor_execute", note)
    with store._engines.reading.begin() as connection:
        return [
            row[3]
            for statement, parameters in calls
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]


@pytest.mark.parametrize("ask", [pytest.param(ask, id=name) for name, ask in QUERIES.items()])
def test_a_query_reads_by_an_index_and_not_the_history(history, ask):
    """No full scan; an ordered walk over what an index found, or over a partial index, is none."""
    store, job_id = history

    plans = plans_of(store, lambda unit: ask(unit, job_id))

    found_by_index = ("ix_outbox_due", "SCAN (subquery", "SCAN asked", "SCAN CONSTANT ROW")
    scans = [
        plan
        for plan in plans
        if "SCAN" in plan and not any(part in plan for part in found_by_index)
    ]
    assert plans
    assert scans == []


def test_the_check_itself_sees_a_scan(history):
    """Counting every job reads the whole index, and shows as that."""
    store, _ = history

    plans = plans_of(store, lambda unit: unit.jobs.counts())

    assert any("SCAN" in plan for plan in plans)
