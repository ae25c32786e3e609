"""People use the chat in a real browser: by keyboard, side by side, in any light and size."""

import pytest

from bot.replies import Reply, ReplyKind, Visibility
from bot.web_app.app import create_app
from bot.web_app.channel import Channel
from bot.web_app.session import entry_link
from core.contracts.actors import Actor
from tests.bot.web_app import people
from tests.bot.web_app.pages import wait_for
from tests.bot.web_app.people import DESKTOP, PHONE, Person
from tests.bot.web_app.server_in_thread import ServerInThread
from tests.bot.web_app.stage import encoded, painting

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not people.HAS_CHROMIUM, reason="no chromium; `sh tests/system.sh` installs or explains"
    ),
]

GORE = "/imagine a decapitated corpse, gore"
APPLE = "/imagine a red apple on a blue background"


def drawn(someone: Person, stage, text=APPLE) -> str:
    """Let somebody ask for a picture and see it; return the job's id."""
    before = someone.page.locator(".gallery").count()
    someone.say(text)
    someone.page.locator(".is-progress").last.wait_for()
    job_id = stage.newest().job_id
    stage.draw(job_id)
    someone.page.locator(".gallery").nth(before).wait_for()
    return job_id


def loaded(picture) -> bool:
    return picture.evaluate("async (img) => { await img.decode(); return img.naturalWidth > 0 }")


def test_a_picture_is_asked_for_by_keyboard_alone(person, stage):
    """From the first key to the labelled result, with previews on the way."""
    anna = person()
    page, keys = anna.page, anna.page.keyboard
    box = page.get_by_role("combobox")
    assert box.evaluate("element => element === document.activeElement")

    keys.type("/im")
    option = page.get_by_role("option")
    option.wait_for()
    assert box.get_attribute("aria-expanded") == "true"
    keys.press("ArrowDown")
    assert box.get_attribute("aria-activedescendant") == option.get_attribute("id")
    assert option.get_attribute("aria-selected") == "true"
    keys.press("Enter")
    assert box.input_value() == "/imagine "
    keys.type("a red apple --se")
    page.get_by_role("option").filter(has_text="--seed").wait_for()
    keys.press("Tab")
    assert box.input_value() == "/imagine a red apple --seed "
    keys.type("7")
    keys.press("Escape")
    assert box.get_attribute("aria-expanded") == "false"
    keys.press("Enter")

    page.get_by_text("Drawing for").wait_for()
    assert box.input_value() == ""
    job = stage.newest()
    assert (job.spec.prompt, job.seed) == ("a red apple", 7)
    stage.begin(job.job_id)
    stage.report(job.job_id, 7, preview=encoded(painting(64, 0.5), "JPEG"))
    page.get_by_text("Step 7 of 20").wait_for()
    bar = page.get_by_role("progressbar", name="Steps drawn")
    assert (bar.get_attribute("value"), bar.get_attribute("max")) == ("7", "20")
    assert loaded(page.get_by_alt_text("The picture as far as it is drawn"))
    anna.picture("progress-desktop-light")

    stage.finish(job.job_id)
    picture = page.get_by_alt_text("AI-generated picture: a red apple")
    assert loaded(picture)
    assert page.locator(".label").inner_text() == "AI-generated"
    assert page.get_by_role("progressbar").count() == 0


def test_a_refusal_is_seen_by_its_author_alone(person):
    """In words and in looks; and it goes when it is dismissed, by keyboard."""
    anna, ben = person(), person()

    anna.say(GORE)
    anna.say("/imagine a red apple")

    refusal = anna.page.locator(".is-private").filter(has_text="This request was not drawn")
    refusal.wait_for()
    assert refusal.get_by_text("Only you can see this").is_visible()
    ben.page.get_by_text("Drawing for").wait_for()
    assert "gore" not in ben.page.content()
    refusal.get_by_role("button", name="Dismiss").focus()
    anna.page.keyboard.press("Enter")
    refusal.wait_for(state="detached")
    assert anna.page.get_by_text("decapitated").count() == 0
    anna.page.reload()
    assert anna.page.get_by_text("decapitated").count() == 0


