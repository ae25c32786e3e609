"""“Was this made here?” is answered to anybody; who asked for it, to moderators of the place."""

import pytest

from bot import examiner
from bot.replies import Action, ReplyKind, Visibility
from bot.usecases import actions, commands, imagine, verify
from core.contracts.actors import Role
from core.contracts.examination import Rung
from core.contracts.ids import VerifyId
from core.contracts.registry import Layer, MarkFacts, MarkState
from core.errors import NotFound, UserError
from tests.bot.road import publish
from tests.bot.web_app.examinations import RECORD, LadderOf

FILE = b"a file"


@pytest.fixture
def ladder(monkeypatch):
    made = LadderOf(Rung.EXACT)
    monkeypatch.setattr(examiner, "build_ladder", lambda _settings, _store: made)
    return made


@pytest.fixture
def posted(services, ada, address):
    """A picture of Ada's, with its record."""
    job_id = imagine.submit(services, ada, "a red apple", address).job_id
    publish(services, job_id)
    with services.store.reading() as unit:
        return unit.pictures.of_job(job_id)[0]


@pytest.fixture
def known(ladder, posted):
    """The ladder finds that picture, whatever it is shown."""
    ladder.changes = {"record": RECORD.model_copy(update={"verify_id": posted.verify_id})}
    return ladder


def facts_of(reply):
    return {field.name: field.value for field in reply.fields}


def doors(services, actor, posted, address):
    """Every way to ask in a chat."""
    yield verify.of_file(services, actor, FILE, "a.png")
    yield commands.run(services, actor, f"/verify {posted.verify_id}", address)
    if actor.community_id == "local":
        yield verify.of_pictures(services, actor, [posted.verify_id])
        yield actions.press(services, actor, Action.ABOUT, posted.job_id, address)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("is_neighbour", [True, False], ids=["of the place", "of another"])
def test_who_asked_is_told_to_moderators_of_the_place_and_to_nobody_else(
    services, bob, stranger, posted, known, address, role, is_neighbour
):
    actor = (bob if is_neighbour else stranger).model_copy(update={"role": role})

    replies = list(doors(services, actor, posted, address))

    may_know = is_neighbour and role is not Role.MEMBER
    for reply in replies:
        assert reply.kind is ReplyKind.CARD
        assert reply.visibility is Visibility.PRIVATE
        assert ("Request" in facts_of(reply)) is may_know
        assert ("web:ada" in reply.model_dump_json()) is may_know
        assert (
            posted.job_id in reply.model_copy(update={"job_id": None}).model_dump_json()
        ) is may_know
        assert "red apple" not in reply.model_dump_json()


def test_an_author_is_told_no_more_than_anybody(services, ada, posted, known):
    assert "Request" not in facts_of(verify.of_file(services, ada, FILE))


def test_a_request_that_is_gone_is_no_longer_told_of(services, moderator, posted, known):
    """Its picture's record stays, so that the label still verifies."""
    known.changes = {"record": RECORD}  # Under an id without a job.

    reply = verify.of_file(services, moderator, FILE)

    assert "Request" not in facts_of(reply)
    assert reply.title == "AI-generated here, unchanged"


def test_whose_label_was_carried_over_is_told_to_moderators_as_such(
    services, moderator, posted, known
):
    known.rung = Rung.MISPLACED

    facts = facts_of(verify.of_file(services, moderator, FILE))

    assert facts["The label's request"] == posted.job_id
    assert "Request" not in facts


def test_a_file_goes_to_the_ladder_as_it_came(services, bob, ladder):
    verify.of_file(services, bob, FILE, "a.png")

    assert ladder.shown == [FILE]


def test_the_pictures_of_a_message_are_looked_at_as_files(services, bob, posted, known):
    """From the store, which is what people downloaded."""
    verify.of_pictures(services, bob, [posted.verify_id])

    assert known.shown == [services.blobs.get(posted.blob)]


def test_several_pictures_of_a_message_are_answered_in_one_card(services, ada, address, ladder):
    job_id = imagine.submit(services, ada, "a cat --n 4", address).job_id
    publish(services, job_id, pictures=4)
    with services.store.reading() as unit:
        ids = [each.verify_id for each in unit.pictures.of_job(job_id)]

    reply = verify.of_pictures(services, ada, ids)

    assert len(ladder.shown) == 4
    assert reply.title == "AI-generated here, unchanged"


