"""A person's own requests, page by page."""

import pytest

from bot.replies import ReplyKind, Visibility
from bot.usecases import actions, commands, history, imagine
from core.errors import UserError
from core.workflow import Outcome
from tests.bot.road import advance, publish, queue_up


@pytest.fixture
def typed(services, ada, address):
    def run(rest="", actor=ada, place=address):
        return commands.run(services, actor, f"/history {rest}".strip(), place)

    return run


def ids(reply):
    return [field.name for field in reply.fields]


def ask(services, clock, actor, address, text):
    clock.move(1)
    return imagine.submit(services, actor, text, address).job_id


def test_requests_are_listed_newest_first_to_their_author_alone(
    services, clock, ada, bob, stranger, address, typed
):
    """With their state, words and first picture; nobody else's are there."""
    drawn = ask(services, clock, ada, address, "a red apple --n 2")
    publish(services, drawn, pictures=2)
    ask(services, clock, bob, address, "a secret of Bob's")
    waiting = ask(services, clock, ada, address, "a cat")
    queue_up(services, waiting)

    reply = typed()

    assert (reply.kind, reply.visibility) == (ReplyKind.CARD, Visibility.PRIVATE)
    assert ids(reply) == [waiting, drawn]
    assert "in the queue" in reply.fields[0].value
    assert "2 pictures" in reply.fields[1].value
    assert "a red apple" in reply.fields[1].value
    with services.store.reading() as unit:
        first = unit.pictures.of_job(drawn)[0]
    assert [each.verify_id for each in reply.pictures] == [first.verify_id]
    assert reply.lines[0].startswith(reply.pictures[0].label)
    assert "Bob" not in reply.model_dump_json()
    assert ids(typed(actor=stranger)) == []


def test_a_long_history_is_turned_page_by_page(services, clock, ada, address, typed, monkeypatch):
    """Each request is on one page, and the last page says so by saying nothing more."""
    monkeypatch.setattr(history, "PAGE", 2)
    asked = []
    for number in range(5):
        job_id = ask(services, clock, ada, address, f"an apple {number}")
        advance(services, job_id, Outcome.CANCELLED)
        asked.append(job_id)

    pages = [typed(str(number)) for number in (1, 2, 3, 4)]

    assert [ids(page) for page in pages] == [
        asked[4:2:-1],
        asked[2:0:-1],
        asked[:1],
        [],
    ]
    assert any("/history 2" in line for line in pages[0].lines)
    assert not any("/history 4" in line for line in pages[2].lines)
    assert "page 4" in pages[3].lines[0]


def test_a_word_keeps_a_part_of_the_history(services, clock, ada, address, typed):
    drawn = ask(services, clock, ada, address, "a red apple")
    publish(services, drawn)
    cancelled = ask(services, clock, ada, address, "a cat")
    advance(services, cancelled, Outcome.CANCELLED)
    refused = ask(services, clock, ada, address, "easel-known-positive-7q2k9x4m")
    waiting = ask(services, clock, ada, address, "a dog")

    assert ids(typed("drawn")) == [drawn]
    assert ids(typed("Canceled 1")) == [cancelled]
    assert ids(typed("refused")) == [refused]
    assert ids(typed("waiting")) == [waiting]
    assert ids(typed("failed")) == []


@pytest.mark.parametrize(
    ("rest", "suggestion"),
    [
        pytest.param("faild", "/history failed", id="misspelt"),
        pytest.param("0", None, id="no page"),
        pytest.param("1001", None, id="too far"),
        pytest.param("9" * 5000, None, id="absurd"),
        pytest.param("٢", None, id="other digits"),
    ],
)
def test_a_word_that_means_nothing_is_told(services, ada, address, rest, suggestion):
    with pytest.raises(UserError) as caught:
        commands._COMMANDS["history"](services, ada, rest, address)

    assert caught.value.code == "history_word_unknown"
    assert caught.value.facts["suggestion"] == suggestion


def test_pictures_that_are_gone_or_belong_elsewhere_are_not_shown(
    services, clock, ada, address, typed
):
    """The request itself stays listed."""
    gone = ask(services, clock, ada, address, "a red apple")
    publish(services, gone)
    actions.delete(services, ada, gone)
    restricted = address.model_copy(update={"is_age_restricted": True})
    elsewhere = ask(services, clock, ada, restricted, "a cat")
    publish(services, elsewhere)

    assert ids(typed()) == [elsewhere, gone]
    assert typed().pictures == ()
    assert len(typed(place=restricted).pictures) == 1


def test_favourites_are_a_part_of_the_history_too(services, clock, ada, address, typed):
    job_id = ask(services, clock, ada, address, "a red apple")
    publish(services, job_id)

    assert ids(typed("favorites")) == []
    assert "marked" in typed("favourites").lines[0]
