"""Walk the whole workflow table: what must never be reachable is not, what must end can end."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import IllegalStep
from core.workflow import (
    FINAL,
    MAX_ATTEMPTS,
    PRIVATE,
    TABLE,
    WAITING,
    JobState,
    NoticeKind,
    Outcome,
    TaskName,
    advance,
)

ROWS = list(TABLE.items())
MISSING = [
    (state, outcome) for state in JobState for outcome in Outcome if (state, outcome) not in TABLE
]
PROMPT_CLEARANCES = {
    (JobState.SCREENING, Outcome.PROMPT_ALLOW),
    (JobState.PROMPT_REVIEW, Outcome.APPROVED),
}
OUTPUT_CLEARANCES = {
    (JobState.RUNNING, Outcome.OUTPUT_ALLOW),
    (JobState.OUTPUT_REVIEW, Outcome.APPROVED),
}

Walk = tuple[tuple[JobState, Outcome], ...]


def exits(state: JobState) -> list[tuple[Outcome, JobState]]:
    return [(outcome, step.state) for (source, outcome), step in ROWS if source is state]


def reachable_from(start: JobState) -> set[JobState]:
    seen, ahead = {start}, [start]
    while ahead:
        for _, target in exits(ahead.pop()):
            if target not in seen:
                seen.add(target)
                ahead.append(target)
    return seen


def paths(state: JobState = JobState.NEW, taken: Walk = ()) -> Iterator[Walk]:
    """Yield every walk from NEW that takes no row twice; a repeated row clears nothing new."""
    yield taken
    for outcome, target in exits(state):
        row = (state, outcome)
        if row not in taken:
            yield from paths(target, (*taken, row))


PATHS = list(paths())


def test_the_table_has_the_size_that_its_documents_say():
    """A row added or lost is a decision, and must show here."""
    assert len(JobState) == 13
    assert len(TABLE) == 29


def test_every_state_can_be_reached():
    """A state that nothing leads to is a mistake in the table."""
    assert reachable_from(JobState.NEW) == set(JobState)


def test_every_outcome_and_notice_and_task_is_used():
    """A name without a row would be a promise that nothing keeps."""
    assert {outcome for _, outcome in TABLE} == set(Outcome)
    reports = {NoticeKind.REPORT_KEPT, NoticeKind.REPORT_TAKEN_DOWN}  # They concern others.
    assert {step.notice for step in TABLE.values()} - {None} == set(NoticeKind) - PRIVATE
    assert {step.aside for step in TABLE.values()} - {None} == PRIVATE - reports
    assert {step.task for step in TABLE.values()} - {None} == set(TaskName)


@pytest.mark.parametrize("state", sorted(set(JobState) - FINAL))
def test_every_state_that_is_not_final_has_an_exit(state):
    """No job can get stuck by the table itself."""
    assert exits(state)


@pytest.mark.parametrize("state", sorted(WAITING))
def test_every_wait_can_end(state):
    """Whoever waits for an answer can get each kind: a picture, or a plain no."""
    ends = reachable_from(state) & FINAL

    assert JobState.DELIVERED in ends
    assert ends - {JobState.DELIVERED}


@pytest.mark.parametrize("state", sorted(WAITING))
def test_every_wait_can_end_without_its_author(state):
    """A wait that only its author could end might last for ever."""
    others = [target for outcome, target in exits(state) if outcome is not Outcome.CANCELLED]

    assert others


@pytest.mark.parametrize("state", sorted(FINAL))
def test_only_people_move_a_final_job(state):
    """A take-down or an appeal; no process touches it by itself."""
    assert {outcome for outcome, _ in exits(state)} <= {Outcome.TAKEN_DOWN, Outcome.APPEALED}


def test_a_state_is_waiting_or_final_or_a_moments_passage():
    """NEW lives within one transaction, PUBLISHED until its delivery."""
    assert not WAITING & FINAL
    assert set(JobState) - WAITING - FINAL == {JobState.NEW, JobState.PUBLISHED}


def test_the_walk_is_exhaustive():
    """Every row lies on some path, so what holds for all paths holds for the table."""
    assert {row for path in PATHS for row in path} == set(TABLE)


def test_no_picture_is_drawn_without_a_cleared_prompt():
    """On every path, each task to generate comes at or after a clearance of the prompt."""
    for path in PATHS:
        for index, row in enumerate(path):
            if TABLE[row].task is TaskName.GENERATE:
                assert PROMPT_CLEARANCES & set(path[: index + 1]), path


def test_an_appeal_is_not_a_clearance():
    """A refused prompt is drawn only once a moderator approved it after the appeal."""
    appealed = (JobState.BLOCKED, Outcome.APPEALED)
    for path in PATHS:
        if appealed in path:
            after = path[path.index(appealed) + 1 :]
            if any(TABLE[row].task is TaskName.GENERATE for row in after):
                assert (JobState.PROMPT_REVIEW, Outcome.APPROVED) in after, path


def test_no_picture_is_published_without_a_cleared_output():
    """The row that publishes is itself a clearance of the output, on every path."""
    publishing = {row for row, step in ROWS if step.state is JobState.PUBLISHED}

    assert publishing == OUTPUT_CLEARANCES
    for path in PATHS:
        for index, row in enumerate(path):
            if row in publishing:
                assert PROMPT_CLEARANCES & set(path[:index]), path


def test_a_result_is_told_of_exactly_when_it_is_published():
    """No notice shows a picture that is not cleared."""
    for step in TABLE.values():
        assert (step.notice is NoticeKind.RESULT) == (step.state is JobState.PUBLISHED)


def test_an_author_hears_aside_of_exactly_what_a_person_approved():
    """A rejection is private by itself; a picture is not, and may come days later."""
    for (_, outcome), step in ROWS:
        assert (step.aside is not None) == (outcome is Outcome.APPROVED)


def test_a_generation_is_sent_exactly_when_a_job_is_queued():
    """A queued job without a task would wait for ever."""
    for step in TABLE.values():
        assert (step.task is TaskName.GENERATE) == (step.state is JobState.QUEUED)
        assert (step.task is TaskName.SCREEN_PROMPT) == (step.state is JobState.SCREENING)


def test_what_checks_refuse_is_looked_at_for_a_rewrite():
    """Not what a person refused: they know why."""
    looked_at = {row for row, step in ROWS if step.task is TaskName.SUGGEST_REWRITE}

    assert looked_at == {
        (JobState.NEW, Outcome.RULES_BLOCK),
        (JobState.SCREENING, Outcome.PROMPT_BLOCK),
    }


def test_every_end_is_told_to_the_author():
    """The rules' block is answered at once by the caller; a delivery is the telling itself."""
    untold = {row for row, step in ROWS if step.state in FINAL and step.notice is None}

    assert untold == {
        (JobState.NEW, Outcome.RULES_BLOCK),
        (JobState.PUBLISHED, Outcome.DELIVERED),
    }


