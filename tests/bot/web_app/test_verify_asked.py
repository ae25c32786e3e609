"""Members ask in the chat: of a file beside `/verify`, and of what a message shows."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from bot import examiner
from core.contracts.actors import Role
from core.contracts.examination import Rung
from tests.bot.web_app.examinations import RECORD, LadderOf
from tests.bot.web_app.pages import messages_of, wait_for
from tests.bot.web_app.stage import encoded, painting

FILE = encoded(painting(64), "PNG")


@pytest.fixture
def ladder(monkeypatch):
    made = LadderOf(Rung.EXACT)
    monkeypatch.setattr(examiner, "build_ladder", lambda _settings, _store: made)
    return made


@pytest.fixture
def posted(browser, stage):
    """A picture that somebody drew, and the key of its message."""
    browser.post("/say", data={"text": "/imagine a red apple --n 2"})
    job = stage.newest()
    return stage.draw(job.job_id), f"job:{job.job_id}"


def ask(client, data=FILE, where="/say/verify"):
    return client.post(where, files={"file": ("cat.png", data)})


def enter(app, client, role):
    token = app.state.web.sessions.entry_token(role)
    assert client.get("/enter", params={"token": token}).status_code == 303


def test_a_file_is_looked_at_as_it_came_for_its_member_alone(browsers, services, ladder):
    """It is no upload: nothing of it is kept or cleaned."""
    anna, ben = browsers(), browsers()

    answer = ask(anna)

    said, told = messages_of(answer.text)
    assert ladder.shown == [FILE]
    assert "Only you can see this" in told.text
    assert "cat.png" in told.text
    assert "not a byte has changed" in told.text
    assert "/verify" in said.text
    assert "cat.png" not in ben.get("/").text
    assert not list((services.settings.home / "blobs").rglob("*.png"))


def test_moderators_read_the_request_and_its_requester(app, browsers, stage, ladder):
    """Members do not, not even of their own picture."""
    anna, mod = browsers(), browsers()
    anna.post("/say", data={"text": "/imagine a red apple"})
    job = stage.newest()
    (picture,) = stage.draw(job.job_id)
    ladder.changes = {"record": RECORD.model_copy(update={"verify_id": picture.verify_id})}
    enter(app, mod, Role.MODERATOR)

    own, told = ask(anna).text, ask(mod).text

    assert job.job_id in told
    assert job.actor.member_id in told
    assert job.actor.member_id not in own
    assert "Asked by" not in own


def test_moderators_ask_in_their_own_channel_too(app, browsers, browser, ladder):
    enter(app, browser, Role.MODERATOR)

    told = ask(browser, where="/moderators/say/verify")

    assert told.status_code == 200
    assert ladder.shown == [FILE]
    assert "not a byte has changed" in browser.get("/moderators").text
    assert ask(browsers(), where="/moderators/say/verify").status_code == 404


def test_the_menu_of_a_message_asks_of_all_its_pictures(browsers, services, posted, ladder):
    pictures, key = posted
    ben = browsers()
    (message,) = wait_for(
        lambda: [each for each in messages_of(ben.get("/").text) if each.by_class("gallery")]
    )
    (item,) = message.by_class("menu-item")
    (form,) = message.by_class("menu")[0].by_tag("form")
    assert "Was this made here?" in item.text
    assert form.attributes["action"] == f"/messages/{key}/verify"

    answer = ben.post(f"/messages/{key}/verify")

    assert ladder.shown == [services.blobs.get(each.blob) for each in pictures]
    assert "Of each of these pictures holds" in answer.text
    assert "Only you can see this" in answer.text


def test_a_message_that_is_not_there_for_one_is_not_looked_at(browsers, ladder, stage):
    """Another's private one, one that was taken down, what a member typed, or none at all."""
    anna, ben = browsers(), browsers()
    anna.post("/say", data={"text": "/imagine a red apple"})
    job_id = stage.newest().job_id
    stage.draw(job_id)
    listed = messages_of(anna.post("/say", data={"text": "/history"}).text)
    private = listed[-1].attributes["id"].removeprefix("m-").replace("-", ":", 1)
    anna.post(f"/messages/{private}/verify")
    assert len(ladder.shown) == 1  # It has a picture, and is hers to ask about.

    answers = [ben.post(f"/messages/{key}/verify").text for key in (private, "nothing")]
    anna.post(f"/jobs/{job_id}/delete")
    answers += [ben.post(f"/messages/job:{job_id}/verify").text]

    assert len(ladder.shown) == 1
    assert all("That message is gone" in each for each in answers[:2])
    assert "There is no such picture" in answers[2] or "That message is gone" in answers[2]


def test_only_messages_with_pictures_have_a_menu(browser):
    browser.post("/say", data={"text": "/help"})

    assert [each.by_class("menu") for each in messages_of(browser.get("/").text)] == [[], []]


def test_verify_without_anything_asks_which(browser, ladder):
    typed = browser.post("/say", data={"text": "/verify"})
    sent = browser.post("/say/verify", data={"text": "no file"})

    assert "Which picture?" in typed.text
    assert (sent.status_code, "Which picture?" in sent.text) == (400, True)
    assert ladder.shown == []


def test_a_file_that_is_too_large_is_not_read(browser, ladder):
    assert ask(browser, bytes(20_200_000)).status_code == 413
    assert ladder.shown == []


def test_one_who_asks_too_often_hears_so_in_the_chat(browser, services, ladder):
    for _ in range(services.settings.verify_tries):
        ask(browser)

    answer = ask(browser)

    assert "Come again in" in answer.text
    assert len(ladder.shown) == services.settings.verify_tries


def test_a_slow_look_does_not_hold_up_what_others_type(browsers, ladder, monkeypatch):
    """Commands are few at a time; a close look takes seconds and is not one of them."""
    looking, let_go = threading.Semaphore(0), threading.Event()
    answer = ladder.examine

    def slowly(data):
        looking.release()
        assert let_go.wait(20)
        return answer(data)

    monkeypatch.setattr(ladder, "examine", slowly)
    anna, ben, cleo = browsers(), browsers(), browsers()
    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(ask, each) for each in (anna, ben)]
        assert all(looking.acquire(timeout=20) for _ in asked)
        told = cleo.post("/say", data={"text": "/help"})
        let_go.set()
        statuses = [each.result(20).status_code for each in asked]

    assert "The commands" in told.text or "/imagine" in told.text
    assert statuses == [200, 200]
