"""What a member lets be learnt from their requests, and what goes when they say less."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.replies import ReplyKind, Visibility
from bot.usecases import commands
from bot.usecases.privacy import default_learning
from core.contracts.ids import CommunityId
from core.contracts.labels import Learning
from core.contracts.policies import Scope
from tests.core.storage.test_labels import ONE
from tests.moderation.test_gates import put


@pytest.fixture
def typed(services, ada, address):
    def run(rest="", actor=ada):
        return commands.run(services, actor, f"/privacy {rest}".strip(), address)

    return run


@pytest.fixture
def labelled(services, ada, bob):
    """Keep one worded label of each member's."""
    with services.store.unit() as unit:
        for actor in (ada, bob):
            whose = {"member_id": actor.member_id, "community_id": actor.community_id}
            unit.labels.put(ONE.model_copy(update={"job_id": actor.member_id, **whose}))


def labels(services):
    with services.store.reading() as unit:
        found = unit.labels.since(None, ONE.at - timedelta(days=1))
        return {each.member_id: each.texts for each in found}


def own(services, actor):
    with services.store.reading() as unit:
        return unit.consents.learning(actor.community_id, actor.member_id)


def test_who_said_nothing_is_told_what_the_policy_says(typed):
    reply = typed()

    assert (reply.kind, reply.visibility) == (ReplyKind.CARD, Visibility.PRIVATE)
    assert [field.name for field in reply.fields][:2] == ["Learning: scores", "Who said so"]
    assert [field.value for field in reply.fields][1:] == [
        "the community's policy",
        "0",
        "for as long as the record",
        "for as long as the record",
        "for as long as the record",
        "30 days",
    ]


@pytest.mark.parametrize("word", ["nothing", "Scores", "words"])
def test_what_a_member_says_is_kept_as_theirs(services, ada, bob, typed, word):
    reply = typed(word)

    assert own(services, ada) is Learning(word.casefold())
    assert own(services, bob) is None
    assert reply.fields[0].name == f"Learning: {word.casefold()}"
    assert reply.fields[1].value == "you"


def test_who_withdraws_has_their_labels_deleted_at_once(services, ada, bob, typed, labelled):
    reply = typed("nothing")

    assert labels(services) == {bob.member_id: ONE.texts}
    assert reply.fields[2].value == "0"
    with services.store.reading() as unit:
        (row,) = [each for each in unit.audit.of_job(None) if each.kind == "consent_given"]
    assert (row.by, row.facts) == (ada.member_id, {"learning": "nothing", "rows": 1})


def test_who_withdraws_their_words_keeps_the_rest(services, ada, bob, typed, labelled):
    typed("words")
    assert labels(services) == {ada.member_id: ONE.texts, bob.member_id: ONE.texts}

    typed("scores")

    assert labels(services) == {ada.member_id: None, bob.member_id: ONE.texts}


def test_leaving_it_to_the_community_takes_what_that_does_not_cover(services, ada, typed, labelled):
    typed("words")
    typed("default")

    assert own(services, ada) is None
    assert labels(services)[ada.member_id] is None


def test_an_unknown_word_changes_nothing(services, ada, typed, labelled):
    reply = typed("nothin")

    assert reply.kind is ReplyKind.ERROR
    assert "/privacy nothing" in reply.lines[0]
    assert own(services, ada) is None
    assert labels(services)[ada.member_id] == ONE.texts


def test_a_policy_that_cannot_be_read_agrees_to_nothing(services, ada, monkeypatch):
    """Nobody knows what it said; the member's own word still counts."""
    put(services.store, Scope(community_id=ada.community_id), "consent: words")
    services.gates.look_again()
    assert default_learning(services, ada.community_id) is Learning.WORDS
    assert default_learning(services, CommunityId("elsewhere")) is Learning.SCORES

    place = services.gates.place(ada.community_id, "")
    broken = replace(place, fault="policy_corrupt")
    monkeypatch.setattr(type(services.gates), "place", lambda *_: broken)

    assert default_learning(services, ada.community_id) is Learning.NOTHING


def test_words_that_the_operator_keeps_of_nobody_are_said_to_be(typed):
    assert "The operator keeps nobody's words." in typed("words").lines
    assert "The operator keeps nobody's words." not in typed("scores").lines
