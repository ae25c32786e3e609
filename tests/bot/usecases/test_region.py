"""What is painted over is drawn anew in words that may change; the picture and its rest stay."""

import io

import pytest
from PIL import Image, ImageDraw

from bot.grammar import parse
from bot.replies import Action, FieldKind, Form, ReplyKind
from bot.usecases import actions, imagine, uploads
from core.contracts.personal import UploadKind
from tests.bot.road import publish


@pytest.fixture
def job_id(services, ada, address):
    text = "a {red,blue} apple --n 2 --seed 7 --steps 9"
    job_id = imagine.submit(services, ada, text, address).job_id
    publish(services, job_id, pictures=4)
    return job_id


@pytest.fixture
def mask(services, bob):
    image = Image.new("L", (100, 100))
    ImageDraw.Draw(image).ellipse((20, 20, 60, 60), 255)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return uploads.store(services, bob, buffer.getvalue(), kind=UploadKind.MASK).upload_id


def press(services, actor, job_id, address, picture=3, **fields):
    return actions.press(
        services, actor, Action.VARY_REGION, job_id, address, picture=picture, fields=fields or None
    )


def picture_of(services, job_id, index):
    with services.store.reading() as unit:
        return unit.pictures.of_job(job_id)[index]


def test_it_asks_for_a_mask_over_that_picture_and_for_words(services, bob, address, job_id):
    form = press(services, bob, job_id, address)

    picture = picture_of(services, job_id, 3)
    assert isinstance(form, Form)
    assert (form.action, form.job_id, form.picture) == (Action.VARY_REGION, job_id, 3)
    assert (form.shown.verify_id, form.shown.blob) == (picture.verify_id, picture.blob)
    assert [(field.name, field.kind) for field in form.fields] == [
        ("mask", FieldKind.MASK),
        ("text", FieldKind.TEXT),
    ]
    spec = parse(form.fields[1].value)
    assert (spec.prompt, spec.steps, spec.count) == ("a blue apple", 9, 2)
    assert (spec.seed, spec.image, spec.mask) == (None, None, None)


@pytest.mark.parametrize(("flags", "weight"), [("", 0.0), (" --iw 1.5", 1.5)])
def test_a_region_is_drawn_from_nothing_unless_it_is_said_otherwise(
    services, bob, address, job_id, mask, flags, weight
):
    reply = press(services, bob, job_id, address, mask=mask, text=f"a green pear{flags}")

    with services.store.reading() as unit:
        job = unit.jobs.get(reply.job_id)
    assert (job.spec.prompt, job.spec.mask) == ("a green pear", mask)
    assert job.spec.image == picture_of(services, job_id, 3).verify_id
    assert job.spec.image_weight == weight
    assert (job.action, job.parent_id) == ("vary_region", job_id)


@pytest.mark.parametrize(
    ("fields", "title"),
    [
        ({"text": "a pear"}, "Nothing is painted"),
        ({"mask": "", "text": "a pear"}, "Nothing is painted"),
        ({"mask": "up-000000000000", "text": "a pear"}, "There is no such picture to go on from"),
        ({"mask": "../../x", "text": "a pear"}, "--mask does not take “../../x”"),
        ({"mask": "up-000000000000"}, "No prompt yet"),
        ({"mask": "up-000000000000", "text": "--tile"}, "No prompt yet"),
    ],
)
def test_a_slip_is_told_and_changes_nothing(services, bob, address, job_id, fields, title):
    reply = press(services, bob, job_id, address, **fields)

    assert (reply.kind, reply.title) == (ReplyKind.ERROR, title)
    with services.store.reading() as unit:
        assert unit.usage.waiting(bob.community_id, bob.member_id)[0].count == 0


def test_anothers_mask_is_not_there(services, ada, address, job_id, mask):
    reply = press(services, ada, job_id, address, mask=mask, text="a pear")

    assert reply.title == "There is no such picture to go on from"


def test_its_words_go_through_the_gate(services, bob, address, job_id, mask):
    reply = press(services, bob, job_id, address, mask=mask, text="easel-known-positive-7q2k9x4m")

    assert reply.kind is ReplyKind.REFUSAL
