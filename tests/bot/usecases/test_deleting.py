"""Who deletes a picture is asked about what came from it, and reaches what is theirs to reach."""

import pytest

from bot.replies import Action, ReplyKind, Visibility
from bot.usecases import actions, show
from bot.usecases.deleting import carrier
from core.contracts.registry import Fingerprints
from core.errors import Unavailable
from core.workflow import JobState
from tests.core.families import FamilyTree

BOB = "web:bob"


@pytest.fixture
def tree(services):
    return FamilyTree(services.store, services.blobs)


def press(services, actor, action, job_id, address):
    return actions.press(services, actor, action, job_id, address)


def states(services, *job_ids):
    with services.store.reading() as unit:
        return [unit.jobs.get(each).state for each in job_ids]


DOWN, STANDS = JobState.WITHHELD, JobState.DELIVERED


def test_with_nothing_made_from_it_a_press_deletes(services, tree, ada, address):
    """A re-roll shares its words alone."""
    root = tree.request()
    rerolled = tree.request(of=root, action="reroll")

    reply = press(services, ada, Action.DELETE, root, address)

    assert reply.visibility is Visibility.PUBLIC
    assert states(services, root, rerolled) == [DOWN, STANDS]


def test_a_press_asks_first_where_something_came_from_it(services, tree, ada, address):
    """It says how many, and that what others made stays; nothing has happened yet."""
    root = tree.request()
    tree.from_picture(root)
    tree.from_picture(root, member=BOB)

    reply = press(services, ada, Action.DELETE, root, address)

    assert [each.action for each in reply.buttons] == [Action.DELETE_ONE, Action.DELETE_ALL]
    assert reply.visibility is Visibility.PRIVATE
    assert reply.lines[0].startswith("1 request was made from these pictures")
    assert "Another member began with one of them" in reply.lines[1]
    assert states(services, root) == [STANDS]


def test_only_these_leaves_what_came_from_them(services, tree, ada, address):
    root = tree.request()
    varied = tree.from_picture(root)

    reply = press(services, ada, Action.DELETE_ONE, root, address)

    assert reply.visibility is Visibility.PUBLIC
    assert states(services, root, varied) == [DOWN, STANDS]


def test_a_member_takes_their_own_with_it(services, tree, ada, address):
    """And hears what went and what stays."""
    root = tree.request(pictures=2)
    varied = tree.from_picture(root)
    bobs = tree.from_picture(root, member=BOB)
    behind = tree.from_picture(bobs)

    reply = press(services, ada, Action.DELETE_ALL, root, address)

    assert states(services, root, varied, bobs, behind) == [DOWN, DOWN, STANDS, DOWN]
    assert (reply.title, reply.visibility) == ("Deleted", Visibility.PRIVATE)
    assert reply.lines[0] == "4 pictures of 3 requests went."
    assert "Another member" in reply.lines[1]


def test_a_moderator_takes_everybodys_with_it(services, tree, moderator, address, events):
    """Whoever is drawing stops, and each channel is told."""
    root = tree.request()
    bobs = tree.from_picture(root, member=BOB)
    running = tree.from_picture(bobs, member=BOB, state=JobState.RUNNING, pictures=0)

    reply = press(services, moderator, Action.DELETE_ALL, root, address)

    assert states(services, root, bobs, running) == [DOWN, DOWN, JobState.CANCELLED]
    assert reply.lines == ("2 pictures of 3 requests went.",)
    assert running in events.cancelled
    assert services.courier.settle(10)
    assert events.woken


@pytest.mark.parametrize("action", [Action.DELETE, Action.DELETE_ONE, Action.DELETE_ALL])
def test_nobody_else_deletes_in_any_way(services, tree, bob, stranger, address, action):
    root = tree.request()
    varied = tree.from_picture(root)

    for actor in (bob, stranger):
        assert press(services, actor, action, root, address).kind is ReplyKind.ERROR
    assert states(services, root, varied) == [STANDS, STANDS]


def test_pressing_twice_says_that_nothing_is_left(services, tree, ada, address):
    root = tree.request()
    tree.from_picture(root)
    press(services, ada, Action.DELETE_ALL, root, address)

    again = press(services, ada, Action.DELETE_ALL, root, address)

    assert (again.kind, again.title) == (ReplyKind.ERROR, "Nothing to delete")
    with services.store.reading() as unit:
        kinds = [row.kind for row in unit.audit.of_job(root)]
    assert kinds.count("takedown_begun") == 1


def test_a_store_that_goes_away_on_the_way_is_told_and_goes_on_later(
    services, tree, ada, address, monkeypatch, clock
):
    root = tree.request()
    varied = tree.from_picture(root)
    delete = type(services.blobs).delete

    def away(self, key):
        if varied in key:
            raise Unavailable("blobs_away")
        delete(self, key)

    monkeypatch.setattr(type(services.blobs), "delete", away)
    reply = press(services, ada, Action.DELETE_ALL, root, address)
    monkeypatch.undo()

    assert reply.title == "This goes on by itself"
    assert states(services, root, varied) == [DOWN, STANDS]
    clock.move(60)
    carrier(services).resume()
    assert states(services, root, varied) == [DOWN, DOWN]


def test_a_deleted_picture_is_known_by_its_record_and_shown_nowhere(services, tree, ada, address):
    """Its id and its hashes stay, so that its label still verifies."""
    root = tree.request()
    verify_id = tree.image(root)

    press(services, ada, Action.DELETE, root, address)

    with services.store.reading() as unit:
        record = unit.registry.get(verify_id)
        assert unit.registry.thumbnail(verify_id) is None
    assert record.sha256
    assert isinstance(record.fingerprints, Fingerprints)
    assert not show.show(services, ada, root, address).pictures
