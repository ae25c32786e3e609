"""A request whose words were deleted: it is told as one, and nobody draws it again."""

import pytest

from bot.replies import Action, ReplyKind
from bot.standing import read_standing
from bot.usecases import actions, commands, imagine
from bot.usecases.suggest import suggest
from bot.wording.phrases import WORDS_DELETED
from core.contracts.generation import FORGOTTEN
from core.workflow import JobState, NoticeKind, Outcome
from tests.bot.road import advance, publish

GOING_ON = (
    Action.REROLL,
    Action.REMIX,
    Action.RERUN,
    Action.UPSCALE,
    Action.VARY,
    Action.VARY_SUBTLE,
    Action.VARY_STRONG,
    Action.VARY_REGION,
)


def forget_words(services):
    with services.store.unit() as unit:
        now = services.clock()
        for community_id in unit.forgetting.communities():
            unit.forgetting.words_before(community_id, now, now=now, limit=9)


@pytest.fixture
def published(services, clock, ada, address):
    job_id = imagine.submit(services, ada, "a {red,blue} zebra --seed 7", address).job_id
    publish(services, job_id, pictures=2)
    advance(services, job_id, Outcome.DELIVERED)
    clock.move(1)
    forget_words(services)
    return job_id


@pytest.fixture
def typed(services, ada, address):
    return lambda text: commands.run(services, ada, text, address)


@pytest.mark.parametrize("action", GOING_ON, ids=lambda action: action.value)
@pytest.mark.parametrize("picture", [None, 1], ids=["whole", "one picture"])
def test_nothing_goes_on_from_it(services, ada, address, published, action, picture):
    reply = actions.press(services, ada, action, published, address, picture=picture)

    assert (reply.kind, reply.title) == (
        ReplyKind.ERROR,
        "The words of that request are deleted",
    )
    with services.store.reading() as unit:
        assert [job.job_id for job in unit.jobs.recent(ada.community_id)] == [published]


@pytest.mark.parametrize("command", ["/rerun", "/rerun {} 2"], ids=["all", "one"])
def test_it_is_not_drawn_again(typed, published, command):
    text = command.format(published) if "{}" in command else f"{command} {published}"

    assert typed(text).title == "The words of that request are deleted"


def test_its_pictures_are_shown_without_words(typed, published):
    reply = typed(f"/show {published}")

    assert reply.kind is ReplyKind.RESULT
    assert [picture.caption for picture in reply.pictures] == ["1", "2"]
    assert all(WORDS_DELETED in picture.alt_text for picture in reply.pictures)
    assert all(picture.file_name.startswith("ai_") for picture in reply.pictures)


def test_lists_and_details_say_so_and_show_no_stand_in(services, ada, address, typed, published):
    actions.press(services, ada, Action.FAVOURITE, published, address, picture=0)
    replies = [
        typed("/history"),
        typed("/favourites"),
        typed(f"/show {published}"),
        actions.press(services, ada, Action.DETAILS, published, address),
    ]

    for reply in replies:
        told = reply.model_dump_json()
        assert WORDS_DELETED in told
        assert FORGOTTEN not in told
        assert "zebra" not in told
        assert "small model knows" not in told


def test_it_is_offered_by_its_id_and_not_by_its_words(services, ada, published):
    (by_id,) = suggest(services, ada, "/show ", 6)

    assert (by_id.label, by_id.summary) == (published, WORDS_DELETED)
    assert all(FORGOTTEN not in each.text for each in suggest(services, ada, "/imagine ", 9))


def test_a_refusal_says_still_why_and_quotes_nothing(services, clock, ada, address, typed):
    job_id = imagine.submit(services, ada, "a naked zebra woman", address).job_id
    clock.move(1)
    forget_words(services)

    reply = typed(f"/show {job_id}")

    assert reply.kind is ReplyKind.REFUSAL
    assert reply.quote is None
    assert [field.name for field in reply.fields] == ["Category", "Rule", "Policy"]
    assert "zebra" not in reply.model_dump_json()


def test_a_refusal_whose_words_are_gone_is_not_appealed(services, clock, ada, address):
    """Nobody could decide about it, and nothing would be drawn."""
    job_id = imagine.submit(services, ada, "a naked zebra woman", address).job_id
    clock.move(1)
    forget_words(services)

    reply = actions.press(services, ada, Action.APPEAL, job_id, address, fields={"note": ""})

    assert reply.title == "The words of that request are deleted"
    with services.store.reading() as unit:
        assert unit.jobs.get(job_id).state is JobState.BLOCKED


def test_a_refusal_whose_verdict_is_gone_is_still_one(services, clock, ada, address, typed):
    job_id = imagine.submit(services, ada, "a naked woman", address).job_id
    clock.move(1)
    with services.store.unit() as unit:
        assert unit.forgetting.verdicts_before(ada.community_id, services.clock(), limit=9)

    assert typed(f"/show {job_id}").kind is ReplyKind.REFUSAL


def delete_pictures(services, job_id):
    with services.store.unit() as unit:
        for picture in unit.pictures.of_job(job_id):
            unit.pictures.mark_deleted(picture.verify_id, services.clock())


def test_a_job_all_of_whose_pictures_are_gone_is_told_as_such(services, typed, published):
    """By retention: no step was taken, so its state still says that it was delivered."""
    delete_pictures(services, published)

    assert typed(f"/show {published}").title == "Deleted"


def test_a_picture_that_was_never_shown_was_not_taken_down(services, ada, address, typed):
    """Nor can it be drawn again, for it never was to be."""
    job_id = imagine.submit(services, ada, "a red apple", address).job_id
    publish(services, job_id, outcome=Outcome.OUTPUT_REVIEW)
    with services.store.unit() as unit:
        (picture,) = unit.pictures.of_job(job_id)
        unit.pictures.set_blob(picture.verify_id, f"held/{job_id}/0.png")
    assert advance(services, job_id, Outcome.REJECTED).state is JobState.WITHHELD
    delete_pictures(services, job_id)

    with services.store.reading() as unit:
        assert read_standing(unit, unit.jobs.get(job_id)).kind is NoticeKind.WITHHELD
    assert typed(f"/rerun {job_id}").title == "Nothing to draw again"
