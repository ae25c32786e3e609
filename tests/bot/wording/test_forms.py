"""A form says what it is about, and gives back what the button needs."""

import pytest

from bot import wording
from bot.grammar import parse
from bot.replies import Action, FieldKind
from bot.wording.forms import TEXT_MAX


@pytest.mark.parametrize(
    "action",
    [Action.VARY, Action.VARY_SUBTLE, Action.VARY_STRONG, Action.REMIX, Action.REROLL],
)
def test_a_text_opens_under_the_button_that_was_pressed(action):
    form = wording.text_form("a cat --n 2", action=action, job_id="j1", picture=3)

    (field,) = form.fields
    assert (form.action, form.job_id, form.picture) == (action, "j1", 3)
    assert (field.name, field.value, field.kind) == ("text", "a cat --n 2", FieldKind.TEXT)
    assert len(form.title) <= 45, "Discord's bound of a form's title"
    assert len(field.label) <= 45, "Discord's bound of a field's label"


def test_a_text_longer_than_usual_is_not_cut():
    form = wording.text_form("x" * 5000, action=Action.REMIX, job_id="j1", picture=None)

    (field,) = form.fields
    assert (len(field.value), field.max_length) == (5000, 5000)
    assert TEXT_MAX == 4000


def test_a_region_is_painted_over_the_picture(make_job, make_pictures):
    job = make_job(parse("a cat --n 2"))
    picture = make_pictures(job, ["a cat", "a cat"])[1]

    form = wording.region_form("a cat", picture, action=Action.VARY_REGION, job_id=job.job_id)

    assert [(field.name, field.kind) for field in form.fields] == [
        ("mask", FieldKind.MASK),
        ("text", FieldKind.TEXT),
    ]
    assert (form.shown.verify_id, form.picture) == (picture.verify_id, 1)
