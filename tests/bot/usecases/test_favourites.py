"""Pictures that a member marked, for that member alone."""

import pytest

from bot.replies import ReplyKind, Visibility
from bot.usecases import actions, commands, favourites, imagine
from core.errors import NotFound, UserError
from tests.bot.road import publish, queue_up


@pytest.fixture
def typed(services, ada, address):
    def run(rest="", actor=ada, place=address):
        return commands.run(services, actor, f"/favourites {rest}".strip(), place)

    return run


@pytest.fixture
def published(services, ada, address):
    job_id = imagine.submit(services, ada, "a red apple --n 2", address).job_id
    publish(services, job_id, pictures=2)
    return job_id


def pictures_of(services, job_id):
    with services.store.reading() as unit:
        return [each.verify_id for each in unit.pictures.of_job(job_id)]


def marked(reply):
    return [each.verify_id for each in reply.pictures]


def test_a_picture_is_marked_and_unmarked_by_whoever_sees_it(services, ada, bob, typed, published):
    """For that person alone, its author or not."""
    second = pictures_of(services, published)[1]

    reply = favourites.toggle(services, bob, published, 1)

    assert (reply.kind, reply.visibility) == (ReplyKind.CARD, Visibility.PRIVATE)
    assert marked(typed(actor=bob)) == [second]
    assert second in typed(actor=bob).fields[0].value
    assert marked(typed()) == []
    favourites.toggle(services, bob, published, 1)
    assert marked(typed(actor=bob)) == []


def test_without_a_number_all_pictures_are_marked_at_once(services, ada, typed, published):
    """Also when one of them is already; the next press takes all marks away."""
    favourites.toggle(services, ada, published, 0)

    favourites.toggle(services, ada, published)
    assert set(marked(typed())) == set(pictures_of(services, published))
    favourites.toggle(services, ada, published)
    assert marked(typed()) == []


def test_favourites_are_turned_page_by_page(services, clock, ada, typed, published, monkeypatch):
    monkeypatch.setattr(favourites, "PAGE", 1)
    for index in (0, 1):
        clock.move(1)
        favourites.toggle(services, ada, published, index)

    first, second = pictures_of(services, published)
    assert marked(typed("1")) == [second]
    assert any("/favourites 2" in line for line in typed().lines)
    assert marked(typed("2")) == [first]
    assert "page 3" in typed("3").lines[0]


@pytest.mark.parametrize("rest", ["0", "x", "1001", "-1", "1 2"])
def test_what_is_no_page_is_told(services, ada, address, rest):
    with pytest.raises(UserError) as caught:
        commands._COMMANDS["favourites"](services, ada, rest, address)

    assert caught.value.code == "page_invalid"


def test_what_is_not_there_is_not_marked(services, ada, stranger, address, published):
    """A number too high, a picture not drawn yet, one deleted, one of another community."""
    for job_id, index in ((published, 7), (queued(services, ada, address), None)):
        with pytest.raises(UserError) as caught:
            favourites.toggle(services, ada, job_id, index)
        assert caught.value.code == "nothing_to_mark"
    with pytest.raises(NotFound):
        favourites.toggle(services, stranger, published, 0)
    actions.delete(services, ada, published)
    with pytest.raises(UserError) as caught:
        favourites.toggle(services, ada, published, 0)
    assert caught.value.code == "nothing_to_mark"


def queued(services, actor, address):
    job_id = imagine.submit(services, actor, "a cat", address).job_id
    queue_up(services, job_id)
    return job_id


def test_a_picture_that_was_deleted_is_a_favourite_no_more(services, ada, bob, typed, published):
    """Whoever marked it."""
    favourites.toggle(services, bob, published, 0)

    actions.delete(services, ada, published)

    assert typed(actor=bob).fields == ()


def test_a_picture_of_an_age_restricted_place_is_only_named_elsewhere(
    services, ada, address, typed
):
    restricted = address.model_copy(update={"is_age_restricted": True})
    job_id = imagine.submit(services, ada, "a red apple", restricted).job_id
    publish(services, job_id)
    favourites.toggle(services, ada, job_id)

    assert marked(typed()) == []
    assert "a red apple" not in typed().model_dump_json()
    assert [field.name for field in typed().fields] == [job_id]
    assert len(marked(typed(place=restricted))) == 1
