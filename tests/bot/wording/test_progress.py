"""Hold the words of waiting and drawing."""

import pytest
from inline_snapshot import snapshot

from bot import wording
from bot.grammar import parse
from core.contracts.ids import JobId
from core.contracts.jobs import QueuePlace
from core.contracts.progress import Phase, Progress


def test_an_accepted_request_says_who_asked_for_what_and_where_it_stands(make_job, told):
    job = make_job(parse("a red apple --ar 1:1 --n 2"))

    reply = wording.accepted(job, QueuePlace(position=2, total=7))

    assert told(reply) == snapshot("""\
(progress, public) Drawing for Ada
/imagine a red apple --n 2
Place 2 of 7 in the queue
<Cancel>\
""")
    assert reply.job_id == job.job_id


@pytest.mark.parametrize(
    ("place", "line"),
    [
        pytest.param(None, "Waiting for the next step", id="unknown"),
        pytest.param(QueuePlace(position=1, total=1), "Next in the queue", id="next"),
        pytest.param(QueuePlace(position=2, total=7), "Place 2 of 7 in the queue", id="further"),
        pytest.param(
            QueuePlace(position=3, total=7, eta_low_s=21.0, eta_high_s=38.0),
            "Place 3 of 7 in the queue, about 20-40 s",
            id="seconds",
        ),
        pytest.param(
            QueuePlace(position=1, total=7, eta_low_s=0.2, eta_high_s=1.4),
            "Next in the queue, about 1 s",
            id="a second",
        ),
        pytest.param(
            QueuePlace(position=90, total=99, eta_low_s=95.0, eta_high_s=260.0),
            "Place 90 of 99 in the queue, about 2-4 min",
            id="minutes",
        ),
        pytest.param(
            QueuePlace(position=90, total=99, eta_low_s=40.0, eta_high_s=121.0),
            "Place 90 of 99 in the queue, about 1-2 min",
            id="seconds beside minutes",
        ),
    ],
)
def test_a_place_is_said_in_one_line(place, line):
    assert wording.place_line(place) == line


@pytest.mark.parametrize(
    ("facts", "line"),
    [
        pytest.param({"phase": Phase.LOADING}, "Loading the model", id="loading"),
        pytest.param(
            {"phase": Phase.DENOISING, "step": 5, "total_steps": 20}, "Step 5 of 20", id="one"
        ),
        pytest.param(
            {
                "phase": Phase.DENOISING,
                "step": 5,
                "total_steps": 20,
                "picture": 1,
                "picture_count": 4,
            },
            "Picture 2 of 4, step 5 of 20",
            id="one of several",
        ),
        pytest.param({"phase": Phase.DENOISING}, "Starting to draw", id="before the first step"),
        pytest.param({"phase": Phase.FINISHING}, "Checking and labelling", id="finishing"),
    ],
)
def test_progress_is_said_in_one_line(facts, line):
    assert wording.progress_line(Progress(job_id=JobId("j"), **facts)) == line
