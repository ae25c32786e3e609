"""The public page: anybody asks, nobody signs in, nothing is kept, and nothing is told of people."""

import socket

import httpx
import pytest

from bot import examiner
from bot.web_app import verify_page
from core.contracts.actors import Role
from core.contracts.examination import PublicRecord, Rung
from core.errors import Unavailable
from tests.bot.web_app.examinations import RECORD, LadderOf
from tests.bot.web_app.pages import read
from tests.bot.web_app.stage import encoded, painting

FILE = encoded(painting(64), "PNG")


@pytest.fixture
def ladder(monkeypatch):
    made = LadderOf(Rung.EXACT)
    monkeypatch.setattr(examiner, "build_ladder", lambda _settings, _store: made)
    return made


@pytest.fixture
def anybody(server):
    """A browser that was never here and has no cookie."""
    with httpx.Client(
        base_url=server.url, headers={"Origin": server.url, "Accept": "text/html"}, timeout=20
    ) as client:
        yield client


def ask(client, data=FILE, name="cat.png", **headers):
    return client.post("/verify", files={"file": (name, data)}, headers=headers)


def shown(answer):
    """What the page says in answer; its script has more to show by itself, in templates."""
    (place,) = read(answer.text).all(lambda each: each.attributes.get("id") == "result")
    (finding,) = place.by_class("finding")
    return finding


def test_anybody_asks_without_a_session_and_gets_none(anybody, ladder):
    page, answer = anybody.get("/verify"), ask(anybody)

    assert (page.status_code, answer.status_code) == (200, 200)
    assert "Set-Cookie" not in page.headers
    assert "Set-Cookie" not in answer.headers
    assert ladder.shown == [FILE]
    finding = shown(answer)
    assert "not a byte has changed" in finding.text
    assert "That does not mean" in finding.text
    assert "cat.png" in finding.text


def test_the_page_is_as_strict_as_its_neighbours(anybody, ladder):
    for answer in (anybody.get("/verify"), ask(anybody), anybody.get("/verify/" + "0" * 16)):
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"
        assert "<style" not in answer.text
        assert read(answer.text).all(lambda each: "style" in each.attributes) == []


def test_no_answer_names_a_member_a_request_or_a_prompt(app, anybody, browser, stage, ladder):
    """Not even to the browser of an admin: who may know more asks in the chat."""
    browser.post("/say", data={"text": "/imagine a secret garden"})
    job = stage.newest()
    (picture,) = stage.draw(job.job_id)
    ladder.changes = {"record": RECORD.model_copy(update={"verify_id": picture.verify_id})}
    admin = app.state.web.sessions.entry_token(Role.ADMIN)
    browser.get("/enter", params={"token": admin})

    answers = [each.get(f"/verify/{picture.verify_id}") for each in (anybody, browser)]
    answers += [ask(anybody), ask(browser), ask(browser, accept="application/json")]

    for answer in answers:
        assert answer.status_code == 200
        for secret in ("secret garden", job.job_id, job.actor.member_id, job.actor.display_name):
            assert secret not in answer.text


def test_programs_get_json_and_may_come_without_an_origin(server, ladder):
    """They post in nobody's name."""
    answer = httpx.post(
        f"{server.url}/verify", files={"file": FILE}, headers={"Accept": "application/json"}
    )

    told = answer.json()
    assert answer.status_code == 200
    assert (told["is_made_here"], told["is_unchanged"]) == (True, True)
    assert told["examination"]["rung"] == "exact"
    assert told["found"].endswith(".")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
    ids=str,
)
def test_another_site_may_not_ask_in_a_visitor_s_name(server, ladder, headers):
    """It would use up the visitor's questions."""
    answer = httpx.post(f"{server.url}/verify", files={"file": FILE}, headers=headers)

    assert answer.status_code == 403
    assert ladder.shown == []


def test_a_record_tells_what_it_says_of_a_picture(anybody, browser, stage):
    browser.post("/say", data={"text": "/imagine a red apple"})
    (picture,) = stage.draw(stage.newest().job_id)

    page = anybody.get(f"/verify/{picture.verify_id.upper()}")
    told = anybody.get(f"/verify/{picture.verify_id}", headers={"Accept": "application/json"})

    assert picture.verify_id in shown(page).text
    assert told.json()["record"]["verify_id"] == picture.verify_id
    assert set(told.json()["record"]) == set(PublicRecord.model_fields)


def test_the_form_with_an_id_leads_to_its_record(anybody):
    answer = anybody.get("/verify", params={"id": " 3F0C58D1E2A94B67 "})

    assert (answer.status_code, answer.headers["Location"]) == (303, "/verify/3f0c58d1e2a94b67")


@pytest.mark.parametrize("word", ["//evil.example", "../enter", "a b", "\u0663" * 16])
def test_no_word_leads_elsewhere(anybody, word):
    answer = anybody.get("/verify", params={"id": word})

    assert answer.status_code == 400
    assert "That is no verify id" in answer.text


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/verify/" + "0" * 16, 404, "record_not_found"),
        ("/verify/cat", 400, "verify_id_invalid"),
    ],
)
def test_an_id_that_leads_nowhere_says_so(anybody, path, status, code):
    page = anybody.get(path)
    told = anybody.get(path, headers={"Accept": "application/json"})

    assert (page.status_code, told.status_code) == (status, status)
    assert told.json()["error"]["code"] == code
    assert shown(page).text