@pytest.mark.parametrize(("row", "step"), [pytest.param(*row, id="-".join(row[0])) for row in ROWS])
def test_a_row_of_the_table_is_taken(row, step):
    """`advance` adds nothing to the table below the last attempt."""
    assert advance(*row, attempts=MAX_ATTEMPTS - 1) == step


@pytest.mark.parametrize(
    ("state", "outcome"), [pytest.param(*row, id="-".join(row)) for row in MISSING]
)
def test_what_is_not_in_the_table_is_refused(state, outcome):
    """A lost race, or a bug: never a guess. The error names both."""
    with pytest.raises(IllegalStep) as refused:
        advance(state, outcome)

    assert refused.value.code == "illegal_step"
    assert refused.value.facts == {"state": state.value, "outcome": outcome.value}


@pytest.mark.parametrize(
    ("attempts", "state"),
    [
        pytest.param(1, JobState.QUEUED, id="first"),
        pytest.param(2, JobState.QUEUED, id="second"),
        pytest.param(3, JobState.FAILED, id="third"),
        pytest.param(4, JobState.FAILED, id="past-it"),
    ],
)
def test_a_job_that_loses_its_third_worker_fails(attempts, state):
    """It is the cause, not the victim; and failing tells its author."""
    step = advance(JobState.RUNNING, Outcome.WORKER_LOST, attempts=attempts)

    assert step.state is state
    assert (step.notice is NoticeKind.FAILED) == (state is JobState.FAILED)
    assert (step.task is TaskName.GENERATE) == (state is JobState.QUEUED)


def test_losing_a_worker_past_the_last_attempt_is_still_only_for_running_jobs():
    """The poison rule must not fail a job that no worker holds."""
    for state in set(JobState) - {JobState.RUNNING}:
        with pytest.raises(IllegalStep):
            advance(state, Outcome.WORKER_LOST, attempts=MAX_ATTEMPTS)


@given(st.lists(st.sampled_from(sorted(Outcome)), max_size=60))
def test_no_order_of_events_publishes_what_was_not_cleared(outcomes):
    """Random events, illegal ones refused: clearances come first and attempts stay bounded."""
    state, attempts = JobState.NEW, 0
    is_prompt_cleared = is_output_cleared = False
    for outcome in outcomes:
        row = (state, outcome)
        try:
            step = advance(state, outcome, attempts=attempts)
        except IllegalStep:
            continue
        is_prompt_cleared = is_prompt_cleared or row in PROMPT_CLEARANCES
        is_output_cleared = row in OUTPUT_CLEARANCES
        attempts += outcome is Outcome.STARTED
        state = step.state
        if state is JobState.BLOCKED:
            is_prompt_cleared = False
        if step.task is TaskName.GENERATE or state is JobState.RUNNING:
            assert is_prompt_cleared
        if state is JobState.PUBLISHED:
            assert is_prompt_cleared
            assert is_output_cleared
        assert attempts <= MAX_ATTEMPTS
