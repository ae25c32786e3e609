"""People use the console's door and frame in a real browser: any light, any width, by keyboard."""

import pytest

from bot.web_app.app import create_app
from bot.web_app.session import entry_link
from core.contracts.actors import Role
from core.settings import ConsoleSettings, WebSettings
from tests.bot.web_app import axe, people
from tests.bot.web_app.console.conftest import open_session
from tests.bot.web_app.console.oauth_server import CLIENT_ID, CLIENT_SECRET, OAuthServer
from tests.bot.web_app.people import SCREENS
from tests.bot.web_app.server_in_thread import ServerInThread
from tests.redis_server import free_port

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not people.HAS_CHROMIUM, reason="no chromium; `sh tests/system.sh` installs or explains"
    ),
]

WIDTHS = (360, 1024, 1920)


@pytest.fixture(scope="module")
def platforms():
    with OAuthServer() as server:
        yield server


@pytest.fixture(scope="module")
def port():
    """Known beforehand: the platforms lead back to an address that is registered with them."""
    return free_port()


@pytest.fixture(scope="module")
def app(services, platforms, port):
    back = f"http://127.0.0.1:{port}/console/sign-in"
    platforms.redirects = {f"{back}/discord/back", f"{back}/slack/back"}
    settings = ConsoleSettings(
        _env_file=None,
        discord_client_id=CLIENT_ID,
        discord_client_secret=CLIENT_SECRET,
        discord_guild=platforms.guild,
        discord_moderator_roles=platforms.roles[0],
        discord_url=platforms.url,
        slack_client_id=CLIENT_ID,
        slack_client_secret=CLIENT_SECRET,
        slack_team=platforms.slack_team,
        slack_admins=platforms.slack_user,
        slack_url=platforms.url,
    )
    return create_app(services, WebSettings(_env_file=None, port=port), settings)


@pytest.fixture(scope="module")
def server(app, port):
    with ServerInThread(app, port) as running:
        yield running


@pytest.fixture
def tab(chromium, server, services):
    """Open a page of somebody's browser; no page may complain."""
    contexts, complaints = [], []

    def open_one(path, role=None, *, width=1280, scheme="light", **options):
        context = chromium.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            reduced_motion="reduce",
            **options,
        )
        contexts.append(context)
        context.set_default_timeout(20_000)
        if role is not None:
            token = open_session(services, role, name="Mo Linnet")
            context.add_cookies([{"name": "easel_console", "value": token, "url": server.url}])
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: _note(said, complaints))
        page.goto(f"{server.url}{path}")
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert complaints == []


def _note(said, complaints) -> None:
    # htmx writes down what a test asked for on purpose.
    expected = (*people.EXPECTED, "Response Status Error Code")
    is_expected = any(each in said.text for each in expected)
    if said.type in {"error", "warning"} and not is_expected:
        complaints.append(said.text)