@pytest.mark.parametrize(
    "posted",
    [
        pytest.param({"files": {"file": ("a.png", b"")}}, id="an empty file"),
        pytest.param({"files": {"other": ("a.png", FILE)}}, id="another field"),
        pytest.param({"data": {"file": "text"}}, id="no upload"),
        pytest.param(
            {"content": b"--x", "headers": {"Content-Type": "multipart/form-data"}},
            id="a form without its boundary",
        ),
        pytest.param(
            {
                "content": b"garbage",
                "headers": {"Content-Type": "multipart/form-data; boundary=x"},
            },
            id="no form at all",
        ),
        pytest.param(
            {"files": [("file", ("a.png", FILE)), ("file", ("b.png", FILE))]}, id="two files"
        ),
    ],
)
def test_a_form_without_a_file_is_answered_with_what_to_do(anybody, ladder, posted):
    answer = anybody.post("/verify", **posted)

    assert answer.status_code == 400
    assert "Choose a picture" in answer.text
    assert ladder.shown == []


def test_a_file_that_is_too_large_is_refused_by_its_announced_size(anybody, ladder, monkeypatch):
    """Without being held in memory; and the answer arrives."""
    monkeypatch.setattr(verify_page, "read_body", None)  # Would fail if it were called.

    answer = ask(anybody, bytes(verify_page.FILE_MAX_BYTES + 100_000))

    assert answer.status_code == 413
    assert "20 MB" in answer.text
    assert ladder.shown == []


def test_a_file_that_does_not_say_its_size_is_cut_off_at_the_limit(server, ladder):
    def endless():
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        for _ in range(30):
            yield bytes(1_000_000)

    headers = {"Content-Type": "multipart/form-data; boundary=x", "Accept": "application/json"}
    answer = httpx.post(f"{server.url}/verify", content=endless(), headers=headers, timeout=20)

    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "verify_too_large")
    assert ladder.shown == []


def test_a_file_that_never_ends_gives_its_place_back(server, services, ladder, monkeypatch):
    """A byte now and then holds nobody up."""
    monkeypatch.setattr(verify_page, "ARRIVES_WITHIN_S", 0.2)
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as slow:
        slow.sendall(
            b"POST /verify HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n"
            b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 1000\r\n\r\n--x"
        )
        answer = b""
        while b"verify_too_slow" not in answer:
            part = slow.recv(65536)
            assert part, answer
            answer += part

    assert b" 408 " in answer.split(b"\r\n")[0]
    with services.examiner.place():
        pass


def test_who_asks_too_often_is_told_when_to_come_again(anybody, services, ladder):
    """Before the file is read; in words, and in a header for programs."""
    for _ in range(services.settings.verify_tries):
        assert ask(anybody).status_code == 200

    page, told = ask(anybody), ask(anybody, accept="application/json")

    assert (page.status_code, told.status_code) == (429, 429)
    assert 1 <= int(page.headers["Retry-After"]) <= 600
    assert "Come again in" in page.text
    assert told.json()["error"]["code"] == "verify_too_often"
    assert len(ladder.shown) == services.settings.verify_tries
    assert anybody.get("/verify/" + "0" * 16).status_code == 429
    assert anybody.get("/verify").status_code == 200


def test_an_address_stands_nowhere_in_clear(anybody, services, ladder):
    ask(anybody)

    assert services.events.tallies
    assert not any("127.0.0.1" in name for name in services.events.tallies)


def test_a_file_leaves_no_trace(anybody, services, ladder, tmp_path, monkeypatch):
    """Neither on disk nor in the store; a large one neither."""
    monkeypatch.setenv("TMPDIR", str(tmp_path / "nowhere"))
    large = FILE + bytes(3_000_000)
    before = {path for path in tmp_path.rglob("*") if "easel.db" not in path.name}

    assert ask(anybody, large).status_code == 200

    assert {path for path in tmp_path.rglob("*") if "easel.db" not in path.name} == before
    assert ladder.shown == [large]


def test_what_is_away_is_said_and_not_guessed(anybody, ladder, monkeypatch):
    def away(_data):
        raise Unavailable("database_away")

    monkeypatch.setattr(ladder, "examine", away)

    answer = ask(anybody)

    assert answer.status_code == 503
    assert "database" in answer.text


def test_a_crowd_is_told_to_wait(anybody, services, ladder):
    held = [services.examiner.place() for _ in range(examiner.AT_ONCE + examiner.WAITING_MOST)]
    for each in held:
        each.__enter__()

    answer = ask(anybody, accept="application/json")

    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "verify_busy")
    assert ladder.shown == []


def test_the_page_s_script_gets_the_part_that_changes(anybody, ladder):
    ladder.rung = Rung.MARK

    answer = ask(anybody, **{"HX-Request": "true"})

    assert "<html" not in answer.text
    (drawing,) = read(answer.text).by_class("region-drawing")
    assert "Where the picture was edited" in drawing.text


def test_a_name_is_shown_as_text_and_short(anybody, ladder):
    answer = ask(anybody, name="<img src=x onerror=alert(1)>" + "x" * 300 + ".png")

    assert "<img src=x" not in answer.text
    assert len(shown(answer).by_class("finding-title")[0].text) < 200
