"""A job again, and its recipe, for those who may see them."""

import pytest

from bot.replies import Action, ReplyKind, Visibility
from bot.usecases import actions, commands, imagine, rerun, show
from core.contracts.provenance import DigitalSourceType
from core.contracts.registry import Layer, MarkFacts, MarkState
from core.contracts.verdicts import Decision
from core.errors import NotFound, UserError
from tests.bot.road import publish, queue_up

EDITED = DigitalSourceType.COMPOSITE_WITH_TRAINED_ALGORITHMIC_MEDIA

BLOCKED = "easel-known-positive-7q2k9x4m"


def text_of(reply):
    fields = [f"{field.name}: {field.value}" for field in reply.fields]
    return "\n".join([reply.title, *reply.lines, *fields])


def test_a_published_job_is_shown_with_its_pictures(services, ada, bob, address):
    """To everybody of the community."""
    job_id = imagine.submit(services, ada, "a red apple --n 2", address).job_id
    publish(services, job_id, pictures=2)

    reply = show.show(services, bob, job_id, address)

    assert reply.kind is ReplyKind.RESULT
    assert len(reply.pictures) == 2


def test_a_request_is_found_by_a_picture_of_it(services, ada, bob, stranger, address):
    """By those who may see it; to others the picture's id means as much as any other."""
    job_id = imagine.submit(services, ada, "a red apple", address).job_id
    publish(services, job_id)
    with services.store.reading() as unit:
        verify_id = unit.pictures.of_job(job_id)[0].verify_id

    assert show.show_command(services, bob, verify_id.upper(), address).job_id == job_id
    for who, word in ((stranger, verify_id), (bob, "0" * 16)):
        with pytest.raises(NotFound) as caught:
            show.show_command(services, who, word, address)
        assert caught.value.code == "picture_not_found"


def test_a_waiting_job_is_shown_with_its_progress(services, ada, bob, address):
    """Everybody may see who is waiting for what once it is cleared."""
    job_id = imagine.submit(services, ada, "a red apple", address).job_id
    queue_up(services, job_id)

    assert show.show(services, bob, job_id, address).kind is ReplyKind.PROGRESS


def test_a_refusal_is_told_again_to_its_author_alone(services, ada, bob, moderator, address):
    """From the recorded verdict, in the same words."""
    first = imagine.submit(services, ada, BLOCKED, address)

    assert show.show(services, ada, first.job_id, address) == first
    for other in (bob, moderator):
        with pytest.raises(NotFound):
            show.show(services, other, first.job_id, address)


def test_what_was_made_in_an_age_restricted_place_is_not_shown_elsewhere(services, ada, address):
    """The policy is laxer there, so its pictures stay there."""
    restricted = address.model_copy(update={"is_age_restricted": True})
    job_id = imagine.submit(services, ada, "a red apple", restricted).job_id
    publish(services, job_id)

    assert show.show(services, ada, job_id, restricted).pictures
    with pytest.raises(UserError) as caught:
        show.show(services, ada, job_id, address)

    assert caught.value.code == "age_restricted"


def test_details_tell_the_full_recipe_privately(services, ada, bob, address):
    """What it takes to draw it again, and which rules it passed."""
    job_id = imagine.submit(services, ada, "a red apple --seed 7", address).job_id
    publish(services, job_id)

    reply = show.details(services, bob, job_id)

    assert reply.visibility is Visibility.PRIVATE
    told = text_of(reply)
    for fact in ("a red apple", "7", "easel-small", services.gate.policy.version):
        assert fact in told
    with services.store.reading() as unit:
        assert unit.pictures.of_job(job_id)[0].verify_id in told


def test_the_gates_findings_are_for_the_author_and_moderators(
    services, ada, bob, moderator, address, monkeypatch
):
    """Others learn the recipe, not what a check thought of it."""
    job_id = imagine.submit(services, ada, "a red apple", address).job_id
    publish(services, job_id)
    told = {}
    monkeypatch.setattr(
        "bot.wording.details",
        lambda _job, _pictures, verdicts, *_rest: told.update(verdicts=verdicts),
    )

    show.details(services, bob, job_id)
    assert told["verdicts"] == ()
    for reader in (ada, moderator):
        show.details(services, reader, job_id)
        assert [verdict.decision for verdict in told["verdicts"]] == [Decision.ALLOW]


def test_another_communitys_job_is_not_found(services, ada, stranger, address):
    """By neither way."""
    job_id = imagine.submit(services, ada, "a red apple", address).job_id
    publish(services, job_id)

    with pytest.raises(NotFound):
        show.show(services, stranger, job_id, address)
    with pytest.raises(NotFound):
        show.details(services, stranger, job_id)


def test_details_go_back_over_what_a_request_came_from_as_far_as_one_may_see(
    services, ada, bob, address
):
    """A first request that was taken down is its author's to know of, and nobody else's."""
    first = imagine.submit(services, ada, "a red apple", address).job_id
    publish(services, first)
    second = actions.reroll(services, bob, first, address).job_id
    publish(services, second)
    third = rerun.rerun(services, bob, second, address).job_id
    publish(services, third)
    actions.delete(services, ada, first)

    def origin_for(actor):
        fields = show.details(services, actor, third).fields
        return next(field.value for field in fields if field.name == "Goes on from")

    assert origin_for(ada) == f"{second} (drawing again) · {first} (a request of its own)"
    assert origin_for(bob) == f"{second} (drawing again)"


def test_show_needs_an_id(services, ada, address):
    with pytest.raises(UserError) as caught:
        show.show_command(services, ada, "", address)

    assert caught.value.code == "job_id_missing"


def test_the_label_is_the_registry_s_wherever_a_picture_is_shown(services, ada, address):
    """In the message, in lists and in the form of a region; the details tell its layers."""
    job_id = imagine.submit(services, ada, "a red hat", address).job_id
    missing = MarkFacts(state=MarkState.FAILED)
    publish(services, job_id, source_type=EDITED, mark=missing, downgrades=(Layer.MARK,))
    actions.press(services, ada, Action.FAVOURITE, job_id, address)

    shown = show.show(services, ada, job_id, address)
    details = text_of(show.details(services, ada, job_id))
    lists = [commands.run(services, ada, text, address) for text in ("/history", "/favourites")]
    form = actions.press(services, ada, Action.VARY_REGION, job_id, address, picture=0)

    assert shown.lines[0].startswith("AI-edited · ")
    assert "Posted without the mark in the pixels, as the settings here allow" in shown.lines
    assert [reply.lines[0][:9] for reply in lists] == ["AI-edited"] * 2
    assert [each.label for reply in (shown, *lists) for each in reply.pictures] == ["AI-edited"] * 3
    assert form.shown.label == "AI-edited"
    assert "Label: AI-edited · posted without the mark in the pixels" in details
