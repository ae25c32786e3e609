"""Go on from pictures on the shipped model: vary, enlarge, redraw a part, bring one along.

The whole road with its real processes, and once more after all of them were stopped and started.
"""

import io
import time

import numpy as np
import pytest
from PIL import Image, ImageDraw

from bot.bootstrap import build_services
from bot.embedded.stack import Stack, settings_from
from bot.replies import Action, Form, Reply, ReplyKind
from bot.usecases import actions, imagine, uploads
from core.contracts.actors import Actor, Platform, ReplyAddress
from core.contracts.ids import ChannelId, CommunityId, MemberId
from core.contracts.personal import UploadKind
from core.settings import WebSettings
from core.workflow import JobState
from tests.e2e.labels import assert_files_labelled, assert_visibly_labelled

pytestmark = [pytest.mark.stack, pytest.mark.timeout(420)]

DEADLINE_S = 180.0
ENV = {"EASEL_WEB_PORT": "0", "EASEL_OUTBOX_SWEEP_S": "0.5", "EASEL_MAX_WAITING_JOBS": "50"}
ENDED = {JobState.DELIVERED, JobState.FAILED, JobState.WITHHELD, JobState.BLOCKED}

MEMBER = Actor(
    community_id=CommunityId(WebSettings().community),
    member_id=MemberId("web:painter"),
    display_name="Painter",
)
ADDRESS = ReplyAddress(platform=Platform.WEB, channel_id=ChannelId(WebSettings().channel))

MARK_NOISE = 255**2 / 10**3.9
"""The mean square of the strongest mark, 39 dB; two marks of their own add up."""

GRID = "a {red,green} apple on a blue background --n 2 --seed 7 --steps 8"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def stack(home):
    running = Stack(ENV, home).start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def services(stack):
    built = build_services(settings_from(stack.env))
    yield built
    built.close()


def delivered(services, job_id):
    """Wait until a job has its pictures posted; give its record and its pictures."""
    ends = time.monotonic() + DEADLINE_S
    while time.monotonic() < ends:
        with services.store.reading() as unit:
            job = unit.jobs.get(job_id)
            if job.state in ENDED:
                assert (job.state, job.failure) == (JobState.DELIVERED, None)
                pictures = unit.pictures.of_job(job_id)
                break
        time.sleep(0.05)
    else:
        pytest.fail(f"{job_id} was not drawn within {DEADLINE_S:.0f} s")
    assert_files_labelled(services, job_id)
    assert_visibly_labelled(message_of(services, job_id))
    return job, pictures


def press(services, action, job_id, picture=None, **fields):
    reply = actions.press(
        services, MEMBER, action, job_id, ADDRESS, picture=picture, fields=fields or None
    )
    assert isinstance(reply, Form) or reply.kind is ReplyKind.PROGRESS, reply
    return reply


def pixels(services, picture):
    image = Image.open(io.BytesIO(services.blobs.get(picture.blob))).convert("RGB")
    return np.asarray(image).astype(np.float64)


