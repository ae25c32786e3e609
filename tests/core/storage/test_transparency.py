"""Counts by category are those of the record, in as many queries however much is stored."""

from dataclasses import dataclass

import pytest
from sqlalchemy import event

from core.contracts.reviews import ReviewKind, ReviewState, Ruling
from core.contracts.sanctions import Sanction, SanctionId, SanctionKind
from core.contracts.transparency import CategoryTally, Tally
from core.contracts.verdicts import Decision
from core.workflow import JobState
from tests.core.storage.samples import a_job, a_review, a_verdict, at

HOUR = 3600.0
GORE, HATE = "gore_graphic", "hate_speech"


@dataclass(frozen=True)
class Case:
    """One request and what became of it."""

    member: str
    category: str = GORE
    decision: Decision = Decision.BLOCK
    reviews: tuple[dict, ...] = ()
    at_s: float = 0
    community: str = "local"


def appeal(ruling=None, state=ReviewState.SETTLED, wait_s=60.0, opened_s=0.0):
    """Say what a review item of an appeal is like."""
    decided = {} if ruling is None else {"ruling": ruling, "decided_at": at(opened_s + wait_s)}
    closed = {} if state is ReviewState.OPEN else {"closed_at": at(opened_s + 9 * HOUR)}
    return {"kind": ReviewKind.APPEAL, "state": state, **decided, **closed}


def keep(store, cases):
    with store.unit() as unit:
        for case in cases:
            job = a_job(
                JobState.BLOCKED,
                member=case.member,
                community=case.community,
                created_at=at(case.at_s),
            )
            unit.jobs.add(job)
            fields = {"decision": case.decision, "category": case.category}
            for _ in range(2):  # By the rules, and then by the classifier: one request.
                verdict = a_verdict(job.job_id, decided_at=at(case.at_s), **fields)
                unit.verdicts.add(verdict.model_copy(update={"community_id": case.community}))
            for review in case.reviews:
                unit.reviews.open(a_review(job, case.at_s, **{"category": case.category, **review}))


def counted(store, since_s=0.0, until_s=24 * HOUR):
    with store.reading() as unit:
        return unit.transparency.between("local", at(since_s), at(until_s))


def test_each_category_has_its_counts(store):
    """Requests once each; appeals and what became of them; the median wait; lapsed items."""
    held = {"kind": ReviewKind.HELD_PROMPT}
    keep(
        store,
        [
            Case("web:a", reviews=(appeal(Ruling.APPROVE, wait_s=60),)),
            Case("web:b", reviews=(appeal(Ruling.REJECT, wait_s=600),)),
            Case("web:c", reviews=(appeal(Ruling.REJECT, wait_s=120),)),
            Case("web:c", reviews=(appeal(state=ReviewState.LAPSED),)),
            Case("web:c", reviews=(appeal(Ruling.APPROVE, state=ReviewState.OPEN, wait_s=120),)),
            Case("web:a", HATE, Decision.REVIEW, (held,)),
            Case("web:a", HATE, Decision.REVIEW, ({"kind": ReviewKind.REPORT},)),
        ],
    )

    found = counted(store)

    assert found.requests == Tally(count=7, members=3)
    assert found.categories == (
        CategoryTally(
            category=GORE,
            requests=Tally(count=5, members=3),
            refused=Tally(count=5, members=3),
            appealed=Tally(count=5, members=3),
            answered=Tally(count=3, members=3),
            overturned=Tally(count=1, members=1),
            lapsed=Tally(count=1, members=1),
            waits=Tally(count=4, members=3),
            wait_s=120.0,
        ),
        CategoryTally(
            category=HATE,
            requests=Tally(count=2, members=1),
            held=Tally(count=1, members=1),
        ),
    )


def test_only_the_period_and_the_community_are_counted(store):
    """From the first moment on, and before the last."""
    keep(
        store,
        [
            Case("web:a", at_s=-1, reviews=(appeal(Ruling.APPROVE),)),
            Case("web:b", at_s=0),
            Case("web:c", at_s=24 * HOUR, reviews=(appeal(Ruling.APPROVE),)),
            Case("web:d", community="club", reviews=(appeal(Ruling.APPROVE),)),
        ],
    )

    found = counted(store)

    assert found.requests == Tally(count=1, members=1)
    assert found.categories == (
        CategoryTally(
            category=GORE,
            requests=Tally(count=1, members=1),
            refused=Tally(count=1, members=1),
        ),
    )


def test_sanctions_are_counted_by_kind(store):
    """Whoever gave them; those of others, and older ones, are not."""
    with store.unit() as unit:
        for number, (kind, member, when, community) in enumerate(
            [
                (SanctionKind.STRIKE, "web:a", 0, "local"),
                (SanctionKind.STRIKE, "web:a", 1, "local"),
                (SanctionKind.BAN, "web:b", 2, "local"),
                (SanctionKind.BAN, "web:b", -1, "local"),
                (SanctionKind.BAN, "web:b", 2, "club"),
            ]
        ):
            unit.sanctions.add(
                Sanction(
                    sanction_id=SanctionId(f"s{number}"),
                    community_id=community,
                    member_id=member,
                    kind=kind,
                    reason="x",
                    by="system",
                    by_name="",
                    at=at(when),
                )
            )

    assert counted(store).sanctions == {
        SanctionKind.STRIKE: Tally(count=2, members=1),
        SanctionKind.BAN: Tally(count=1, members=1),
    }


@pytest.mark.parametrize(("count", "members", "shown"), [(0, 0, 0), (9, 2, None), (3, 3, 3)])
def test_a_number_of_few_members_is_not_told(count, members, shown):
    """However large it is; none is nobody's."""
    assert Tally(count=count, members=members).shown == shown


def test_a_rate_is_told_only_where_its_parts_may_be():
    """Else it would give away what is left out."""
    few, many = Tally(count=1, members=1), Tally(count=4, members=3)

    def rate(answered, overturned):
        return CategoryTally(category=GORE, answered=answered, overturned=overturned).reversal_rate

    assert rate(many, few) is None
    assert rate(few, few) is None
    assert rate(Tally(), Tally()) is None
    assert rate(many, Tally()) == 0
    assert rate(Tally(count=8, members=8), many) == 0.5


def test_the_number_of_queries_does_not_grow(store):
    """Five, for three requests as for none."""
    counts = []
    for _ in range(2):
        seen = []

        def note(_connection, _cursor, statement, *_rest, seen=seen):
            seen.append(statement)

        engine = store._engines.reading
        event.listen(engine, "before_cursor_execute", note)
        counted(store)
        event.remove(engine, "before_cursor_execute", note)
        counts.append(len([each for each in seen if each.startswith("SELECT")]))
        keep(store, [Case(f"web:{number}", reviews=(appeal(Ruling.APPROVE),)) for number in "abc"])

    assert counts == [5, 5]
