"""People keep their own things in a real browser: history, settings, styles, favourites, limits."""

from datetime import timedelta

import pytest

from bot import paces
from core.workflow import JobState
from tests.bot.web_app import people
from tests.bot.web_app.pages import wait_for
from tests.bot.web_app.people import Person

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not people.HAS_CHROMIUM, reason="no chromium; `sh tests/system.sh` installs or explains"
    ),
]

APPLE = "/imagine a red apple on a blue background"


def drawn(someone: Person, stage, text=APPLE) -> str:
    """Let somebody ask for pictures and see them; return the job's id."""
    before = someone.page.locator(".is-result .gallery").count()
    someone.say(text)
    someone.page.locator(".is-progress").last.wait_for()
    job_id = stage.newest().job_id
    stage.draw(job_id)
    someone.page.locator(".is-result .gallery").nth(before).wait_for()
    return job_id


def card(someone: Person, title: str):
    heading = someone.page.get_by_role("heading", name=title, exact=True)
    found = someone.page.locator(".card").filter(has=heading).last
    found.wait_for()
    return found


def test_history_lists_and_show_revives(person, stage):
    """One's own requests with their pictures, to oneself; an id brings message and buttons back."""
    anna, ben = person(), person()
    job_id = drawn(anna, stage)

    anna.page.get_by_role("button", name="What you drew").first.click()
    listed = card(anna, "Your requests")
    assert job_id in listed.inner_text()
    assert listed.locator("img").count() == 1
    anna.picture("history-desktop-light")
    anna.say(f"/show {job_id}")
    anna.page.locator(".is-result").nth(1).wait_for()

    revived = anna.page.locator(".is-result").nth(1)
    revived.get_by_role("button", name="Vary (strong)").click()
    varied = wait_for(lambda: (job := stage.newest()).job_id != job_id and job)
    assert (varied.action, varied.parent_id) == ("vary_strong", job_id)
    assert ben.page.get_by_text("Your requests").count() == 0


def test_settings_and_styles_are_in_force(person, stage):
    """And recorded in the request, so that its recipe is whole."""
    anna = person()

    anna.say("/settings count 2")
    card(anna, "Your settings are changed")
    anna.say("/style save soft on a pink background")
    card(anna, "The style “soft” is kept")
    anna.say("/settings aspect 7")
    anna.page.locator(".is-error").wait_for()
    anna.picture("settings-desktop-light")
    anna.say("/imagine a panda --style soft")
    anna.page.get_by_text("Drawing for").wait_for()

    spec = stage.newest().spec
    assert spec.count == 2
    assert spec.prompt == "a panda on a pink background"


def test_a_favourite_is_marked_and_listed(person, stage):
    """By its star, which nobody else sees."""
    anna, ben = person(), person()
    drawn(anna, stage, f"{APPLE} --n 2")

    anna.page.get_by_role("button", name="Favourite 2").click()
    card(anna, "This picture is among your favourites")
    anna.page.get_by_role("button", name="Favourites").first.click()
    listed = card(anna, "Your favourites")

    assert listed.locator("img").count() == 1
    assert "picture 2" in listed.inner_text()
    assert ben.page.get_by_role("heading", name="Your favourites").count() == 0


def test_details_put_a_recipe_to_the_test(person, stage):
    """The button below them asks for the same picture again."""
    anna = person()
    job_id = drawn(anna, stage)

    anna.page.get_by_role("button", name="Details").click()
    details = card(anna, "Details")
    details.get_by_role("button", name="Draw again to compare").click()

    again = wait_for(lambda: (job := stage.newest()).job_id != job_id and job)
    assert (again.action, again.parent_id) == ("rerun", job_id)
    assert again.seed == stage.job(job_id).seed


def test_a_request_is_called_back(person, stage):
    """By the button on its message, by its author alone; it says so for everybody."""
    anna, ben = person(), person()
    anna.say(APPLE)
    anna.page.locator(".is-progress").wait_for()
    ben.page.locator(".is-progress").wait_for()
    assert ben.page.get_by_role("button", name="Cancel").locator("visible=true").count() == 0

    anna.page.locator(".is-progress").get_by_role("button", name="Cancel").click()

    anna.page.get_by_text("cancelled", exact=False).first.wait_for()
    ben.page.locator(".is-progress").wait_for(state="detached")
    assert stage.newest().state is JobState.CANCELLED


class TestPrice:
    """A large request names its price first."""

    @pytest.fixture
    def services(self, services, monkeypatch):
        # That nothing was drawn yet is not remembered here, for no test waits a second.
        monkeypatch.setattr(paces, "UNKNOWN_FOR", timedelta(0))
        settings = services.settings.model_copy(update={"confirm_gpu_s": 0.5})
        object.__setattr__(services, "settings", settings)
        return services

    def test_it_is_drawn_after_a_yes_and_not_after_a_no(self, person, stage):
        """The question is its author's alone, and stands once."""
        anna = person()
        drawn(anna, stage)  # What it takes is known once something was drawn.

        anna.say(f"{APPLE} --n 4 --steps 150")
        asked = card(anna, "This is a large request")
        assert "GPU-second" in asked.inner_text()
        anna.picture("price-desktop-light")
        before = stage.newest().job_id
        asked.get_by_role("button", name="Cancel").click()
        card(anna, "Not drawn")
        assert stage.newest().job_id == before

        anna.say(f"{APPLE} --n 4 --steps 150")
        card(anna, "This is a large request").get_by_role("button", name="Draw it").click()
        anna.page.locator(".is-progress").last.wait_for()
        assert stage.newest().spec.steps == 150
