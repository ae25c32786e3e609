"""The safe rewrite in a real browser: offered, opened as text, drawn only once it is sent."""

import pytest

from core.contracts.actors import Platform
from core.events import wake_topic
from core.workflow import JobState
from moderation.suggesting import Suggester
from tests.bot.web_app import people
from tests.bot.web_app.pages import wait_for

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not people.HAS_CHROMIUM, reason="no chromium; `sh tests/system.sh` installs or explains"
    ),
]


@pytest.fixture
def look_for_rewrite(services):
    """Do what the screening process does after a refusal, and ring for the delivery."""

    def look(job_id):
        suggester = Suggester(services.store, services.gates, services.catalog, services.clock)
        assert suggester.suggest(job_id) is not None
        services.events.wake(wake_topic(Platform.WEB))

    return look


@pytest.mark.parametrize(
    ("size", "name"),
    [
        pytest.param(people.DESKTOP, "rewrite-desktop-light", id="desktop"),
        pytest.param(people.PHONE, "rewrite-phone-light", id="phone"),
    ],
)
def test_the_rewrite_comes_to_the_refusal_and_is_drawn_once_it_is_sent(
    person, stage, look_for_rewrite, size, name
):
    """The button opens it as text; its author sends it, it passes the gate, its picture comes."""
    anna, ben = person(size=size), person()
    anna.say("/imagine a naked woman on a beach --seed 7")
    refusal = anna.page.locator(".is-refusal")
    refusal.wait_for()
    refused = stage.newest()
    offered = refusal.get_by_role("button", name="Use the safe rewrite")
    assert offered.count() == 0

    look_for_rewrite(refused.job_id)
    offered.wait_for()
    offered.scroll_into_view_if_needed()
    assert "a fully clothed woman on a beach" in refusal.inner_text()
    assert anna.page.evaluate(people.WIDER_THAN_THE_SCREEN) == []
    anna.picture(name)
    offered.click()
    sheet = anna.page.get_by_role("dialog")
    sheet.wait_for()
    box = sheet.get_by_role("textbox").first
    assert box.input_value() == "a fully clothed woman on a beach --seed 7"
    assert stage.newest().job_id == refused.job_id
    anna.picture(f"{name}-form")
    box.press("Control+Enter")

    sheet.wait_for(state="hidden")
    job = wait_for(lambda: (new := stage.newest()).job_id != refused.job_id and new)
    assert (job.action, job.parent_id, job.spec.prompt, job.spec.seed) == (
        "rewrite",
        refused.job_id,
        "a fully clothed woman on a beach",
        7,
    )
    stage.draw(job.job_id)
    result = anna.page.locator(".is-result")
    result.wait_for()
    assert result.locator("img").count() == 1
    assert stage.job(refused.job_id).state is JobState.BLOCKED
    ben.page.locator(".is-result").wait_for()
    assert "naked" not in ben.page.locator("body").inner_text()
    anna.picture(f"{name}-drawn")


def test_a_rewrite_that_is_made_worse_is_refused_like_any_request(person, stage, look_for_rewrite):
    """Coming from the button opens no back door."""
    anna = person()
    anna.say("/imagine a naked woman on a beach")
    anna.page.locator(".is-refusal").wait_for()
    refused = stage.newest()
    look_for_rewrite(refused.job_id)
    anna.page.get_by_role("button", name="Use the safe rewrite").click()
    box = anna.page.get_by_role("dialog").get_by_role("textbox").first

    box.fill("a naked woman in a field")
    box.press("Control+Enter")

    again = wait_for(lambda: (new := stage.newest()).job_id != refused.job_id and new)
    assert (again.state, again.action) == (JobState.BLOCKED, "rewrite")
