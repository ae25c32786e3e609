"""Discord and Slack lead people here: who they vouch for gets in, whatever else happens does not."""

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc.jwk import RSAKey

from bot.web_app.console.begun import begin
from bot.web_app.console.platforms import platforms_of
from core.errors import Unavailable
from core.settings import ConsoleSettings
from tests.bot.web_app.console.conftest import Moderator
from tests.bot.web_app.console.oauth_server import CLIENT_ID, CLIENT_SECRET, OAuthServer
from tests.bot.web_app.pages import read
from tests.redis_server import free_port

ADMIN_ROLE, MODERATOR_ROLE = "41771983423143937", "41771983423143936"
BACK = {name: f"http://127.0.0.1:0/console/sign-in/{name}/back" for name in ("discord", "slack")}


@pytest.fixture(scope="module")
def platforms():
    with OAuthServer() as server:
        server.redirects = set(BACK.values())
        yield server


@pytest.fixture(autouse=True)
def oauth(platforms):
    platforms.reset()
    return platforms


@pytest.fixture(scope="module")
def console_settings(platforms):
    return settings_for(platforms)


def settings_for(oauth, **changes) -> ConsoleSettings:
    fields = {
        "discord_client_id": CLIENT_ID,
        "discord_client_secret": CLIENT_SECRET,
        "discord_guild": oauth.guild,
        "discord_moderator_roles": f"1, {MODERATOR_ROLE}",
        "discord_admin_roles": ADMIN_ROLE,
        "discord_url": oauth.url,
        "slack_client_id": CLIENT_ID,
        "slack_client_secret": CLIENT_SECRET,
        "slack_team": oauth.slack_team,
        "slack_moderators": oauth.slack_user,
        "slack_admins": "U0ADMIN",
        "slack_url": oauth.url,
    }
    return ConsoleSettings(_env_file=None, **fields | changes)


def asked(browser: Moderator, name: str, next_: str = "") -> str:
    """Begin, ask the platform as a browser would, and return where it leads back to."""
    begun = browser.get(f"/console/sign-in/{name}", params={"next": next_} if next_ else {})
    assert begun.status_code == 303
    answer = httpx.get(begun.headers["Location"])
    assert answer.status_code == 302
    back = urlsplit(answer.headers["Location"])
    assert back._replace(query="").geturl() == BACK[name]
    return f"{back.path}?{back.query}"


def arrive(browser: Moderator, name: str, next_: str = "") -> httpx.Response:
    return browser.get(asked(browser, name, next_))


def who(browser: Moderator) -> str:
    """Who the account page says is in; nobody if it leads to the door."""
    answer = browser.get("/console/account")
    return "" if answer.is_redirect else read(answer.text).by_class("who-name")[0].text


def sessions(services) -> int:
    with services.store.reading() as unit:
        trail = unit.audit._session.connection().exec_driver_sql(
            "SELECT count(*) FROM console_sessions"
        )
        return int(trail.scalar_one())


@pytest.mark.parametrize(
    ("roles", "role"),
    [
        pytest.param([MODERATOR_ROLE], "Moderator", id="moderator"),
        pytest.param(["5", ADMIN_ROLE, MODERATOR_ROLE], "Admin", id="the higher of two"),
    ],
)
def test_discord_lets_in_who_has_a_role_there(stranger, oauth, roles, role):
    oauth.roles = roles

    answer = arrive(stranger, "discord")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/console")
    assert who(stranger) == f"Nelly{role}"


def test_slack_lets_in_who_is_listed(stranger):
    answer = arrive(stranger, "slack")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/console")
    assert who(stranger) == "NellyModerator"


def test_who_signs_in_goes_on_where_they_wanted_to_be(stranger):
    answer = arrive(stranger, "discord", "/console/account")

    assert answer.headers["Location"] == "/console/account"


@pytest.mark.parametrize("next_", ["https://evil.example/", "//evil.example", "/console/../say"])
def test_nobody_is_led_out_of_the_console(stranger, next_):
    assert arrive(stranger, "discord", next_).headers["Location"] == "/console"


def test_discord_is_asked_for_no_more_than_needed(stranger, oauth):
    """And each sign-in has a state and a challenge of its own."""
    for _ in range(2):
        asked(stranger, "discord")

    first, second = (fields for _, path, fields in oauth.requests if path == "/oauth2/authorize")
    assert first["scope"] == "identify guilds.members.read"
    assert first["code_challenge_method"] == "S256"
    for name in ("state", "code_challenge"):
        assert len(first[name]) >= 43
        assert first[name] != second[name]


