"""What a browser gets for what is typed and pressed, with the real use cases behind it."""

import re
from urllib.parse import urlsplit

import httpx
import pytest

from bot.web_app.session import entry_link
from tests.bot.web_app.pages import messages_of, read, wait_for

GORE = "/imagine a decapitated corpse, gore"


def say(browser, text) -> list[str]:
    answer = browser.post("/say", data={"text": text})
    answer.raise_for_status()
    return [" ".join(message.text.split()) for message in messages_of(answer.text)]


def shown(browser) -> list[str]:
    return [" ".join(message.text.split()) for message in messages_of(browser.get("/").text)]


def result(browser, stage, text="/imagine a red apple") -> str:
    """Ask for a picture and wait until it is posted; return the job's id."""
    say(browser, text)
    job_id = stage.newest().job_id
    stage.draw(job_id)
    wait_for(lambda: f"/jobs/{job_id}/reroll" in browser.get("/").text)
    return job_id


def actions(browser) -> list[str]:
    page = read(browser.get("/").text)
    return [each.attributes["data-focus"] for each in page.by_class("action")]


def press(browser, job_id, action) -> httpx.Response:
    return browser.post(f"/jobs/{job_id}/{action}")


@pytest.fixture
def moderator(browsers, server, services):
    browser = browsers()
    secret = services.settings.secret_key.get_secret_value()
    assert browser.get(entry_link(server.url, secret, "local")).has_redirect_location
    return browser


def test_an_accepted_request_is_answered_at_once(browser):
    """With what was typed, and its place in the queue."""
    said, answer = say(browser, "/imagine a red apple on a blue background")

    assert "/imagine a red apple on a blue background" in said
    assert "Drawing for" in answer
    assert "Next in the queue" in answer
    assert answer.count("in the queue") == 1


def test_everybody_sees_an_accepted_request(browsers):
    """The same two messages."""
    anna, ben = browsers(), browsers()

    say(anna, "/imagine a red apple")

    assert len(shown(anna)) == len(shown(ben)) == 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param(GORE, "This request was not drawn", id="refused"),
        pytest.param("/imagine", "No prompt yet", id="mistaken"),
        pytest.param("/imagine an apple --sed 7", "There is no flag --sed", id="misspelt flag"),
        pytest.param("draw me a horse", "A command begins with /", id="plain text"),
        pytest.param("/draw a horse", "There is no command /draw", id="unknown command"),
        pytest.param("/help", "How to ask for a picture", id="help"),
        pytest.param("/policy", "What is allowed here", id="policy"),
        pytest.param("/show zzz", "There is no such request", id="unknown request"),
    ],
)
def test_what_concerns_its_author_alone_is_shown_to_nobody_else(browsers, text, says):
    """Neither what was typed nor the answer; and both survive a reload."""
    anna, ben = browsers(), browsers()

    said, answer = say(anna, text)

    assert text in said
    assert says in answer
    assert "Only you can see this" in answer
    assert shown(anna) == [said, answer]
    assert shown(ben) == []


def test_a_refusal_names_what_it_means(browser):
    """Category, words, rule, policy version and what would pass."""
    _, answer = say(browser, GORE)

    for part in ("gore", "Category", "Rule", "Policy", "What would pass"):
        assert part in answer


def test_a_result_replaces_its_progress_in_place(browser, stage):
    """One message a job, with its label and its picture."""
    job_id = result(browser, stage)

    _, answer = shown(browser)
    assert "Drawn for" in answer
    assert "AI-generated" in answer
    assert read(browser.get("/").text).by_tag("img")[-1].attributes["alt"]
    wait_for(lambda: stage.job(job_id).state.value == "delivered")


def test_nothing_typed_is_nothing_said(browser):
    """Blanks leave no message."""
    assert browser.post("/say", data={"text": "   "}).status_code == 204
    assert browser.post("/say").status_code == 204
    assert shown(browser) == []


