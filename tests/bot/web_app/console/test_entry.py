"""The console's own door: one-time links, sessions that end, and knocking that is counted."""

import re
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.web_app.app import create_app
from bot.web_app.console.tokens import stored
from bot.web_app.console.tries import WINDOW_S, WITHOUT_REDIS, count_try, network_of
from bot.web_app.session import Sessions, entry_link
from core.contracts.actors import Role
from core.errors import UserError
from core.settings import PLACEHOLDER_SECRET, ConsoleSettings, CoreSettings, WebSettings
from tests.bot.web_app.console.conftest import Moderator
from tests.bot.web_app.pages import read
from tests.bot.web_app.server_in_thread import ServerInThread

AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def a_link(services, role=Role.MODERATOR) -> str:
    secret = services.settings.secret_key.get_secret_value()
    return entry_link("http://x/console", secret, "local", role).removeprefix("http://x")


def token_in(link: str) -> str:
    return parse_qs(urlsplit(link).query)["token"][0]


def come_in(browser, link):
    return browser.post("/console/enter", data={"token": token_in(link)})


def who(browser) -> str:
    answer = browser.get("/console/account")
    return "" if answer.is_redirect else read(answer.text).by_class("who-name")[0].text


@pytest.mark.parametrize("role", [Role.MODERATOR, Role.ADMIN])
def test_a_link_lets_its_bearer_in_as_what_it_says(stranger, services, role):
    page = read(stranger.get(a_link(services, role)).text)
    (form,) = page.by_tag("form")
    fields = {each.attributes["name"]: each.attributes["value"] for each in form.by_tag("input")}

    answer = stranger.post(form.attributes["action"], data=fields)

    assert (answer.status_code, answer.headers["Location"]) == (303, "/console")
    assert who(stranger).endswith(role.value.title())
    assert read(stranger.get("/console/account").text).by_class("note") == []


def test_who_comes_in_is_told_so_on_the_first_page(stranger, services):
    come_in(stranger, a_link(services))

    answer = stranger.get("/console", follow_redirects=True)

    assert read(answer.text).by_class("note-title")[0].text == "You are signed in"


def test_who_comes_in_is_the_member_of_the_chat_that_they_are(stranger, services):
    """So that what they asked for there is never theirs to decide here."""
    name = re.search(r"Welcome, ([A-Z]\w+ [A-Z]\w+)", stranger.get("/").text)[1]

    come_in(stranger, a_link(services))

    assert who(stranger) == f"{name}Moderator"


def test_who_was_never_in_the_chat_is_one_of_its_members_from_then_on(stranger, services):
    come_in(stranger, a_link(services))
    name = who(stranger).removesuffix("Moderator")

    assert f"Welcome, {name}" in stranger.get("/").text


def test_a_link_that_a_program_fetches_is_not_used_up(stranger, services):
    """Chats show previews of links: what they fetch is a page with a button."""
    link = a_link(services)
    for _ in range(3):
        assert stranger.get(link).status_code == 200

    assert come_in(stranger, link).status_code == 303


def test_a_link_opens_once(stranger, server, services):
    link = a_link(services)
    come_in(stranger, link)

    with Moderator(server.url) as thief:
        answer = come_in(thief, link)

        assert answer.status_code == 400
        assert "used already" in answer.text
        assert who(thief) == ""


def test_a_link_opens_the_chat_or_the_console(stranger, server, services):
    """Whichever door it opened first."""
    link = a_link(services)
    stranger.get("/enter", params={"token": token_in(link)})

    with Moderator(server.url) as other:
        assert come_in(other, link).status_code == 400
        assert who(other) == ""


def test_a_link_opens_once_though_redis_forgot_it(stranger, server, services):
    """The store remembers the sessions that links opened."""
    link = a_link(services)
    come_in(stranger, link)
    services.events.claims.clear()

    with Moderator(server.url) as thief:
        assert come_in(thief, link).status_code == 400
        assert who(thief) == ""