def test_slack_is_asked_for_one_workspace_with_a_nonce(stranger, oauth):
    asked(stranger, "slack")

    ((_, _, fields),) = oauth.requests
    assert fields["scope"] == "openid profile"
    assert fields["team"] == oauth.slack_team
    assert len(fields["nonce"]) >= 43


def tampered(**claims):
    return lambda oauth: oauth.claims.update(claims)


def signed_by_somebody_else(oauth):
    oauth.signing_key = RSAKey.generate_key(2048, {"kid": "k1"})


def setting(**values):
    def change(oauth):
        for name, value in values.items():
            setattr(oauth, name, value)

    return change


@pytest.mark.parametrize(
    ("name", "change", "status", "says"),
    [
        pytest.param("discord", setting(roles=[]), 403, "may not come in", id="no role"),
        pytest.param("discord", setting(roles=["99"]), 403, "may not come in", id="other role"),
        pytest.param("discord", setting(guild="1"), 403, "may not come in", id="other server"),
        pytest.param("discord", setting(has_agreed=False), 400, "Nobody signed in", id="denied"),
        pytest.param("discord", setting(are_codes_expired=True), 400, "Nobody", id="old code"),
        pytest.param("discord", setting(is_token_endpoint_down=True), 503, "could not", id="down"),
        pytest.param("discord", setting(status_of_member=500), 503, "could not", id="broken"),
        pytest.param("discord", setting(status_of_member=429), 503, "could not", id="busy"),
        pytest.param("discord", setting(status_of_member=403), 400, "Nobody", id="forbidden"),
        pytest.param("discord", setting(roles="all"), 400, "Nobody", id="unclear roles"),
        pytest.param("discord", setting(person={}), 400, "Nobody", id="nobody in the answer"),
        pytest.param("discord", setting(person={"id": "a:b", "username": "x"}), 400, "Nobody", id="no id"),
        pytest.param("slack", setting(slack_user="U9"), 403, "may not come in", id="not listed"),
        pytest.param("slack", setting(slack_team="T9"), 403, "may not come in", id="elsewhere"),
        pytest.param("slack", setting(has_agreed=False), 400, "Nobody signed in", id="slack denied"),
        pytest.param("slack", setting(are_codes_expired=True), 400, "Nobody", id="slack old code"),
        pytest.param("slack", setting(is_token_endpoint_down=True), 503, "could not", id="slack down"),
        pytest.param("slack", signed_by_somebody_else, 400, "Nobody", id="forged"),
        pytest.param("slack", tampered(nonce="another"), 400, "Nobody", id="nonce of another"),
        pytest.param("slack", tampered(nonce=None), 400, "Nobody", id="no nonce"),
        pytest.param("slack", tampered(aud="another-app"), 400, "Nobody", id="for another app"),
        pytest.param("slack", tampered(iss="https://evil.example"), 400, "Nobody", id="issuer"),
        pytest.param("slack", tampered(exp=1), 400, "Nobody", id="over"),
        pytest.param("slack", tampered(**{"https://slack.com/user_id": None}), 400, "Nobody", id="who?"),
        pytest.param("slack", tampered(**{"https://slack.com/team_id": None}), 400, "Nobody", id="where?"),
    ],
)  # fmt: skip
def test_who_is_not_vouched_for_gets_no_session(
    stranger, oauth, services, name, change, status, says
):
    change(oauth)

    answer = arrive(stranger, name)

    assert answer.status_code == status
    assert says in read(answer.text).by_class("door")[0].text
    assert (who(stranger), sessions(services)) == ("", 0)


def test_a_platform_that_is_gone_is_said(oauth):
    """Not one that answers badly: nothing listens there."""
    settings = settings_for(oauth, discord_url=f"http://127.0.0.1:{free_port()}")
    platform = platforms_of(settings, "http://127.0.0.1:0")["discord"]

    with pytest.raises(Unavailable, match="console_platform_away"):
        platform.person("code", begin("discord", "/console"))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"state": "wrong"}, id="wrong state"),
        pytest.param({"state": ""}, id="no state"),
        pytest.param({"code": "", "state": "wrong"}, id="nothing"),
    ],
)
def test_an_answer_to_nothing_that_this_browser_began_is_refused(stranger, oauth, services, change):
    """The platform is not even asked: the code may be an attacker's own."""
    back = urlsplit(asked(stranger, "discord"))
    fields = {name: values[0] for name, values in parse_qs(back.query).items()} | change
    before = len(oauth.requests)

    answer = stranger.get(back.path, params=fields)

    assert answer.status_code == 400
    assert "cannot go on" in answer.text
    assert (len(oauth.requests), sessions(services)) == (before, 0)


