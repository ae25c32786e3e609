"""A session is a token that nobody else has, and it ends: by hand, by idling, by age, by role."""

from datetime import timedelta

from bot.web_app.app import create_app
from bot.web_app.console.tokens import stored
from core.contracts.actors import Role
from core.settings import ConsoleSettings, WebSettings
from tests.bot.web_app.console.coming_in import a_link, come_in, who
from tests.bot.web_app.console.conftest import Moderator
from tests.bot.web_app.pages import read
from tests.bot.web_app.server_in_thread import ServerInThread


def cookie_of(answer) -> str:
    (cookie,) = [
        each for each in answer.headers.get_list("Set-Cookie") if each.startswith("easel_console=")
    ]
    return cookie


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(stranger, services):
    cookie = cookie_of(come_in(stranger, a_link(services)))

    attributes = {each.strip().lower() for each in cookie.split(";")[1:]}
    assert attributes == {"httponly", "samesite=lax", "path=/", f"max-age={12 * 3600}"}


def test_over_tls_the_cookie_cannot_be_planted_by_a_sister_host(services):
    web = WebSettings(_env_file=None, port=0, public_url="https://easel.example")
    with ServerInThread(create_app(services, web, ConsoleSettings(_env_file=None))) as server:
        headers = {"Host": "easel.example", "Origin": "https://easel.example"}
        with Moderator(server.url) as browser:
            browser.headers.update(headers)
            answer = come_in(browser, a_link(services))

    (cookie,) = [
        each for each in answer.headers.get_list("Set-Cookie") if each.startswith("__Host-")
    ]
    attributes = {each.strip().lower() for each in cookie.split(";")[1:]}
    assert {"secure", "httponly", "samesite=lax", "path=/"} <= attributes
    assert not any(each.startswith("domain") for each in attributes)


def test_the_token_itself_is_nowhere_in_the_database(stranger, services):
    come_in(stranger, a_link(services))
    token = stranger.cookies["easel_console"]

    with services.store.unit() as unit:
        rows = unit.audit._session.connection().exec_driver_sql("SELECT * FROM console_sessions")
        written = str(rows.all())
    assert token not in written
    assert stored(token) in written
    assert len(token) >= 43


def test_each_sign_in_has_a_new_token_and_ends_the_old_one(stranger, server, services):
    """A token that somebody planted or saw before is worth nothing after."""
    come_in(stranger, a_link(services))
    first = stranger.cookies["easel_console"]

    come_in(stranger, a_link(services))

    assert stranger.cookies["easel_console"] != first
    with Moderator(server.url, first) as thief:
        assert who(thief) == ""
    assert who(stranger)


def test_a_planted_token_is_never_taken_over(stranger, server, services):
    stranger.cookies.set("easel_console", "planted", domain="127.0.0.1", path="/")

    come_in(stranger, a_link(services))

    assert "planted" not in [each.value for each in stranger.cookies.jar if each.path == "/console"]
    with Moderator(server.url, "planted") as attacker:
        assert who(attacker) == ""


def test_another_role_ends_the_person_s_other_sessions(stranger, server, services):
    """Handed out for the old role, they do not go on beside the new one."""
    stranger.get("/")
    with Moderator(server.url) as laptop:
        laptop.cookies = stranger.cookies
        come_in(laptop, a_link(services, Role.ADMIN))
        admin = laptop.cookies["easel_console"]
        stranger.cookies.delete("easel_console")
        come_in(stranger, a_link(services, Role.MODERATOR))

    assert who(stranger).endswith("Moderator")
    with Moderator(server.url, admin) as old:
        assert who(old) == ""


def test_signing_out_ends_the_session_and_not_the_cookie_alone(signed_in, server):
    mo = signed_in()
    token = mo.cookies["easel_console"]

    answer = mo.send_form("/console/sign-out")

    assert answer.headers["Location"] == "/console/sign-in"
    assert read(mo.get("/console/sign-in").text).by_class("note-title")[0].text == (
        "You are signed out"
    )
    with Moderator(server.url, token) as thief:
        assert who(thief) == ""


def test_signing_out_everywhere_ends_the_others_too(signed_in):
    phone, laptop, eve = signed_in(), signed_in(), signed_in(name="Eve")

    phone.send_form("/console/sign-out", everywhere="true")

    assert (who(phone), who(laptop)) == ("", "")
    assert who(eve)


def test_the_account_lists_own_sessions_and_ends_one(signed_in):
    phone, laptop, _eve = signed_in(browser="Safari on iPhone"), signed_in(), signed_in(name="Eve")
    page = read(laptop.get("/console/account").text)
    rows = page.by_class("row")
    assert [row.by_class("row-title")[0].text.split("  ")[0] for row in rows] == [
        "Firefox on Linux This one",
        "Safari on iPhone",
    ]
    (action,) = [form.attributes["action"] for row in rows for form in row.by_tag("form")]

    answer = laptop.send_form(action)

    assert answer.headers["Location"] == "/console/account"
    assert (who(phone), bool(who(laptop))) == ("", True)


def test_nobody_ends_another_person_s_session(signed_in):
    mo, eve = signed_in(), signed_in(name="Eve", session_id="sessionofeve")

    answer = mo.send_form("/console/account/sessions/sessionofeve/end")

    assert answer.status_code == 404
    assert who(eve)


def test_a_session_that_is_used_stays_and_one_that_is_not_ends(signed_in, clock):
    busy, idle = signed_in(), signed_in()
    for _ in range(3):
        clock.ahead += timedelta(minutes=40)
        assert who(busy)

    assert who(idle) == ""


def test_the_busiest_session_ends_with_its_day(signed_in, clock):
    busy = signed_in()
    for _ in range(14):
        clock.ahead += timedelta(minutes=50)
        assert who(busy)

    clock.ahead += timedelta(minutes=50)
    assert who(busy) == ""


def test_coming_and_going_is_in_the_audit_trail(stranger, services):
    """Who, how and as what; no address and no token."""
    come_in(stranger, a_link(services, Role.ADMIN))
    page = read(stranger.get("/console/account").text)
    (field, *_) = [each for each in page.by_tag("input") if each.attributes["name"] == "form_token"]
    stranger.post("/console/sign-out", data={"form_token": field.attributes["value"]})

    with services.store.unit() as unit:
        rows = unit.audit._session.connection().exec_driver_sql(
            "SELECT kind, facts FROM audit ORDER BY audit_no DESC LIMIT 2"
        )
        out, in_ = rows.all()
    assert in_ == ("console_signed_in", '{"provider": "link", "role": "admin"}')
    assert out[0] == "console_signed_out"
