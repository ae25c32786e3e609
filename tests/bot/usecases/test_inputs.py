"""One goes on only from what one may see, here, while it stands; an upload is its member's own."""

import io

import pytest
from PIL import Image, ImageDraw

from bot.usecases import actions, imagine, uploads
from bot.usecases.inputs import UPSCALED_MAX
from core.contracts.personal import UploadKind
from core.errors import NotFound, UserError
from core.workflow import JobState, Outcome
from tests.bot.road import advance, publish


def png(size=(64, 48), mode="RGB", box=None) -> bytes:
    image = Image.new(mode, size)
    if box:
        ImageDraw.Draw(image).rectangle(box, "white")
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def drawn(services, ada, address):
    """A picture of Ada's that everybody in the community may see."""
    job_id = imagine.submit(services, ada, "a red apple", address).job_id
    publish(services, job_id)
    with services.store.reading() as unit:
        return unit.pictures.of_job(job_id)[0]


@pytest.fixture
def uploaded(services, ada):
    return uploads.store(services, ada, png(), file_name="my cat.png")


def ask(services, actor, address, flags):
    return imagine.submit(services, actor, f"a cat {flags}", address)


def refused(services, actor, address, flags):
    """Ask for what must be refused, and see that nothing was recorded."""
    with pytest.raises(UserError) as caught:
        ask(services, actor, address, flags)
    with services.store.reading() as unit:
        assert unit.usage.waiting(actor.community_id, actor.member_id)[0].count == 0
    return caught.value.code


def test_anybody_in_the_community_goes_on_from_a_picture_shown_there(
    services, ada, bob, address, drawn
):
    for actor in (ada, bob):
        reply = ask(services, actor, address, f"--image {drawn.verify_id} --iw 2")

        with services.store.reading() as unit:
            job = unit.jobs.get(reply.job_id)
        assert (job.spec.image, job.state) == (drawn.verify_id, JobState.SCREENING)


def test_a_picture_of_another_community_is_not_there(services, stranger, address, drawn):
    assert refused(services, stranger, address, f"--image {drawn.verify_id}") == "image_not_found"


def test_a_picture_nobody_drew_is_not_there(services, ada, address):
    assert refused(services, ada, address, "--image 0123456789abcdef") == "image_not_found"


def test_a_picture_that_waits_for_a_moderator_is_not_there_for_its_author_either(
    services, ada, address
):
    """It may turn out to be one that nobody should go on from."""
    job_id = imagine.submit(services, ada, "a red apple", address).job_id
    publish(services, job_id, outcome=Outcome.OUTPUT_REVIEW)
    with services.store.reading() as unit:
        verify_id = unit.pictures.of_job(job_id)[0].verify_id

    with pytest.raises(NotFound) as caught:
        ask(services, ada, address, f"--image {verify_id}")

    assert caught.value.code == "image_not_found"


def test_a_deleted_picture_says_so(services, ada, bob, address, drawn):
    actions.delete(services, ada, drawn.job_id)

    assert refused(services, bob, address, f"--image {drawn.verify_id}") == "picture_deleted"


def test_a_picture_of_an_age_restricted_place_stays_there(services, ada, address):
    inside = address.model_copy(update={"is_age_restricted": True})
    job_id = imagine.submit(services, ada, "a red apple", inside).job_id
    publish(services, job_id)
    with services.store.reading() as unit:
        verify_id = unit.pictures.of_job(job_id)[0].verify_id

    assert refused(services, ada, address, f"--image {verify_id}") == "age_restricted"
    assert ask(services, ada, inside, f"--image {verify_id}").job_id


def test_an_upload_is_its_members_own(services, ada, bob, stranger, address, uploaded):
    flags = f"--image {uploaded.upload_id}"
    assert refused(services, bob, address, flags) == "image_not_found"
    assert refused(services, stranger, address, flags) == "image_not_found"

    assert ask(services, ada, address, flags).job_id


def test_an_upload_whose_time_was_over_says_so(services, ada, address, uploaded, clock):
    with services.store.unit() as unit:
        unit.uploads.mark_deleted(uploaded.upload_id, clock())

    assert refused(services, ada, address, f"--image {uploaded.upload_id}") == "upload_gone"


def test_a_mask_and_a_picture_are_not_taken_for_each_other(services, ada, address, uploaded, drawn):
    mask = uploads.store(services, ada, png(box=(0, 0, 9, 9)), kind=UploadKind.MASK)

    assert refused(services, ada, address, f"--image {mask.upload_id}") == "upload_kind_wrong"
    assert (
        refused(services, ada, address, f"--image {drawn.verify_id} --mask {uploaded.upload_id}")
        == "upload_kind_wrong"
    )
    assert ask(services, ada, address, f"--image {drawn.verify_id} --mask {mask.upload_id}").job_id


def test_what_an_upload_is_called_goes_through_the_gate_with_the_request(
    services, ada, address, uploaded
):
    """The verdict is on a text that has the name in it."""
    with_name = ask(services, ada, address, f"--image {uploaded.upload_id}").job_id
    with services.store.unit() as unit:
        unit.uploads.mark_deleted(uploaded.upload_id, services.clock())
    nameless = uploads.store(services, ada, png())
    without = ask(services, ada, address, f"--image {nameless.upload_id}").job_id

    with services.store.reading() as unit:
        seen = {unit.verdicts.of_job(job)[0].input_sha256 for job in (with_name, without)}
    assert len(seen) == 2


@pytest.mark.parametrize(("factor", "is_fine"), [(2, True), (4, False)])
def test_an_enlarged_picture_has_a_largest_size(services, ada, address, factor, is_fine):
    upload = uploads.store(services, ada, png((1024, 64)))
    assert UPSCALED_MAX == 2048
    flags = f"--image {upload.upload_id} --upscale {factor}"

    if is_fine:
        assert ask(services, ada, address, flags).job_id
    else:
        assert refused(services, ada, address, flags) == "upscale_too_large"


def test_a_reroll_keeps_the_picture_and_looks_again_whether_it_is_there(
    services, ada, bob, address, drawn
):
    first = ask(services, ada, address, f"--image {drawn.verify_id} --iw 2").job_id
    publish(services, first)

    again = actions.reroll(services, bob, first, address).job_id
    actions.delete(services, ada, drawn.job_id)

    with services.store.reading() as unit:
        assert unit.jobs.get(again).spec.image == drawn.verify_id
    with pytest.raises(UserError) as caught:
        actions.reroll(services, bob, first, address)
    assert caught.value.code == "picture_deleted"


def test_anothers_upload_is_not_reached_by_drawing_their_request_again(
    services, ada, bob, address, uploaded
):
    """The result was shown to all; what it was made from was not."""
    first = ask(services, ada, address, f"--image {uploaded.upload_id}").job_id
    publish(services, first)

    with pytest.raises(NotFound):
        actions.reroll(services, bob, first, address)


def test_a_job_that_is_still_being_drawn_has_nothing_to_go_on_from(services, ada, address):
    job_id = imagine.submit(services, ada, "a red apple", address).job_id
    advance(services, job_id, Outcome.PROMPT_ALLOW)

    reply = actions.press(services, ada, actions.Action.UPSCALE, job_id, address, picture=0)

    assert reply.title == "There is no such picture"
