"""One-time links open the console once, to whoever pressed the button, and to nobody else."""

import re
from dataclasses import replace

import pytest

from bot.web_app.app import create_app
from bot.web_app.session import Sessions
from core.contracts.actors import Role
from core.settings import PLACEHOLDER_SECRET, ConsoleSettings, CoreSettings, WebSettings
from tests.bot.web_app.console.coming_in import a_link, come_in, token_in, who
from tests.bot.web_app.console.conftest import Moderator
from tests.bot.web_app.pages import read
from tests.bot.web_app.server_in_thread import ServerInThread

AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


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
