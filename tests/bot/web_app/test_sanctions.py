"""Over the running app: who is sanctioned hears of it on their own page, and nobody else does."""

import pytest

from bot.web_app.session import entry_link
from tests.bot.web_app.pages import messages_of, wait_for


def said(browser, text):
    answer = browser.post("/say", data={"text": text})
    answer.raise_for_status()
    return " ".join(" ".join(each.text.split()) for each in messages_of(answer.text))


def shown(browser):
    page = browser.get("/").text
    return " ".join(" ".join(each.text.split()) for each in messages_of(page))


@pytest.fixture
def moderator(browsers, server, services):
    browser = browsers()
    secret = services.settings.secret_key.get_secret_value()
    assert browser.get(entry_link(server.url, secret, "local")).has_redirect_location
    return browser


def test_a_cool_down_reaches_its_member_and_holds_until_it_is_pardoned(
    browsers, services, stage, moderator
):
    anna, ben = browsers(), browsers()
    said(anna, "/imagine a red apple")
    author = stage.newest().actor

    given = said(moderator, f"/sanction {author.member_id} cool-down 24 Leave Ben alone.")

    assert f"{author.display_name} has a cool-down until" in given
    wait_for(lambda: "A cool-down for you until" in shown(anna))
    assert "Leave Ben alone." in shown(anna)
    assert "cool-down" not in shown(ben)
    assert "You cannot ask for new pictures: a cool-down" in said(anna, "/imagine a boat")
    assert "Cool-down, until" in said(anna, "/standing")
    with services.store.reading() as unit:
        [sanction] = unit.sanctions.recent(author.community_id)
    said(moderator, f"/pardon {sanction.sanction_id}")
    wait_for(lambda: "Your cool-down was taken back" in shown(anna))
    assert "Drawing for" in said(anna, "/imagine a boat")