def test_a_browser_without_scripts_comes_back_to_the_page(server):
    """The forms are real forms."""
    with httpx.Client(base_url=server.url, headers={"Origin": server.url}) as plain:
        plain.get("/")
        answer = plain.post("/say", data={"text": "/help"})

    assert (answer.status_code, answer.headers["Location"]) == (303, "/")


def test_suggestions_are_options_to_take(browser):
    """Each with the whole line and the cursor's place in it."""
    answer = browser.post("/suggest", data={"text": "/ima", "cursor": 4})

    (option,) = read(answer.text).by_tag("li")
    assert option.attributes["role"] == "option"
    assert option.attributes["data-text"] == "/imagine "
    assert option.attributes["data-cursor"] == "9"


def test_flags_are_suggested(browser):
    """By what they begin with."""
    text = "/imagine an apple --se"

    answer = browser.post("/suggest", data={"text": text, "cursor": len(text)})

    assert "--seed" in answer.text


def test_no_suggestion_is_an_empty_answer(browser):
    """The box then closes its list."""
    assert not browser.post("/suggest", data={"text": "hello", "cursor": 5}).text.strip()


def test_details_are_the_asker_s_alone(browsers, stage):
    """The recipe, to whoever presses."""
    anna, ben = browsers(), browsers()
    job_id = result(anna, stage)

    answer = press(ben, job_id, "details")

    assert "Scheduler" in answer.text
    assert "Scheduler" not in anna.get("/").text
    assert "Scheduler" in ben.get("/").text


def test_drawing_again_is_a_new_request(browser, stage):
    """With a message and a result of its own."""
    first = result(browser, stage)

    press(browser, first, "reroll").raise_for_status()

    again = stage.newest()
    assert again.parent_id == first
    assert "Drawing for" in shown(browser)[-1]
    stage.draw(again.job_id)
    wait_for(lambda: shown(browser)[-1].startswith("Easel App") and "Drawn" in shown(browser)[-1])
    assert len(shown(browser)) == 3


def test_only_author_and_moderator_are_offered_to_delete(browsers, moderator, stage):
    """Everybody else may report."""
    anna, ben = browsers(), browsers()
    result(anna, stage)

    whole = {"reroll", "remix", "details", "delete", "report"}
    assert whole - set(actions(anna)) == {"report"}
    assert whole - set(actions(ben)) == {"delete"}
    assert whole <= set(actions(moderator))


def test_what_is_not_offered_is_refused_too(browsers, stage):
    """A forged press changes nothing."""
    anna, ben = browsers(), browsers()
    job_id = result(anna, stage)

    answer = press(ben, job_id, "delete")

    assert "not yours to do" in answer.text
    assert "Drawn for" in shown(anna)[-1]


@pytest.mark.parametrize("who", ["author", "moderator"])
def test_a_deleted_picture_is_gone_for_everybody(browsers, moderator, stage, who):
    """From the channel at once, and from its own address."""
    anna, ben = browsers(), browsers()
    job_id = result(anna, stage)
    address = read(ben.get("/").text).by_class("frame")[0].attributes["href"]
    assert ben.get(address).is_success

    answer = press(anna if who == "author" else moderator, job_id, "delete")

    assert "taken down" in answer.text
    assert "taken down" in shown(ben)[-1]
    assert read(ben.get("/").text).by_class("picture") == []
    assert ben.get(address).status_code == 404
    assert len(shown(ben)) == 2


def test_a_shown_result_empties_when_its_picture_is_deleted(browsers, stage):
    """Wherever it was shown again."""
    anna, ben = browsers(), browsers()
    job_id = result(anna, stage)
    say(ben, f"/show {job_id}")
    assert len(read(anna.get("/").text).by_class("picture")) == 2

    press(anna, job_id, "delete")

    assert read(anna.get("/").text).by_class("picture") == []


