"""People look at a picture's family in a real browser, and delete a whole branch of it."""

import pytest

from bot.usecases.inputs import POSTED
from core.workflow import JobState
from tests.bot.web_app import people
from tests.bot.web_app.axe import findings
from tests.bot.web_app.pages import read, wait_for
from tests.bot.web_app.people import (
    CONTRAST,
    DESKTOP,
    PHONE,
    SMALL_TARGETS,
    WIDER_THAN_THE_SCREEN,
)
from tests.bot.web_app.stage import encoded, painting
from tests.bot.web_app.test_browser_going_on import drawn, next_job, picture_of
from tests.core.families import FamilyTree
from tests.core.storage.samples import an_address

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not people.HAS_CHROMIUM, reason="no chromium; `sh tests/system.sh` installs or explains"
    ),
]


@pytest.fixture
def family(services):
    """Draw a family that only Bob has asked for, with one of its pictures in another channel."""
    tree = FamilyTree(services.store, services.blobs, encoded(painting(), "PNG"))
    root = tree.request(pictures=4, member="web:bob")
    varied = tree.from_picture(root, 2, member="web:bob")
    far = tree.from_picture(root, 1, member="web:bob", address=an_address(channel_id="backroom"))
    tree.from_picture(far, member="web:bob")
    for _ in range(9):
        varied = tree.from_picture(varied, action="upscale", member="web:bob")
    tree.request(of=root, action="reroll", member="web:bob")
    tree.from_picture(root, member="web:bob", state=JobState.RUNNING, pictures=0)
    return root


@pytest.mark.parametrize(("size", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")])
def test_a_family_is_drawn_for_everybody(person, family, size, scheme):
    """A list in lists: it can be read aloud, and on a phone ten generations fit the page."""
    anna = person(size=size, scheme=scheme, bypass_csp=True)

    anna.say(f"/lineage {family}")

    tree = anna.page.locator(".tree")
    tree.wait_for()
    tree.locator("img").first.scroll_into_view_if_needed()
    anna.page.wait_for_function(
        "() => [...document.querySelectorAll('.thumbnails img')].slice(0, 4)"
        ".every((each) => each.complete && each.naturalWidth > 0)"
    )
    anna.picture(f"lineage-{scheme}")
    assert tree.locator("li").count() == 15
    here = tree.locator("[aria-current=true]")
    assert family in here.first.inner_text()
    assert tree.get_by_text("A picture elsewhere").count() == 1
    assert "AI-generated" in anna.page.locator(".card", has=tree).inner_text()
    for look in (CONTRAST, SMALL_TARGETS, WIDER_THAN_THE_SCREEN):
        assert anna.page.evaluate(look) == []
    assert findings(anna.page) == []
    assert anna.complaints == []


def test_a_family_is_drawn_without_script(browsers, family):
    """The page itself has the lists, with small pictures that are fetched when looked at."""
    anna = browsers()
    anna.post("/say", data={"text": f"/lineage {family}"}).raise_for_status()

    page = read(anna.get("/").text)

    (tree,) = page.by_class("tree")
    assert len(tree.by_tag("li")) == 15
    images = tree.by_tag("img")
    assert len(images) == 4 + 1 + 1 + 9 + 1
    assert {each.attributes["loading"] for each in images} == {"lazy"}
    assert all(anna.get(each.attributes["src"]).status_code == 200 for each in images[:3])


def test_a_branch_is_deleted_after_a_question(person, stage):
    """Who deletes is asked what else goes; then every message of the branch says so."""
    anna = person()
    first = drawn(anna, stage)
    anna.page.get_by_role("button", name="Upscale").click()
    second = next_job(stage, first).job_id
    stage.draw(second)
    anna.page.locator(".gallery").nth(1).wait_for()
    verify_id = picture_of(stage, second).verify_id

    anna.page.get_by_role("button", name="Delete").first.click()
    anna.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    question = anna.page.locator(".card", has_text="Delete what came from them, too?")
    question.wait_for()
    assert stage.job(first).state in POSTED
    anna.picture("delete-question")
    question.get_by_role("button", name="These and what came from them").click()

    anna.page.get_by_text("2 pictures of 2 requests went.").wait_for()
    assert [stage.job(each).state for each in (first, second)] == [JobState.WITHHELD] * 2
    assert wait_for(lambda: anna.page.locator(".gallery").count() == 0)
    assert anna.page.request.get(f"{anna.url}/pictures/{verify_id}/x.png").status == 404
    anna.say(f"/lineage {first}")
    anna.page.locator(".tree").wait_for()
    assert anna.page.locator(".tree img").count() == 0
