"""One card an item, edited as it changes; a crash, a fault or a lost wake-up loses none."""

import anyio
import pytest

from bot import review_cards
from bot.review_cards import keep_cards, keep_cards_forever
from core.contracts.actors import Platform
from core.contracts.reviews import ReviewState
from tests.bot.web_app.console.cases import Cases


class Wall:
    """A channel that shows cards, as a front-end's poster does."""

    def __init__(self, services) -> None:
        self.services = services
        self.shown = {}
        self.posts = 0
        self.breaks = 0
        self.bell = None

    async def post(self, item, reply) -> None:
        if self.breaks:
            self.breaks -= 1
            raise RuntimeError("the platform is away")
        now = self.services.clock()
        with self.services.store.unit() as unit:
            if not unit.review_cards.record(item, Platform.WEB, {"no": item.item_id}, now=now):
                return
        self.posts += 1
        self.shown[item.item_id] = reply
        if self.bell is not None:
            self.bell.set()


@pytest.fixture
def cases(services):
    return Cases(services)


@pytest.fixture
def wall(services):
    return Wall(services)


def look(services, wall):
    return anyio.run(keep_cards, services, Platform.WEB, "local", wall)


def test_a_card_is_posted_once_and_edited_when_its_item_changes(services, cases, wall, moderator):
    item = cases.prompt()

    assert [look(services, wall), look(services, wall)] == [1, 0]
    services.desk.claim(moderator, item.item_id)
    assert [look(services, wall), look(services, wall)] == [1, 0]

    assert "Mod is looking at it" in wall.shown[item.item_id].lines[0]


def test_a_closed_items_card_loses_its_buttons(services, cases, wall, clock):
    item = cases.prompt()
    look(services, wall)
    assert wall.shown[item.item_id].buttons

    with services.store.unit() as unit:
        unit.reviews.close(unit.reviews.locked(item.item_id), ReviewState.LAPSED, now=clock())
    look(services, wall)

    assert wall.shown[item.item_id].buttons == ()
    assert wall.shown[item.item_id].lines == ("Nobody decided it in time.",)


def test_what_could_not_be_posted_is_posted_at_the_next_look(services, cases, wall):
    """And the other cards do not wait for it."""
    for number in range(3):
        cases.prompt(f"butcher {number} with a bloody cleaver")
    wall.breaks = 1

    assert [look(services, wall), look(services, wall), look(services, wall)] == [2, 1, 0]
    assert (wall.posts, len(wall.shown)) == (3, 3)


def test_two_processes_show_each_revision_once(services, cases, wall, moderator):
    """They look at the same moment: what one has posted, the other leaves be."""
    item = cases.prompt()

    async def both():
        async with anyio.create_task_group() as tasks:
            for _ in range(2):
                tasks.start_soon(keep_cards, services, Platform.WEB, "local", wall)

    anyio.run(both)
    services.desk.claim(moderator, item.item_id)
    anyio.run(both)

    assert wall.posts == 2


def test_only_so_many_cards_stand(services, cases, wall, monkeypatch):
    monkeypatch.setattr(review_cards, "CARDS_MOST", 2)
    for number in range(4):
        cases.prompt(f"butcher {number} with a bloody cleaver")

    assert [look(services, wall), look(services, wall)] == [2, 0]


def test_a_change_wakes_the_loop(services, cases, wall, moderator, monkeypatch):
    """Nothing but the wake-up could have done it: the next look by itself is an hour away."""
    monkeypatch.setattr(review_cards, "POLL_S", 3600)
    monkeypatch.setattr(review_cards, "LOOK_S", 0)
    item = cases.prompt()

    async def watch():
        wall.bell = anyio.Event()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(keep_cards_forever, services, Platform.WEB, "local", wall)
            with anyio.fail_after(20):
                await wall.bell.wait()
                wall.bell = anyio.Event()
                await anyio.to_thread.run_sync(services.desk.claim, moderator, item.item_id)
                await wall.bell.wait()
            tasks.cancel_scope.cancel()

    anyio.run(watch)
    assert "Mod is looking" in wall.shown[item.item_id].lines[0]
