"""A policy is changed in a real browser: proposed, replayed, activated by a second person, obeyed."""

import pytest

from bot.web_app.session import entry_link
from core.contracts.actors import Role
from core.workflow import JobState
from tests.bot.web_app import people
from tests.bot.web_app.people import Person

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not people.HAS_CHROMIUM, reason="no chromium; `sh tests/system.sh` installs or explains"
    ),
]


@pytest.fixture
def enter(server, services):
    """Let somebody in by a one-time link."""

    def promote(someone: Person, role: Role) -> Person:
        secret = services.settings.secret_key.get_secret_value()
        someone.page.goto(entry_link(server.url, secret, "local", role))
        return someone

    return promote


def card(someone: Person, title: str):
    heading = someone.page.get_by_role("heading", name=title)
    found = someone.page.locator(".card").filter(has=heading).last
    found.wait_for()
    return found


def test_a_draft_is_replayed_activated_and_obeyed(person, enter, stage):
    """By a moderator and an admin; a member may neither, and meets the new policy."""
    anna, mo, ada = person(), enter(person(), Role.MODERATOR), enter(person(), Role.ADMIN)
    anna.say("/imagine a portrait, blood everywhere")
    anna.say("/imagine a gory wound, disembowelment")
    anna.page.locator(".is-refusal").first.wait_for()

    anna.say("/policy set title Ours")
    card(anna, "That takes another role")
    mo.say("/policy set categories.gore_graphic.action review")
    card(mo, "Version 1 is proposed")
    mo.say("/policy set lists.shock.add lighthouse")
    card(mo, "Version 2 is proposed")
    mo.say("/policy set rules.shock.terms.decision block")
    card(mo, "Version 3 is proposed")
    mo.say("/policy replay 3")
    replayed = card(mo, "Version 3 would change")
    assert "was refused, would be held" in replayed.inner_text()
    mo.picture("policy-replay-desktop-light")
    mo.say("/policy activate 3")
    card(mo, "That takes another role")
    ada.say("/policy activate 3")
    card(ada, "Version 3 is in force")

    anna.say("/imagine a lighthouse at dusk, oil on canvas")
    marked = anna.page.locator(".is-refusal mark", has_text="lighthouse")
    marked.wait_for()

    assert stage.newest().state is JobState.BLOCKED
    marked.scroll_into_view_if_needed()
    anna.picture("policy-refusal-desktop-light")
    ada.say("/policy rollback")
    card(ada, "The wider policy alone is in force again")
    anna.say("/imagine a lighthouse at dusk")
    anna.page.locator(".is-progress").wait_for()
    ada.say("/policy history")
    told = card(ada, "The policy's history").inner_text()
    assert told.index("back in force") < told.index("put in force") < told.index("replayed")
