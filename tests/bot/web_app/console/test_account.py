"""A moderator's own account: what they see and hear, and where they are signed in."""

from core.contracts.reviews import ModeratorSettings
from tests.bot.web_app.pages import read


def settings_of(services, member_id="web:mo"):
    with services.store.reading() as unit:
        return unit.moderators.settings("local", member_id)


def test_the_account_shows_who_is_in_and_the_gentle_defaults(signed_in):
    page = read(signed_in().get("/console/account").text)

    ticked = {
        each.attributes["name"]: "checked" in each.attributes
        for each in page.by_tag("input")
        if each.attributes["type"] == "checkbox"
    }
    assert ticked == {"always_blur": True, "sound": False, "is_paused": False}
    assert page.by_class("who-name")[0].text == "MoModerator"


def test_settings_are_saved_and_said_once(signed_in, services):
    mo = signed_in()

    answer = mo.send_form("/console/account/settings", sound="true", is_paused="true")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/console/account")
    assert settings_of(services) == ModeratorSettings(always_blur=False, sound=True, is_paused=True)
    page = read(mo.get("/console/account").text)
    assert page.by_class("note-title")[0].text == "Saved"
    assert "Moderator, paused" in page.by_class("who-name")[0].text
    assert not read(mo.get("/console/account").text).by_class("note")


def test_htmx_is_led_on_instead(signed_in, services):
    answer = signed_in(htmx=True).send_form("/console/account/settings", sound="true")

    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/console/account")
    assert settings_of(services).sound