def test_plain_text_is_answered_with_a_hint(person):
    """A newcomer need not know the slash."""
    anna = person()

    anna.say("draw me a red apple")

    anna.page.get_by_text("A command begins with /").wait_for()


def test_lines_typed_quickly_are_all_sent_in_their_order(person, stage):
    """Nobody has to wait for an answer before the next line."""
    anna = person()

    for number in range(5):
        anna.say(f"/imagine apple number {number}")

    anna.page.locator(".is-progress").nth(4).wait_for()
    said = anna.page.locator(".said").all_inner_texts()
    assert [text[-1] for text in sorted(said)] == list("01234")


def test_an_author_deletes_a_picture_after_being_asked(person, stage):
    """Escape and Cancel keep it; yes takes it off everybody's page at once."""
    anna, ben = person(), person()
    drawn(anna, stage)
    ben.page.locator(".gallery img").wait_for()
    delete = anna.page.get_by_role("button", name="Delete")
    question = anna.page.get_by_role("dialog")

    delete.focus()
    anna.page.keyboard.press("Enter")
    question.wait_for()
    assert "cannot be undone" in question.inner_text()
    anna.picture("confirm-desktop-light")
    anna.page.keyboard.press("Escape")
    question.wait_for(state="hidden")
    delete.click()
    question.get_by_role("button", name="Cancel").click()
    question.wait_for(state="hidden")
    assert anna.page.locator(".gallery img").count() == 1
    delete.click()
    question.get_by_role("button", name="Delete").click()

    anna.page.get_by_text("taken down").wait_for()
    ben.page.get_by_text("taken down").wait_for()
    assert ben.page.locator(".gallery").count() == 0


def test_a_moderator_deletes_another_s_picture(person, stage, server, services):
    """Which nobody else is offered."""
    anna, ben, owl = person(), person(), person()
    drawn(anna, stage)
    ben.page.locator(".gallery img").wait_for()
    assert ben.page.get_by_role("button", name="Delete").count() == 0
    assert ben.page.get_by_role("button", name="Report").count() == 1

    secret = services.settings.secret_key.get_secret_value()
    owl.page.goto(entry_link(server.url, secret, "local"))
    owl.page.get_by_text("Moderator", exact=True).wait_for()
    owl.page.get_by_role("button", name="Delete").click()
    owl.page.get_by_role("dialog").get_by_role("button", name="Delete").click()

    anna.page.get_by_text("taken down").wait_for()


def test_details_and_reports_are_private(person, stage):
    """To whoever pressed."""
    anna, ben = person(), person()
    drawn(anna, stage)

    ben.page.get_by_role("button", name="Details").click()
    ben.page.locator(".is-private").get_by_text("Scheduler").wait_for()
    ben.page.get_by_role("button", name="Report").click()
    ben.page.get_by_role("dialog").get_by_role("button", name="Report").click()
    ben.page.get_by_text("this is reported").wait_for()
    ben.picture("details-desktop-light")

    assert anna.page.locator(".is-private").count() == 0


def test_drawing_again_brings_another_picture(person, stage):
    """Below the first."""
    anna = person()
    drawn(anna, stage)

    anna.page.get_by_role("button", name="Draw again").click()
    anna.page.locator(".is-progress").wait_for()
    stage.draw(stage.newest().job_id)

    anna.page.locator(".gallery").nth(1).wait_for()


def test_an_example_is_one_press_away(person, stage):
    """In a channel where nothing was said yet."""
    anna = person()

    anna.page.get_by_role("button", name="a panda on the grass").click()

    anna.page.get_by_text("Drawing for").wait_for()
    assert stage.newest().spec.prompt == "a panda on the grass"
    anna.page.get_by_role("heading", name="What shall we draw?").wait_for(state="hidden")


def test_every_tab_of_a_person_shows_the_same(person):
    """Also what only they can see."""
    anna = person()
    other = anna.tab()

    anna.say("/help")

    other.get_by_text("How to ask for a picture").wait_for()