PAGES = {
    "sign-in": ("/console/sign-in", None),
    "refused": ("/console/enter?token=forged", None),
    "account": ("/console/account", Role.ADMIN),
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_reads_well_in_any_width_and_light(tab, name, scheme):
    """Nothing is scrolled sideways, too small for a finger, nameless, faint or found by axe."""
    path, role = PAGES[name]
    SCREENS.mkdir(parents=True, exist_ok=True)
    page = tab(path, role, scheme=scheme, bypass_csp=True)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.screenshot(path=SCREENS / f"console-{name}-{width}-{scheme}.png")

        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(people.SMALL_TARGETS) == []
        assert page.evaluate(people.NAMELESS) == []
    assert page.evaluate(people.CONTRAST) == []
    assert axe.findings(page) == []


def test_axe_does_find_what_shuts_people_out(tab):
    """Or else its silence above would say nothing."""
    page = tab("/console/sign-in", bypass_csp=True)

    page.evaluate("""() => {
        document.documentElement.removeAttribute('lang');
        document.querySelector('main').innerHTML = '<img src="/static/easel.svg"><input>';
    }""")

    assert {each.split(" ")[0] for each in axe.findings(page)} >= {
        "html-has-lang",
        "image-alt",
        "label",
    }


@pytest.mark.parametrize(("platform", "who"), [("Discord", "Moderator"), ("Slack", "Admin")])
def test_somebody_signs_in_by_a_platform_and_lands_where_they_wanted(tab, platform, who):
    """Through another site and back: the cookies are there when they are needed."""
    page = tab("/console/account")

    page.get_by_role("link", name=f"Continue with {platform}").click()

    page.get_by_role("heading", name="Account").wait_for()
    note = page.locator(".note-title")
    assert note.inner_text() == "You are signed in"
    assert page.locator(".who-name").inner_text().split() == ["Nelly", who]
    page.reload()
    assert note.count() == 0


def test_somebody_comes_in_by_a_link_and_leaves_by_keyboard_alone(tab, services):
    """The focus is seen at each step."""
    secret = services.settings.secret_key.get_secret_value()
    link = entry_link("http://x/console", secret, "local").removeprefix("http://x")
    page = tab(link)
    keys = page.keyboard

    def focused(wanted: str) -> str:
        for _ in range(20):
            keys.press("Tab")
            text, outline = page.evaluate(
                "() => { const e = document.activeElement, s = getComputedStyle(e);"
                " return [e.textContent.trim(), s.outlineStyle + parseFloat(s.outlineWidth)] }"
            )
            if text == wanted:
                return outline
        raise AssertionError(f"{wanted} is out of the keyboard's reach")

    assert focused("Come in") == "solid3"
    keys.press("Enter")
    page.get_by_role("heading", name="Queue").wait_for(state="attached")
    assert focused("Account") == "solid3"
    keys.press("Enter")
    page.get_by_role("heading", name="Account").wait_for()
    assert focused("Skip to the page") == "solid3"
    keys.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    keys.press("Tab")
    keys.press("Space")
    assert not page.get_by_label("Always blur pictures").is_checked()
    assert focused("Save") == "solid3"
    keys.press("Enter")
    page.get_by_text("Your settings are in force from now on.").wait_for()
    assert not page.get_by_label("Always blur pictures").is_checked()
    assert focused("Close") == "solid3"
    keys.press("Enter")
    assert page.locator(".note").count() == 0
    page.get_by_role("button", name="Sign out", exact=True).focus()
    keys.press("Enter")
    page.get_by_role("heading", name="Sign in to moderate").wait_for()
    page.go_back()
    assert page.get_by_role("heading", name="Sign in to moderate").is_visible()


def test_times_are_the_reader_s_own(tab):
    """UTC is for who reads without scripts."""
    page = tab("/console/account", Role.MODERATOR, timezone_id="Asia/Tokyo", locale="en-GB")

    shown = page.locator("time").first
    assert "UTC" not in shown.inner_text()
    assert shown.get_attribute("title").endswith("Z")


def test_what_htmx_sends_carries_the_token_and_what_goes_wrong_is_a_note(tab):
    """Whatever part of the page the answer was meant for stays as it is."""
    page = tab("/console/account", Role.MODERATOR)
    press = """(path) => {
        const button = document.createElement("button");
        button.id = "try";
        button.setAttribute("hx-post", path);
        button.setAttribute("hx-target", "#main");
        document.querySelector("#main").append(button);
        htmx.process(button);
        button.click();
    }"""

    page.evaluate(press, "/console/account/sessions/nosuch/end")

    page.locator(".note-title").filter(has_text="There is no such session").wait_for()
    assert page.get_by_role("heading", name="Account").is_visible()
    with page.expect_navigation():
        page.evaluate(press, "/console/account/settings")
    assert page.locator(".note-title").inner_text() == "Saved"


def test_a_session_that_ended_meanwhile_leads_a_page_to_the_door(tab, services):
    page = tab("/console/account", Role.MODERATOR)
    with services.store.unit() as unit:
        unit.console_sessions.end_all("local", "web:mo linnet", now=services.clock())

    page.get_by_role("button", name="Save").click()
    page.get_by_role("heading", name="You are not signed in").wait_for()
    page.get_by_role("link", name="To the console").click()

    page.get_by_role("heading", name="Sign in to moderate").wait_for()
