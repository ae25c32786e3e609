"""`/transparency` tells everybody what moderation did, and of nobody what was done to them."""

import pytest

from bot.replies import ReplyKind, Visibility
from bot.usecases import commands
from core.contracts.reviews import ReviewKind, ReviewState, Ruling
from core.contracts.sanctions import Sanction, SanctionId, SanctionKind
from core.workflow import JobState
from tests.core.storage.samples import a_job, a_review, a_verdict

DAY = 24 * 3600.0
WAIT = 1200.0


@pytest.fixture
def typed(services, ada, address):
    def run(rest=""):
        return commands.run(services, ada, f"/transparency {rest}".strip(), address)

    return run


def refuse(services, members, category, ruling=None):
    """Refuse a request of each member, of which each appeals; one person decides all."""
    now = services.clock()
    with services.store.unit() as unit:
        for member in members:
            job = a_job(JobState.BLOCKED, member=member, created_at=now)
            unit.jobs.add(job)
            unit.verdicts.add(
                a_verdict(job.job_id, category=category, decision="block", decided_at=now)
            )
            item = a_review(
                job,
                kind=ReviewKind.APPEAL,
                category=category,
                state=ReviewState.SETTLED,
                ruling=ruling,
                opened_at=now,
                decided_at=now.fromtimestamp(now.timestamp() + WAIT, now.tzinfo),
                closed_at=now,
            )
            unit.reviews.open(item)


def test_counts_are_told_by_category_and_small_ones_are_not(services, typed, clock):
    """In the policy's own words, with the rate and the median wait."""
    refuse(services, ["web:a", "web:b", "web:c"], "gore_graphic", Ruling.APPROVE)
    refuse(services, ["web:a", "web:a", "web:b"], "sexual_explicit", Ruling.REJECT)
    with services.store.unit() as unit:
        for number, member in enumerate(["web:a", "web:b", "web:c"]):
            unit.sanctions.add(
                Sanction(
                    sanction_id=SanctionId(f"s{number}"),
                    community_id="local",
                    member_id=member,
                    kind=SanctionKind.STRIKE,
                    reason="x",
                    by="system",
                    by_name="",
                    at=clock(),
                )
            )
    clock.move(DAY)

    reply = typed()

    titles = services.gate.policy.categories
    assert (reply.kind, reply.visibility) == (ReplyKind.CARD, Visibility.PUBLIC)
    assert reply.title == "How this community was moderated: the last 30 days"
    assert reply.lines[0].startswith("6 requests up to ")
    assert {field.name: field.value for field in reply.fields} == {
        titles["gore_graphic"].title: "3 requests · 3 refused · 3 appealed · 3 overturned · "
        "100% of answered appeals overturned · a person decided within 20 min (median)",
        titles["sexual_explicit"].title: "a few requests · a few refused · a few appealed",
        "Sanctions": "strike: 3",
    }


def test_today_is_not_counted_before_it_is_over(services, typed, clock):
    """Whoever asks before and after a decision learns nothing of it."""
    before = typed()
    refuse(services, ["web:a", "web:b", "web:c"], "gore_graphic")

    assert typed() == before
    clock.move(DAY)
    assert typed("week") != before
    clock.move(8 * DAY)
    assert typed("week").lines[1] == "Nothing was found in any of them."
    assert len(typed("month").fields) == 2


def test_a_slip_is_met_with_what_there_is(typed):
    reply = typed("quater")

    assert reply.kind is ReplyKind.ERROR
    assert reply.title == "There is no /transparency quater"
