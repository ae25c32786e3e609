"""What a commit left behind is carried on without anybody waiting for it."""

import threading

from bot.usecases import imagine
from core.contracts.actors import Platform
from core.errors import Unavailable
from core.workflow import TaskName

SOON_S = 10.0


def test_an_accepted_request_reaches_the_broker_and_wakes_nobody(
    services, queue, events, ada, address
):
    """Its answer is its notice; delivery has nothing to do yet."""
    job_id = imagine.submit(services, ada, "a red apple", address).job_id

    assert services.courier.settle(SOON_S)

    assert queue.sent == [(TaskName.SCREEN_PROMPT, job_id, "screening")]
    assert events.woken == []


def test_a_notice_wakes_its_platforms_delivery_even_without_a_broker(services, queue, events):
    """The notice is in the database; only the task needs the broker."""
    queue.is_away = True

    services.courier.nudge(Platform.WEB, Platform.CLI)
    assert services.courier.settle(SOON_S)

    assert set(events.woken) == {"easel.wake.web", "easel.wake.cli"}


def test_a_broker_that_is_away_leaves_the_task_in_the_outbox(services, queue, ada, address):
    """The request is accepted all the same; the next nudge sends both."""
    queue.is_away = True
    first = imagine.submit(services, ada, "a red apple", address).job_id
    assert services.courier.settle(SOON_S)
    assert queue.sent == []
    queue.is_away = False

    second = imagine.submit(services, ada, "a cat", address).job_id
    assert services.courier.settle(SOON_S)

    assert [job_id for _, job_id, _ in queue.sent] == [first, second]


def test_a_hanging_broker_holds_nobody_up(services, queue, ada, address):
    """The request returns while the send is still under way; later ones share a round."""
    hanging, let_go = threading.Event(), threading.Event()

    def send(*_args):
        hanging.set()
        assert let_go.wait(SOON_S)
        raise Unavailable("broker_away")

    queue.send = send
    imagine.submit(services, ada, "a red apple", address)
    assert hanging.wait(SOON_S)

    reply = imagine.submit(services, ada, "a cat", address)

    assert reply.job_id
    assert not services.courier.settle(0)
    let_go.set()
    assert services.courier.settle(SOON_S)


def test_closing_carries_what_was_nudged_before(services, queue, ada, address):
    """A process that ends in order leaves nothing to the sweep."""
    imagine.submit(services, ada, "a red apple", address)

    services.courier.close()

    assert len(queue.sent) == 1


def test_a_nudge_after_closing_starts_nothing(services, queue):
    """What comes late is the sweep's."""
    services.courier.close()

    services.courier.nudge(Platform.WEB)

    assert queue.sent == []