def test_a_page_outlives_the_web_app(person, server, services, web_settings):
    """What was said while it was away is there without a reload."""
    anna = person()
    anna.say("/help")
    anna.page.get_by_text("How to ask for a picture").wait_for()
    server.stop()
    channel = Channel(services.store, services.clock, "local", "general")
    ben = Actor(community_id="local", member_id="web:ben", display_name="Bold Finch")
    card = Reply(kind=ReplyKind.CARD, visibility=Visibility.PUBLIC, title="Said in between")
    channel.answer(ben, channel.say(ben, "/show x"), card)

    anna.say("/policy")
    anna.page.get_by_text("could not be reached").wait_for()
    assert anna.page.get_by_role("combobox").input_value() == "/policy"
    with ServerInThread(create_app(services, web_settings), server.port):
        anna.page.get_by_text("Said in between").wait_for()
        anna.page.keyboard.press("Enter")
        anna.page.get_by_text("What is allowed here:").wait_for()


def test_a_reader_of_older_messages_is_not_torn_away(person):
    """A button tells of what is new."""
    anna = person(size=PHONE)
    for _ in range(2):
        anna.say("/help")
    anna.page.locator(".is-card").nth(1).wait_for()
    anna.page.locator("#scroll").evaluate("element => { element.scrollTop = 0 }")

    anna.say("/policy")

    news = anna.page.get_by_role("button", name="New messages")
    news.click()
    wait_for(
        lambda: anna.page.locator(".is-card").last.evaluate(
            "element => element.getBoundingClientRect().top < innerHeight"
        )
    )
    assert not news.is_visible()


def test_the_chat_works_without_scripts(person, stage):
    """Forms are forms: slower, and complete."""
    anna = person(java_script_enabled=False)

    anna.page.get_by_role("combobox").fill("/imagine a red apple")
    anna.page.get_by_role("button", name="Send").click()
    anna.page.get_by_text("Drawing for").wait_for()
    stage.draw(stage.newest().job_id)
    wait_for(lambda: anna.page.reload() and anna.page.locator(".gallery img").count())

    anna.page.get_by_role("button", name="Details").click()
    anna.page.get_by_text("Scheduler").wait_for()


def test_nothing_moves_for_those_who_asked_for_stillness(person, stage):
    """And something does for the others."""
    still, moving = person(), person(reduced_motion="no-preference")
    still.say(APPLE)

    names = []
    for each in (still, moving):
        canvas = each.page.locator(".canvas")
        canvas.wait_for()
        names.append(canvas.evaluate("element => getComputedStyle(element).animationName"))
    assert names == ["none", "drift"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [pytest.param(DESKTOP, id="1280"), pytest.param(PHONE, id="360")])
def test_the_page_is_fit_for_eyes_and_fingers(person, stage, size, scheme):
    """Contrast, size of targets, names of controls, no sideways scrolling: in every state."""
    device = "desktop" if size == DESKTOP else "phone"
    anna = person(size=size, scheme=scheme)
    look_over(anna, f"empty-{device}-{scheme}")

    drawn(anna, stage)
    loaded(anna.page.locator(".gallery img"))
    look_over(anna, f"result-{device}-{scheme}")
    drawn(anna, stage, "/imagine a red apple --n 4")
    loaded(anna.page.locator(".is-many img").last)
    look_over(anna, f"many-{device}-{scheme}")
    anna.say(f"/imagine {'antidisestablishmentarianism' * 8}")
    anna.page.locator(".is-progress").wait_for()
    look_over(anna, f"waiting-{device}-{scheme}")
    anna.say(GORE)
    anna.page.get_by_text("What would pass").wait_for()
    look_over(anna, f"refusal-{device}-{scheme}")
    anna.say("/help")
    anna.page.get_by_text("How to ask for a picture").wait_for()
    look_over(anna, f"help-{device}-{scheme}")
    box = anna.page.get_by_role("combobox")
    box.press_sequentially("/imagine an apple --")
    anna.page.get_by_role("option").first.wait_for()
    box.press("ArrowDown")
    look_over(anna, f"suggestions-{device}-{scheme}")


def look_over(someone: Person, name: str) -> None:
    someone.picture(name)
    page = someone.page
    assert page.evaluate(people.WIDER_THAN_THE_SCREEN) == []
    assert page.evaluate(people.CONTRAST) == []
    assert page.evaluate(people.NAMELESS) == []
    assert page.evaluate(people.SMALL_TARGETS) == []
