"""One request down the road from a terminal, with a delivery of its own."""

import io
import json

import pytest
from rich.console import Console

from bot import delivery
from bot.cli.drawing import Drawing, terminal_actor
from bot.cli.terminal import Exit, Terminal
from bot.replies import ReplyKind
from core.contracts.ids import JobId
from core.contracts.progress import Phase, Progress
from core.errors import Unavailable, UserError
from core.workflow import JobState, Outcome
from tests.bot.road import advance, publish


@pytest.fixture
def on_send(queue):
    """Do something in the place of the workers as soon as a task is sent."""

    def use(action):
        send = queue.send
        queue.send = lambda task, job_id, name: (send(task, job_id, name), action(job_id))

    return use


def state_of(services, job_id):
    with services.store.reading() as unit:
        return unit.jobs.get(job_id).state


def pending(services):
    """Count what is yet to be told to somebody at a terminal."""
    with services.store.reading() as unit:
        return unit.notices.pending("cli")


def only_job(services):
    with services.store.reading() as unit:
        (job,) = unit.jobs.recent(terminal_actor().community_id)
    return job


def test_a_drawn_request_is_answered_with_its_pictures_and_delivered(services, on_send):
    """Exit code 0, and nothing is left to tell."""
    on_send(lambda job_id: publish(services, job_id))
    drawing = Drawing(services, Terminal(quiet=True), timeout_s=20)

    reply = drawing.draw("a red apple --seed 7")

    assert reply.kind is ReplyKind.RESULT
    assert len(reply.pictures) == 1
    assert drawing.exit_code is Exit.OK
    assert state_of(services, reply.job_id) is JobState.DELIVERED
    assert pending(services) == 0


def test_a_refused_request_is_answered_at_once(services):
    """Exit code 3."""
    drawing = Drawing(services, Terminal(quiet=True), timeout_s=20)

    reply = drawing.draw("easel-known-positive-7q2k9x4m")

    assert reply.kind is ReplyKind.REFUSAL
    assert drawing.exit_code is Exit.REFUSED


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        pytest.param([Outcome.PROMPT_REVIEW], Exit.REFUSED, id="held"),
        pytest.param(
            [Outcome.PROMPT_ALLOW, Outcome.STARTED, Outcome.OUTPUT_BLOCK],
            Exit.REFUSED,
            id="withheld",
        ),
        pytest.param(
            [Outcome.PROMPT_ALLOW, Outcome.STARTED, Outcome.FAILED], Exit.FAILED, id="failed"
        ),
    ],
)
def test_other_ends_have_their_exit_codes(services, on_send, outcomes, code):
    """The policy's no is not the machine's."""
    on_send(lambda job_id: advance(services, job_id, *outcomes))
    drawing = Drawing(services, Terminal(quiet=True), timeout_s=20)

    reply = drawing.draw("a red apple")

    assert reply.kind is not ReplyKind.RESULT
    assert drawing.exit_code is code


def test_a_request_that_nobody_draws_is_cancelled_when_the_time_is_over(services):
    """A queue must not fill with what nobody waits for."""
    drawing = Drawing(services, Terminal(quiet=True), timeout_s=0.3)

    with pytest.raises(Unavailable) as caught:
        drawing.draw("a red apple")

    assert caught.value.code == "drawing_timed_out"
    assert only_job(services).state is JobState.CANCELLED
    assert pending(services) == 0


def test_ctrl_c_cancels_the_request(services, monkeypatch):
    """And is still Ctrl-C to the caller."""

    def interrupt(*_args):
        raise KeyboardInterrupt

    monkeypatch.setattr("anyio.run", interrupt)

    with pytest.raises(KeyboardInterrupt):
        Drawing(services, Terminal(quiet=True), timeout_s=20).draw("a red apple")

    assert only_job(services).state is JobState.CANCELLED
    assert pending(services) == 0


def test_ctrl_c_after_the_end_changes_nothing(services, on_send, monkeypatch):
    """The picture stands."""

    def interrupt(_function, job_id):
        publish(services, JobId(job_id))
        raise KeyboardInterrupt

    monkeypatch.setattr("anyio.run", interrupt)

    with pytest.raises(KeyboardInterrupt):
        Drawing(services, Terminal(quiet=True), timeout_s=20).draw("a red apple")

    assert only_job(services).state is JobState.PUBLISHED
    assert pending(services) == 0


def test_steps_show_on_the_bar_and_as_json(services, events, on_send, capsys, monkeypatch):
    """Only this job's; a report of another version of Easel is passed over."""
    monkeypatch.setattr(delivery, "POLL_S", 0.01)
    terminal = Terminal(as_json=True)
    screen = io.StringIO()
    terminal.console = Console(file=screen, force_terminal=True, width=80, color_system=None)

    def draw(job_id):
        for step, of in ((3, job_id), (4, "another00000")):
            report = Progress(job_id=of, phase=Phase.DENOISING, step=step, total_steps=20)
            events.publish_progress(report)
        events._tell("easel.progress", b"{}")
        publish(services, job_id)

    # Sent only once the follower listens, as the broker would take a moment too.
    on_send(lambda job_id: (until_two_listen(events), draw(job_id)))
    Drawing(services, terminal, timeout_s=20).draw("a red apple")

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["step"] for line in lines if line["event"] == "progress"] == [3]
    assert "3" in screen.getvalue()


def until_two_listen(events):
    import time

    ends = time.monotonic() + 10
    while len(events._ears) < 2 and time.monotonic() < ends:
        time.sleep(0.01)
    assert len(events._ears) == 2


def test_a_slip_is_the_grammars_error(services):
    """Nothing is submitted."""
    with pytest.raises(UserError):
        Drawing(services, Terminal(quiet=True), timeout_s=20).draw("a red apple --sead 7")


@pytest.mark.parametrize("fault", [KeyError, OSError])
def test_a_user_without_a_name_is_still_somebody(monkeypatch, fault):
    """Containers run as numbers."""

    def nameless():
        raise fault

    monkeypatch.setattr("getpass.getuser", nameless)

    assert terminal_actor().member_id == "cli:terminal"