def test_a_link_opens_nothing_while_nobody_can_tell_if_it_was_used(stranger, services):
    services.events.is_away = True

    answer = come_in(stranger, a_link(services))

    assert answer.status_code == 503
    assert who(stranger) == ""


@pytest.mark.parametrize("token", ["", "forged", Sessions("another", "local").entry_token()])
def test_a_token_that_is_not_ours_opens_nothing(stranger, token):
    for answer in (
        stranger.get("/console/enter", params={"token": token}),
        stranger.post("/console/enter", data={"token": token}),
    ):
        assert answer.status_code == 400
    assert who(stranger) == ""


def test_a_link_from_another_site_s_form_signs_nobody_in(stranger, services):
    """Nobody is made somebody else without knowing."""
    answer = stranger.post(
        "/console/enter",
        data={"token": token_in(a_link(services))},
        headers={"Origin": "http://evil.example"},
    )

    assert answer.status_code == 403
    assert who(stranger) == ""


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        pytest.param({"links": False}, "EASEL_CONSOLE_LINKS is off", id="turned off"),
        pytest.param({"secret": PLACEHOLDER_SECRET}, "still the placeholder", id="forgeable"),
    ],
)
def test_links_open_nothing_where_they_must_not(services, changes, says):
    secret = changes.pop("secret", "for-tests-only")
    core = CoreSettings(_env_file=None, home=services.settings.home, secret_key=secret)
    settings = ConsoleSettings(_env_file=None, **changes)
    own = replace(services, settings=core)
    try:
        app = create_app(own, WebSettings(_env_file=None, port=0), settings)
        with ServerInThread(app) as server, Moderator(server.url) as browser:
            link = a_link(own)
            answers = [browser.get(link), come_in(browser, link)]
    finally:
        own.courier.close()

    assert [answer.status_code for answer in answers] == [400, 400]
    assert says in answers[1].text


# ---- sessions ----


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


# ---- tries ----


def test_an_address_that_knocks_too_often_is_told_when_to_come_again(stranger, services):
    """Before its link is looked at: a right one is refused as well."""
    link = a_link(services)
    for _ in range(20):
        assert stranger.post("/console/enter", data={"token": "guess"}).status_code == 400

    answer = come_in(stranger, link)

    assert answer.status_code == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= WINDOW_S
    assert "Too many tries" in answer.text
    assert who(stranger) == ""


def test_it_may_come_again_when_it_was_told(stranger, services, clock):
    for _ in range(21):
        answer = stranger.post("/console/enter", data={"token": "guess"})
    assert answer.status_code == 429

    clock.ahead += timedelta(seconds=int(answer.headers["Retry-After"]))

    assert come_in(stranger, a_link(services)).status_code == 303


def test_what_all_addresses_try_together_is_bounded(app, services):
    """And past the bound no address is given a counter of its own."""
    console = app.state.console
    for number in range(200):
        count_try(console, f"10.0.{number // 250}.{number % 250}")

    with pytest.raises(UserError, match="console_too_many_tries"):
        count_try(console, "192.0.2.1")
    assert len(services.events.tallies) == 201
    assert not any("10.0.0" in name for name in services.events.tallies)


def test_without_redis_a_few_tries_are_let_through(stranger, services, clock):
    """Each is still judged by itself; then the door stays shut until the count can be kept."""
    clock.ahead = timedelta(days=1)  # A window in which nobody was counted yet.
    services.events.is_away = True
    statuses = [
        stranger.post("/console/enter", data={"token": "guess"}).status_code
        for _ in range(WITHOUT_REDIS + 2)
    ]

    assert statuses == [400] * WITHOUT_REDIS + [429] * 2


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("", "", True),
    ],
)
def test_an_ipv6_network_is_one_address(one, other, is_same):
    """Or else one machine would have 2^64 of them."""
    assert (network_of(one) == network_of(other)) is is_same
