"""Admins use the console's other pages in a real browser: any light, any width, by keyboard."""

import pytest

from core.contracts.actors import Role
from tests.bot.web_app import axe, people
from tests.bot.web_app.console.conftest import open_session
from tests.bot.web_app.console.office import LOCAL, a_month
from tests.bot.web_app.people import SCREENS

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not people.HAS_CHROMIUM, reason="no chromium; `sh tests/system.sh` installs or explains"
    ),
]

WIDTHS = (360, 1280)
PAGES = {
    "policy": "/console/policy",
    "policy-values": "/console/policy/values?path=categories.gore_graphic",
    "policy-version": "/console/policy/versions/2",
    "sanctions": "/console/sanctions",
    "sanctions-member": "/console/sanctions/members/web:dan",
    "audit": "/console/audit",
    "statistics": "/console/statistics",
}


@pytest.fixture
def tab(chromium, server, services):
    """Open a page of an admin's browser; no page may complain."""
    contexts, complaints = [], []
    a_month(services)

    def open_one(path, *, name="Tess", scheme="light", **options):
        context = chromium.new_context(
            viewport={"width": 1280, "height": 900},
            color_scheme=scheme,
            reduced_motion="reduce",
            **options,
        )
        contexts.append(context)
        context.set_default_timeout(15_000)
        token = open_session(services, Role.ADMIN, name=name)
        context.add_cookies([{"name": "easel_console", "value": token, "url": server.url}])
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", note)
        page.goto(f"{server.url}{path}")
        return page

    def note(said):
        is_expected = any(each in said.text for each in people.EXPECTED)
        if said.type in {"error", "warning"} and not is_expected:
            complaints.append(said.text)

    yield open_one
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_read_well_in_any_width_and_light(tab, scheme):
    """Nothing is scrolled sideways, too small for a finger, nameless, faint or found by axe."""
    SCREENS.mkdir(parents=True, exist_ok=True)
    page = tab(PAGES["policy"], scheme=scheme, bypass_csp=True)
    server = page.url.removesuffix(PAGES["policy"])
    wrong = []
    for name, path in PAGES.items():
        page.goto(f"{server}{path}")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=SCREENS / f"console-{name}-{width}-{scheme}.png", full_page=True)
            if page.evaluate("document.documentElement.scrollWidth") > width:
                wrong.append(f"{name} {width}: wider than the page")
            for what in (people.SMALL_TARGETS, people.NAMELESS):
                wrong += [f"{name} {width}: {each}" for each in page.evaluate(what)]
        wrong += [f"{name}: {each}" for each in page.evaluate(people.CONTRAST)]
        wrong += [f"{name}: {each}" for each in axe.findings(page)]

    assert wrong == []


def test_a_policy_is_mended_tried_and_put_in_force(tab, services):
    """A fault is shown at its place and the text stays; then it is proposed, replayed, activated."""
    page = tab("/console/policy")
    editor = page.get_by_label("YAML")
    assert "red apple" in editor.input_value()

    editor.fill("categories:\n  gore_graphik: {action: block}\n")
    page.get_by_role("button", name="Validate").click()
    fault = page.locator(".fault-at").first
    fault.wait_for()
    assert "proposal:2:3" in fault.inner_text()
    assert "\n      ^" in fault.inner_text()
    assert "hint: " in fault.inner_text()
    assert "gore_graphik" in editor.input_value()

    editor.fill("categories:\n  shock_disturbing: {action: block}\n")
    page.get_by_label("What it is for").fill("Blood is not for here.")
    page.get_by_role("button", name="Propose").click()
    page.get_by_role("heading", name="Version 3").wait_for()
    assert page.locator(".note-title").inner_text() == "Version 3 is proposed"
    page.get_by_role("button", name="Replay").click()
    page.get_by_role("heading", name="Result").wait_for()
    page.get_by_role("button", name="Activate").click()
    page.get_by_role("heading", name="Policy", exact=True).wait_for()
    assert page.locator(".note-title").inner_text() == "Version 3 is in force"
    with services.store.reading() as unit:
        assert unit.policies.in_force(LOCAL).active.note == "Blood is not for here."


def test_a_ban_goes_once_two_people_say_so(tab, services):
    for name, button in (("Tess", "Ask to lift"), ("Kim", "Agree to lift")):
        page = tab("/console/sanctions/members/web:dan", name=name)
        page.get_by_role("button", name=button).click()
        page.locator(".note-title").wait_for()

    assert page.locator(".note-title").inner_text() == "The ban of Dan is taken back"
    with services.store.reading() as unit:
        assert not unit.sanctions.live_of("local", "web:dan", now=services.clock())


def test_an_export_is_kept_as_a_file_and_on_record(tab):
    page = tab("/console/audit")

    with page.expect_download() as kept:
        page.get_by_role("button", name="Export").click()

    assert kept.value.suggested_filename == "easel-audit.ndjson"
    assert '"kind": "policy_activated"' in kept.value.path().read_text()
    page.get_by_role("button", name="Verify").click()
    page.get_by_text("The record is sound").wait_for()
    assert page.get_by_role("cell", name="audit_exported").is_visible()