def png(image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def distance(first, second):
    """Tell how far two pictures are apart: the mean difference of their 8-bit values."""
    return float(np.abs(first - second).mean())


@pytest.fixture(scope="module")
def grid(services):
    """Two permutations, two pictures of each, in one job with one message."""
    return delivered(services, imagine.submit(services, MEMBER, GRID, ADDRESS).job_id)


def message_of(services, job_id) -> Reply:
    with services.store.reading() as unit:
        said = unit.chat.recent(ADDRESS.channel_id, viewer=MEMBER.member_id, limit=100)
    (message,) = [each for each in said if each.job_id == job_id and each.kind == "easel"]
    return Reply.model_validate_json(message.body)


def test_a_grid_is_one_message_that_tells_its_pictures_apart(services, grid):
    job, _ = grid

    reply = message_of(services, job.job_id)

    assert [each.caption for each in reply.pictures] == [
        "1 · a red apple on a blue background",
        "2 · a red apple on a blue background",
        "3 · a green apple on a blue background",
        "4 · a green apple on a blue background",
    ]
    labels = [button.label for button in reply.buttons]
    assert labels[:8] == ["U1", "U2", "U3", "U4", "V1", "V2", "V3", "V4"]


def test_a_gentle_variation_keeps_the_layout_of_its_own_picture(services, grid):
    """It is nearer to the picture it goes on from than to any other of the grid, and not it."""
    job, pictures = grid
    reply = press(services, Action.VARY, job.job_id, picture=2)

    varied, made = delivered(services, reply.job_id)

    before = [pixels(services, each) for each in pictures]
    apart = [distance(pixels(services, made[0]), each) for each in before]
    others = [far for index, far in enumerate(apart) if index != 2]
    assert 0 < apart[2] < min(others)
    assert (varied.spec.prompt, len(made)) == ("a green apple on a blue background", 2)
    assert {each.parent for each in made} == {pictures[2].verify_id}
    assert distance(pixels(services, made[0]), pixels(services, made[1])) > 0


def test_an_enlarged_picture_is_the_same_picture_twice_as_large(services, grid):
    job, pictures = grid
    reply = press(services, Action.UPSCALE, job.job_id, picture=1)

    _, (large,) = delivered(services, reply.job_id)

    assert (large.width, large.height) == (2 * pictures[1].width, 2 * pictures[1].height)
    assert (large.parent, large.seed) == (pictures[1].verify_id, pictures[1].seed)
    image = Image.fromarray(pixels(services, large).astype(np.uint8))
    back = np.asarray(image.resize((pictures[1].width,) * 2, Image.Resampling.BOX))
    assert distance(back.astype(float), pixels(services, pictures[1])) < 4


def test_a_region_changes_and_the_rest_stays_but_for_the_marks(services, grid):
    """What is kept is the posted picture; its mark and that of the new one are all that differs."""
    job, pictures = grid
    mask = Image.new("L", (300, 300))
    ImageDraw.Draw(mask).rectangle((150, 0, 299, 299), 255)
    brought = uploads.store(services, MEMBER, png(mask), kind=UploadKind.MASK)
    form = press(services, Action.VARY_REGION, job.job_id, picture=0)
    text = form.fields[1].value.replace("red apple", "yellow star")

    reply = press(
        services, Action.VARY_REGION, job.job_id, picture=0, mask=brought.upload_id, text=text
    )
    _, made = delivered(services, reply.job_id)

    before, after = pixels(services, pictures[0]), pixels(services, made[0])
    half = pictures[0].width // 2
    kept = after[:, :half] - before[:, :half]
    assert (kept**2).mean() < 2 * MARK_NOISE
    assert np.abs(kept.mean()) < 0.5, "a mark makes nothing lighter or darker"
    assert distance(after[:, half:], before[:, half:]) > 5
    assert made[0].parent == pictures[0].verify_id


def test_a_picture_that_is_brought_along_shows_through_as_far_as_asked(services):
    """Its colours stay with much weight; with none they are the prompt's."""
    brought = uploads.store(
        services, MEMBER, png(Image.new("RGB", (400, 300), (230, 120, 20))), file_name="sunset.png"
    )

    def drawn(weight):
        text = f"a red apple on a blue background --seed 3 --steps 12 --iw {weight}"
        reply = imagine.submit(services, MEMBER, f"{text} --image {brought.upload_id}", ADDRESS)
        _, (picture,) = delivered(services, reply.job_id)
        assert picture.parent == brought.upload_id
        return pixels(services, picture)

    near, far = drawn(3), drawn(0)

    orange = np.full_like(near, (230, 120, 20))
    assert distance(near, orange) < 20
    assert distance(far, orange) > 2 * distance(near, orange)


def test_the_buttons_of_a_job_still_work_after_everything_was_restarted(
    home, stack, services, grid
):
    """Their state is action, job and picture alone; the rest is in the record."""
    job, pictures = grid
    before = message_of(services, job.job_id).buttons
    services.close()
    stack.stop()
    again = Stack(ENV, home).start()
    try:
        with build_services(settings_from(again.env)) as fresh:
            reply = message_of(fresh, job.job_id)
            assert reply.buttons == before
            (button,) = [each for each in reply.buttons if each.label == "V4"]
            answer = press(fresh, button.action, reply.job_id, picture=button.picture)
            redrawn = press(fresh, Action.REROLL, reply.job_id)

            varied, made = delivered(fresh, answer.job_id)
            _, four = delivered(fresh, redrawn.job_id)

            assert varied.parent_id == job.job_id
            assert made[0].parent == pictures[3].verify_id
            assert len(four) == 4
    finally:
        again.stop()
