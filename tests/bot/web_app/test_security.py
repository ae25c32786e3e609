"""What every answer promises the browser, and what may be posted."""

import pytest
from starlette.datastructures import Headers

from bot.web_app.security import MAX_BODY_BYTES, is_same_origin

HOST = "easel.example:8700"


@pytest.mark.parametrize("path", ["/", "/static/chat.js", "/healthz", "/nowhere", "/events/none"])
def test_every_answer_carries_the_strict_headers(browser, path):
    """Pages, files and errors alike."""
    headers = browser.get(path).headers

    assert headers["Content-Security-Policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_pages_are_kept_nowhere(browser):
    """They hold what only their viewer may see."""
    assert browser.get("/").headers["Cache-Control"] == "no-store"


def test_the_page_s_own_files_are_asked_for_again(browser):
    """A new version of Easel never runs yesterday's script."""
    answer = browser.get("/static/chat.js")

    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.headers["ETag"]


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(server):
    """HttpOnly, SameSite; not Secure over plain http, where it would never be sent."""
    import httpx

    cookie = httpx.get(server.url).headers["Set-Cookie"].lower()

    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "secure" not in cookie


@pytest.mark.parametrize(
    ("headers", "is_ours"),
    [
        pytest.param({"origin": f"http://{HOST}"}, True, id="own page"),
        pytest.param({"origin": f"https://{HOST}"}, True, id="own page behind TLS"),
        pytest.param(
            {"origin": f"http://{HOST}", "sec-fetch-site": "same-origin"}, True, id="own, says so"
        ),
        pytest.param({}, False, id="no origin"),
        pytest.param({"origin": "null"}, False, id="sandboxed frame"),
        pytest.param({"origin": "http://evil.example"}, False, id="another site"),
        pytest.param({"origin": "http://easel.example:9000"}, False, id="another port"),
        pytest.param({"origin": f"http://{HOST}.evil.example"}, False, id="a longer name"),
        pytest.param(
            {"origin": f"http://{HOST}", "sec-fetch-site": "cross-site"}, False, id="cross-site"
        ),
        pytest.param(
            {"origin": f"http://{HOST}", "sec-fetch-site": "same-site"}, False, id="a sister site"
        ),
        pytest.param({"origin": f"file://{HOST}"}, False, id="another scheme"),
    ],
)
def test_only_this_app_s_own_page_may_post(headers, is_ours):
    """Another site that posts in a visitor's name is told apart by what browsers send."""
    assert is_same_origin(Headers({"host": HOST, **headers})) is is_ours


@pytest.mark.parametrize("path", ["/say", "/suggest", "/jobs/x/delete", "/messages/x/dismiss"])
def test_a_post_from_another_site_does_nothing(browser, path):
    """It is refused before anything reads it."""
    answer = browser.post(path, data={"text": "/help"}, headers={"Origin": "http://evil.example"})

    assert answer.status_code == 403
    assert "Only you can see this" not in browser.get("/").text


def test_what_is_too_long_to_be_a_command_is_not_read(browser):
    """413, whether or not it says its length."""

    def endless():
        for _ in range(3):
            yield b"text=" + b"a" * (MAX_BODY_BYTES // 2)

    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert browser.post("/say", data={"text": "a" * MAX_BODY_BYTES}).status_code == 413
    assert browser.post("/say", content=endless(), headers=headers).status_code == 413


def test_on_loopback_a_foreign_name_is_not_answered(browser):
    """A page elsewhere whose name is made to point here (DNS rebinding) gets nothing."""
    assert browser.get("/", headers={"Host": "evil.example"}).status_code == 421
    assert browser.get("/", headers={"Host": f"localhost:{browser.base_url.port}"}).is_success
