"""Come into the console by a one-time link, and ask its account page who is in."""

from urllib.parse import parse_qs, urlsplit

from bot.web_app.session import entry_link
from core.contracts.actors import Role
from tests.bot.web_app.pages import read


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