def test_a_picture_that_one_may_not_see_is_not_looked_at(
    services, stranger, ada, posted, ladder, address
):
    """Nor one that was deleted, nor none at all."""
    with pytest.raises(NotFound, match="picture_not_found"):
        verify.of_pictures(services, stranger, [posted.verify_id])
    actions.press(services, ada, Action.DELETE, posted.job_id, address)
    for ids in ([posted.verify_id], []):
        with pytest.raises(NotFound, match="picture_not_found"):
            verify.of_pictures(services, ada, ids)
    assert ladder.shown == []


def test_a_member_may_ask_only_so_often(services, ada, bob, posted, known):
    """By file, by id and by message together; others are not held up."""
    for _ in range(services.settings.verify_tries - 2):
        verify.of_file(services, ada, FILE)
    verify.of_pictures(services, ada, [posted.verify_id])
    verify.of_id(services, ada, posted.verify_id)

    with pytest.raises(UserError, match="verify_too_often"):
        verify.of_file(services, ada, FILE)
    verify.of_file(services, bob, FILE)


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        pytest.param("/verify", "Which picture?", id="nothing"),
        pytest.param("/verify cat.png", "That is no verify id", id="a file's name"),
        pytest.param(f"/verify {'0' * 16}", f"Nothing is on record under {'0' * 16}", id="unknown"),
        pytest.param(f"/verify {'0' * 15}/", "That is no verify id", id="a path"),
    ],
)
def test_what_is_no_picture_of_here_is_answered_with_a_hint(services, ada, address, typed, title):
    reply = commands.run(services, ada, typed, address)

    assert (reply.kind, reply.title) == (ReplyKind.ERROR, title)


def test_a_verify_id_is_taken_in_any_spelling(services, bob, posted, address):
    reply = commands.run(services, bob, f"/verify {posted.verify_id.upper()} thanks", address)

    assert facts_of(reply)["Verify id"] == posted.verify_id
    assert "Since then" not in facts_of(reply)
    assert [link.path for link in reply.links] == [f"/verify/{posted.verify_id}"]


def test_a_picture_that_was_taken_down_is_still_on_record(services, ada, posted, address):
    before = verify.look_up(services, posted.verify_id)
    actions.press(services, ada, Action.DELETE, posted.job_id, address)
    after = verify.look_up(services, posted.verify_id)

    assert (before.is_standing, after.is_standing) == (True, False)
    assert before == after.model_copy(update={"is_standing": True})


def test_about_tells_the_label_with_what_it_lacks(services, ada, bob, address):
    """And leads to the details, which below ten pictures have no button of their own."""
    job_id = imagine.submit(services, ada, "a cat --n 2", address).job_id
    failed = MarkFacts(state=MarkState.FAILED)
    publish(services, job_id, pictures=2, mark=failed, downgrades=(Layer.MARK,))

    whole = actions.press(services, bob, Action.ABOUT, job_id, address)
    single = actions.press(services, bob, Action.ABOUT, job_id, address, picture=1)

    assert whole.title == "About these images"
    assert len(facts_of(whole)["Verify id"].split()) == 2
    assert "posted without the mark" in facts_of(whole)["Label"]
    assert single.title == "About this image"
    assert [button.action for button in whole.buttons] == [Action.DETAILS]
    assert "2" in facts_of(single) or len(facts_of(single)["Verify id"].split()) == 1


def test_there_is_nothing_about_what_was_taken_down(services, ada, posted, address):
    actions.press(services, ada, Action.DELETE, posted.job_id, address)

    reply = actions.press(services, ada, Action.ABOUT, posted.job_id, address)

    assert reply.kind is ReplyKind.ERROR


def test_a_job_that_is_anothers_secret_has_nothing_about_it(services, stranger, posted, address):
    reply = actions.press(services, stranger, Action.ABOUT, posted.job_id, address)

    assert reply.title == "There is no such request"
    assert VerifyId(posted.verify_id) not in reply.model_dump_json()
