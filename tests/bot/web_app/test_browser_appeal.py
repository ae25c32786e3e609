"""A refusal is questioned in a real browser; what a moderator says arrives, and so does the picture."""

import hashlib

import pytest

from core.contracts.actors import Actor, Role
from core.contracts.reviews import Ruling
from core.workflow import JobState, Outcome
from moderation.review.acts import Said
from moderation.review.opening import Held, open_for
from tests.bot.web_app import people
from tests.bot.web_app.pages import wait_for
from tests.bot.web_app.stage import encoded, painting
from tests.registered import register

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not people.HAS_CHROMIUM, reason="no chromium; `sh tests/system.sh` installs or explains"
    ),
]

MOD = Actor(community_id="local", member_id="web:mod", display_name="Tidy Owl", role=Role.MODERATOR)
NOTE = "It is a prop for our film about a butcher."


@pytest.fixture
def decide(services):
    """Decide a job's item as a moderator, and have it take effect at once."""

    def say(job_id, ruling, reason_code):
        with services.store.reading() as unit:
            item = unit.reviews.live_of_job(job_id)
        services.desk.claim(MOD, item.item_id)
        services.desk.decide(MOD, item.item_id, Said(ruling, reason_code))
        services.desk.apply_now(MOD, item.item_id)
        return item

    return say


def ask_a_moderator(someone, note=NOTE):
    refusal = someone.page.locator(".card.is-refusal")
    refusal.wait_for()
    refusal.get_by_role("button", name="Ask a moderator").click()
    sheet = someone.page.locator("form.sheet")
    sheet.get_by_role("textbox").fill(note)
    sheet.get_by_role("button", name="Ask a moderator").click()
    someone.page.get_by_role("heading", name="A moderator will look at it").wait_for()


def titles(someone):
    return someone.page.locator(".card h2").all_inner_texts()


@pytest.mark.parametrize(
    ("size", "name"),
    [
        pytest.param(people.DESKTOP, "appeal-desktop-light", id="desktop"),
        pytest.param(people.PHONE, "appeal-phone-light", id="phone"),
    ],
)
def test_an_overturned_refusal_is_drawn_where_it_was_asked_for(person, stage, decide, size, name):
    """The author is told in private; the picture is everybody's, and so is the request then."""
    anna, ben = person(size=size), person()
    anna.say("/imagine a decapitated corpse, gore --seed 7")
    ask_a_moderator(anna)
    job = stage.newest()
    assert (job.state, job.seed) == (JobState.PROMPT_REVIEW, 7)
    anna.picture(f"{name}-held")
    for number in range(3):
        ben.say(f"/help {number}")

    item = decide(job.job_id, Ruling.APPROVE, "context")
    told = anna.page.get_by_role("heading", name="A moderator looked again and approved it")
    told.wait_for()
    wait_for(lambda: stage.job(job.job_id).state is JobState.QUEUED)
    stage.draw(job.job_id)
    for someone in (anna, ben):
        someone.page.locator(".card.is-result img").first.wait_for()

    assert item.member_note == NOTE
    drawn = stage.job(job.job_id)
    assert (drawn.spec, drawn.seed, drawn.address) == (job.spec, job.seed, job.address)
    assert titles(anna)[-1] == "A moderator looked again and approved it"
    assert not any("approved" in title for title in titles(ben)), "it is told to one person"
    assert "Tidy Owl" not in anna.page.content()
    assert anna.page.evaluate(people.CONTRAST) == []
    assert anna.page.evaluate(people.WIDER_THAN_THE_SCREEN) == []
    told.scroll_into_view_if_needed()
    anna.picture(f"{name}-approved")


def test_a_rejection_comes_with_its_reason_at_the_end_of_the_page(person, stage, decide):
    """Also when its author had put the card away; nobody else learns of any of it."""
    anna, ben = person(), person()
    anna.say("/imagine a decapitated corpse, gore")
    ask_a_moderator(anna, "")
    job = stage.newest()
    anna.page.get_by_role("button", name="Dismiss").click()
    anna.page.locator(".card.is-held").wait_for(state="detached")
    ben.say("/imagine a red apple")
    anna.page.locator(".card.is-progress").wait_for()

    decide(job.job_id, Ruling.REJECT, "hurts_someone")
    rejected = anna.page.locator(".card.is-refusal")
    rejected.wait_for()

    assert titles(anna)[-1] == "A moderator decided against this request"
    said = rejected.inner_text()
    assert "could hurt a real person" in said
    assert "last word" in said
    assert rejected.get_by_role("button", name="Ask a moderator").count() == 0
    assert "corpse" not in ben.page.content()
    assert "Tidy Owl" not in anna.page.content()
    rejected.scroll_into_view_if_needed()
    anna.picture("appeal-rejected-desktop-light")
    anna.page.reload()
    anna.page.locator(".card.is-refusal").wait_for()
    assert titles(anna)[-1] == "A moderator decided against this request"


def test_a_held_picture_is_shown_once_a_moderator_approves_it(person, services, stage, decide):
    """The very bytes that were signed, and no request can reach them before."""
    anna, ben = person(), person()
    anna.say("/imagine a red apple")
    anna.page.locator(".card.is-progress").wait_for()
    job = stage.newest()
    picture, data = hold_picture(services, stage, job)
    anna.page.get_by_role("heading", name="A moderator will look at the picture first").wait_for()
    ben.page.locator(".card.is-progress").wait_for(state="detached")
    address = f"/pictures/{picture.verify_id}/a.png"
    assert anna.page.request.get(anna.url + address).status == 404

    decide(job.job_id, Ruling.APPROVE, "fine")
    for someone in (anna, ben):
        someone.page.locator(".card.is-result img").wait_for()

    served = ben.page.request.get(ben.url + address)
    assert (served.status, served.body()) == (200, data)
    anna.page.get_by_role("heading", name="A moderator approved what was drawn").wait_for()
    assert not any("approved" in title for title in titles(ben))
    anna.picture("held-picture-approved-desktop-light")


def hold_picture(services, stage, job):
    """Draw it and have it held, as the worker does."""
    stage.begin(job.job_id)
    data = encoded(painting(), "PNG")
    picture = stage._picture(job, 0)
    services.blobs.delete(picture.blob)
    blob = services.held.put(picture.verify_id, data)
    sha256 = hashlib.sha256(data).hexdigest()
    picture = picture.model_copy(update={"blob": blob, "sha256": sha256})
    with services.store.unit() as unit:
        unit.pictures.add(picture)
        register(unit, picture)
    with services.store.unit() as unit:
        now = services.clock()
        held = unit.jobs.advance(job.job_id, Outcome.OUTPUT_REVIEW, now=now, worker_id="stage:1")
        why = Held(Outcome.OUTPUT_REVIEW, None, services.gate.policy)
        open_for(unit, held, why, now=now)
    services.courier.nudge(job.address.platform)
    return picture, data
