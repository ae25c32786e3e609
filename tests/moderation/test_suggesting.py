"""A refused job gets a rewrite that passes, once, and its author is told."""

from dataclasses import replace

import pytest

from core.contracts.actors import Platform
from core.contracts.ids import JobId
from core.workflow import JobState, NoticeKind, Outcome, TaskName
from moderation.engine import Gate, texts_of
from tests.moderation.test_engine import BrokenClassifier, ExplainingClassifier
from tests.moderation.test_tasks import (  # noqa: F401 - fixtures.
    NOW,
    job_for,
    queue,
    screening,
    signals,
    store,
    submit,
)


def refuse(where, gate, job):
    """Refuse a job by rules, as the front-end does."""
    verdict = gate.screen_rules(
        texts_of(job.spec), community_id=job.actor.community_id, job_id=job.job_id, now=NOW
    )
    with where.unit() as unit:
        unit.jobs.begin(job, Outcome.RULES_BLOCK, now=NOW, by="web:1")
        unit.verdicts.add(verdict)


def kept(where):
    with where.reading() as unit:
        return unit.rewrites.of(JobId("job1"))


def notices(where):
    with where.unit() as unit:
        return [each.kind for each in unit.notices.claim(Platform.WEB, "me", now=NOW, lease_s=9)]


def test_what_rules_refused_is_given_to_the_screening_queue(store, gate):  # noqa: F811
    refuse(store, gate, job_for("a naked woman on a beach"))

    with store.unit() as unit:
        (task,) = unit.outbox.due(now=NOW)
    assert (task.task, task.queue) == (TaskName.SUGGEST_REWRITE, "screening")


def test_a_rewrite_is_kept_and_told(store, gate, screening, signals):  # noqa: F811
    refuse(store, gate, job_for("a naked woman on a beach"))

    screening.suggest_rewrite("job1")

    assert kept(store).prompt == "a fully clothed woman on a beach"
    assert notices(store) == [NoticeKind.REFUSED]
    assert signals.woken == ["easel.wake.web"]


def test_a_second_delivery_tells_nobody_again(store, gate, screening, signals):  # noqa: F811
    refuse(store, gate, job_for("a naked woman on a beach"))

    screening.suggest_rewrite("job1")
    screening.suggest_rewrite("job1")

    assert notices(store) == [NoticeKind.REFUSED]
    assert len(signals.woken) == 1


def test_what_the_classifier_refuses_gets_one_too(store, policy, screening):  # noqa: F811
    submit(store, job_for("a quiet harbour with an axe and a stump, in fog"))
    reading = replace(screening, gate=Gate(policy, classifier=ExplainingClassifier()))

    reading.screen_prompt("job1")
    reading.suggest_rewrite("job1")

    with store.reading() as unit:
        assert unit.jobs.get(JobId("job1")).state is JobState.BLOCKED
    assert "axe" not in kept(store).prompt
    assert "quiet harbour" in kept(store).prompt


@pytest.mark.parametrize(
    "prompt",
    [
        pytest.param("a nude teenager on a beach", id="never of this category"),
        pytest.param("porn", id="nothing else was said"),
    ],
)
def test_where_there_is_none_nobody_is_told(store, gate, screening, signals, prompt):  # noqa: F811
    refuse(store, gate, job_for(prompt))

    screening.suggest_rewrite("job1")

    assert kept(store) is None
    assert (notices(store), signals.woken) == ([], [])


def test_nothing_is_offered_that_could_not_be_checked(store, gate, policy, screening):  # noqa: F811
    """With a classifier that fails, no proposal passes."""
    refuse(store, gate, job_for("a naked woman on a beach"))

    replace(screening, gate=Gate(policy, classifier=BrokenClassifier())).suggest_rewrite("job1")

    assert kept(store) is None


def test_a_job_that_is_not_refused_is_left_alone(store, screening, signals):  # noqa: F811
    submit(store, job_for("a red apple"))

    screening.suggest_rewrite("job1")
    screening.suggest_rewrite("nobody")

    assert kept(store) is None
    assert signals.woken == []


def test_a_command_that_has_ended_is_not_told(store, gate, screening, signals):  # noqa: F811
    """`easel imagine` ends with the refusal: a notice for it would wait for ever."""
    job = job_for("a naked woman on a beach")
    terminal = job.address.model_copy(update={"platform": Platform.CLI})
    refuse(store, gate, job.model_copy(update={"address": terminal}))

    screening.suggest_rewrite("job1")

    assert (kept(store), signals.woken) == (None, [])
    with store.reading() as unit:
        assert unit.notices.pending(Platform.CLI) == 0