def test_a_report_is_its_maker_s_alone(browsers, stage):
    """And thanked for once."""
    anna, ben = browsers(), browsers()
    job_id = result(anna, stage)

    first, second = press(ben, job_id, "report"), press(ben, job_id, "report")

    assert "this is reported" in first.text
    assert "reported this already" in second.text
    assert "reported" not in " ".join(shown(anna))


def test_dismissing_takes_an_answer_and_its_command_away(browser):
    """For good: a reload does not bring them back."""
    say(browser, "/help")
    form = read(browser.get("/").text).by_class("private")[-1].by_tag("form")[0]

    answer = browser.post(form.attributes["action"])

    gone = read(answer.text).by_tag("article")
    assert all("data-gone" in each.attributes for each in gone)
    assert len(gone) == 2
    assert shown(browser) == []


def test_nobody_dismisses_another_s_answer(browsers):
    """It is as if there were none."""
    anna, ben = browsers(), browsers()
    say(anna, "/help")
    form = read(anna.get("/").text).by_class("private")[-1].by_tag("form")[0]

    assert ben.post(form.attributes["action"]).status_code == 404
    assert len(shown(anna)) == 2


@pytest.mark.parametrize("path", ["/say", "/suggest", "/jobs/x/details", "/messages/x/dismiss"])
def test_a_stranger_is_asked_to_open_the_page(server, path):
    """Only the page makes members, so a lost cookie is noticed."""
    headers = {"Origin": server.url, "HX-Request": "true"}

    answer = httpx.post(server.url + path, data={"text": "/help"}, headers=headers)

    assert answer.status_code == 401
    assert "not signed in" in answer.text


def test_a_reload_finds_the_same_member(browser):
    """By the cookie."""
    name = read(browser.get("/").text).by_class("me")[0].text

    assert read(browser.get("/").text).by_class("me")[0].text == name
    assert re.search(r"[A-Z][a-z]+ [A-Z][a-z]+", name)


def test_a_moderator_s_link_opens_once(browsers, server, services):
    """The first who follows it is one; the next is told."""
    secret = services.settings.secret_key.get_secret_value()
    link = urlsplit(entry_link(server.url, secret, "local"))
    first, second = browsers(), browsers()

    entered = first.get(f"{link.path}?{link.query}")
    refused = second.get(f"{link.path}?{link.query}", headers={"HX-Request": ""})

    assert (entered.status_code, entered.headers["Location"]) == (303, "/")
    assert "Moderator" in read(first.get("/").text).by_class("me")[0].text
    assert refused.status_code == 400
    assert "used already" in refused.text
    assert "Moderator" not in read(second.get("/").text).by_class("me")[0].text


def test_a_moderator_s_link_keeps_who_somebody_is(browsers, server, services):
    """Their own requests stay theirs."""
    secret = services.settings.secret_key.get_secret_value()
    browser = browsers()
    name = read(browser.get("/").text).by_class("me")[0].by_class("author")[0].text

    browser.get(entry_link(server.url, secret, "local"))

    assert read(browser.get("/").text).by_class("me")[0].by_class("author")[0].text == name


@pytest.mark.parametrize("token", ["", "forged", "a" * 501])
def test_a_wrong_link_lets_nobody_in(browser, token):
    """Whatever it carries."""
    answer = browser.get(f"/enter?token={token}")

    assert answer.status_code == 400
    assert "Moderator" not in read(browser.get("/").text).by_class("me")[0].text


def test_a_link_stays_shut_while_nobody_can_tell_whether_it_was_used(browser, server, services):
    """And opens once Redis is back."""
    secret = services.settings.secret_key.get_secret_value()
    link = entry_link(server.url, secret, "local")
    services.events.is_away = True

    assert browser.get(link).status_code == 503
    services.events.is_away = False
    assert browser.get(link).status_code == 303


def test_commands_are_taken_while_redis_is_away(browser, services):
    """They wait in the database."""
    services.events.is_away = True

    _, answer = say(browser, "/imagine a red apple")

    assert "Drawing for" in answer
