"""Files are looked at a few at a time, and each asker is heard now and then."""

import threading

import pytest

from bot import examiner as module
from bot.examiner import AT_ONCE, WAITING_MOST
from core.contracts.examination import Rung
from core.errors import Unavailable, UserError
from tests.bot.web_app.examinations import LadderOf


@pytest.fixture
def ladder(monkeypatch):
    made = LadderOf(Rung.NOTHING)
    monkeypatch.setattr(module, "build_ladder", lambda _settings, _store: made)
    return made


def test_the_ladder_is_made_with_the_first_file_and_once(services, monkeypatch):
    """It takes memory that a process which only chats does not need."""
    made = []
    monkeypatch.setattr(
        module, "build_ladder", lambda *_: made.append(LadderOf(Rung.NOTHING)) or made[-1]
    )
    assert made == []

    services.examiner.examine(b"one")
    services.examiner.examine(b"two")

    assert [each.shown for each in made] == [[b"one", b"two"]]


def test_an_asker_who_comes_too_often_is_told_when_to_come_again(services):
    for _ in range(services.settings.verify_tries):
        services.examiner.admit("address 192.0.2.1")

    with pytest.raises(UserError) as caught:
        services.examiner.admit("address 192.0.2.1")

    assert caught.value.code == "verify_too_often"
    assert 1 <= caught.value.facts["value"] <= 10
    services.examiner.admit("address 192.0.2.2")


def test_who_would_wait_for_too_long_is_turned_away_at_once(services):
    """With nothing read; a place that is given back is free again."""
    held = [services.examiner.place() for _ in range(AT_ONCE + WAITING_MOST)]
    for each in held:
        each.__enter__()

    with pytest.raises(Unavailable, match="verify_busy"), services.examiner.place():
        pass

    held[0].__exit__(None, None, None)
    with services.examiner.place():
        pass


def test_no_more_than_a_few_files_are_looked_at_side_by_side(services, ladder, monkeypatch):
    inside, most = [], []
    together = threading.Barrier(AT_ONCE, timeout=10)

    def examine(data):
        inside.append(data)
        most.append(len(inside))
        together.wait()
        inside.remove(data)
        return LadderOf(Rung.NOTHING).examine(data)

    monkeypatch.setattr(ladder, "examine", examine)
    asked = [
        threading.Thread(target=services.examiner.examine, args=(b"%d" % number,))
        for number in range(AT_ONCE * 3)
    ]
    for each in asked:
        each.start()
    for each in asked:
        each.join(20)

    assert len(most) == AT_ONCE * 3
    assert max(most) == AT_ONCE