def test_another_browser_cannot_finish_a_sign_in(stranger, server, services):
    """Whoever is made to follow an attacker's link does not become the attacker."""
    path = asked(stranger, "discord")

    with Moderator(server.url) as victim:
        answer = victim.get(path)
        asked(victim, "discord")  # Nor with a sign-in of their own under way.
        again = victim.get(path)

    assert (answer.status_code, again.status_code) == (400, 400)
    assert sessions(services) == 0


def test_one_platform_s_answer_is_none_to_the_other(stranger, services):
    path = asked(stranger, "discord").replace("/discord/", "/slack/")

    assert stranger.get(path).status_code == 400
    assert sessions(services) == 0


def test_an_answer_is_looked_at_once(stranger, services, oauth):
    path = asked(stranger, "discord")
    stranger.get(path)
    del stranger.cookies["easel_console"]

    answer = stranger.get(path)

    assert (answer.status_code, sessions(services)) == (400, 1)


def test_an_answer_that_is_kept_with_its_cookie_opens_no_second_session(stranger, services, oauth):
    """Were the platform to take a code twice, the state was still used."""
    path = asked(stranger, "slack")
    kept = stranger.cookies["easel_console_begun"]
    codes = dict(oauth._codes)
    stranger.get(path)
    oauth._codes |= codes
    stranger.cookies.set("easel_console_begun", kept, domain="127.0.0.1", path="/")

    answer = stranger.get(path)

    assert answer.status_code == 400
    assert "used already" in answer.text
    assert sessions(services) == 1


def test_a_role_that_is_another_now_ends_the_person_s_other_sessions(stranger, server, oauth):
    """And a sign-in that gives no role any more opens none."""
    arrive(stranger, "discord")
    oauth.roles = [ADMIN_ROLE]

    with Moderator(server.url) as elsewhere:
        arrive(elsewhere, "discord")

        assert who(elsewhere) == "NellyAdmin"
        assert who(stranger) == ""


def test_the_same_role_in_two_browsers_is_two_sessions(stranger, server):
    arrive(stranger, "discord")
    with Moderator(server.url) as elsewhere:
        arrive(elsewhere, "discord")

        assert who(elsewhere) == who(stranger) == "NellyModerator"


def test_no_secret_of_a_sign_in_reaches_the_log(stranger, oauth, capsys):
    """Neither code, state, token, name nor id."""
    oauth.are_codes_expired = True
    path = asked(stranger, "discord")
    stranger.get(path)
    oauth.are_codes_expired = False
    arrive(stranger, "slack")

    said = "".join(capsys.readouterr())
    secrets = [value for values in parse_qs(urlsplit(path).query).values() for value in values]
    for secret in [*secrets, oauth.person["id"], oauth.slack_user, "Nelly", CLIENT_SECRET]:
        assert secret not in said


@pytest.mark.parametrize(
    ("missing", "left"),
    [
        ("discord_client_id", ["slack"]),
        ("discord_client_secret", ["slack"]),
        ("discord_guild", ["slack"]),
        ("slack_client_id", ["discord"]),
        ("slack_client_secret", ["discord"]),
        ("slack_team", ["discord"]),
    ],
)
def test_a_platform_that_is_set_up_halfway_is_no_way_in(oauth, missing, left):
    settings = settings_for(oauth, **{missing: ""})

    assert list(platforms_of(settings, "http://127.0.0.1:0")) == left


@pytest.mark.parametrize(
    ("changes", "left"),
    [
        ({"discord_moderator_roles": " , ", "discord_admin_roles": ""}, ["slack"]),
        ({"slack_moderators": "", "slack_admins": ""}, ["discord"]),
        ({"discord_moderator_roles": "", "slack_moderators": ""}, ["discord", "slack"]),
    ],
)
def test_without_anybody_who_gets_in_there_is_no_way_in(oauth, changes, left):
    """Nobody is a moderator by accident, nor is anybody asked who they are for nothing."""
    assert list(platforms_of(settings_for(oauth, **changes), "http://127.0.0.1:0")) == left


def test_a_platform_that_is_not_set_up_has_no_address(stranger):
    assert stranger.get("/console/sign-in/myspace").status_code == 404
    assert stranger.get("/console/sign-in/myspace/back").status_code == 404
