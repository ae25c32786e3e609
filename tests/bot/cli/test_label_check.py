"""`easel label-check` from end to end, against servers that hand files out as platforms do."""

import json
import sys

import pytest

from bot.sample_picture import draw_sample
from core.provenance.keys import load_or_create_keys
from core.storage import Store
from tests.protocol.discord_files import DiscordFiles, Refusal
from tests.protocol.handing_out import without_metadata
from tests.protocol.loopback import served
from tests.protocol.slack_files import SlackFiles

LAYERS = ["bytes", "c2pa", "xmp", "mark", "fingerprint"]


@pytest.fixture(scope="module")
def furnished(tmp_path_factory):
    """Keys and tables, which every check of these finds in place."""
    folder = tmp_path_factory.mktemp("furnished")
    load_or_create_keys(folder / "keys")
    store = Store(f"sqlite:///{folder / 'easel.db'}")
    store.migrate()
    store.close()
    return folder


@pytest.fixture
def home(home, furnished, monkeypatch):
    (home / "keys").symlink_to(furnished / "keys")
    (home / "easel.db").write_bytes((furnished / "easel.db").read_bytes())
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    return home


@pytest.fixture
def discord(home, monkeypatch):
    server = DiscordFiles()
    with served(server.app()) as address:
        monkeypatch.setenv("EASEL_DISCORD_TOKEN", server.token)
        monkeypatch.setenv("EASEL_DISCORD_API_BASE", f"{address}/api/v10")
        monkeypatch.setenv("EASEL_LABEL_CHECK_CHANNELS", f"discord:{server.channel},slack:C0")
        yield server
    assert server.violations == []


@pytest.fixture
def slack(home, monkeypatch):
    server = SlackFiles(looks=0)
    with served(server.app()) as address:
        monkeypatch.setenv("EASEL_SLACK_BOT_TOKEN", server.token)
        monkeypatch.setenv("EASEL_SLACK_API_URL", f"{address}/api")
        yield server
    assert server.violations == []


@pytest.fixture
def quick(monkeypatch):
    """A small sample without a mark: what is tested is the command."""
    small = draw_sample().resize((320, 256))
    monkeypatch.setattr("bot.sample_picture.draw_sample", lambda: small)
    monkeypatch.setenv("EASEL_MARK_BACKEND", "off")


def found(result):
    (line,) = result.stdout.splitlines()
    return json.loads(line)


def kept(check, rendition):
    return [
        sign for sign, fate in check["renditions"][rendition]["fates"].items() if fate == "kept"
    ]


def test_discord_is_checked_from_label_to_history(easel, discord):
    """Nothing is lost on the way of the original; previews keep what is in the pixels."""
    result = easel("label-check", "discord", "--json")

    check = found(result)
    assert result.exit_code == 0
    assert (check["event"], check["platform"]) == ("label_check", "discord")
    assert kept(check, "original") == LAYERS
    assert kept(check, "preview") == kept(check, "preview_lossy") == ["mark", "fingerprint"]
    assert kept(check, "message") == ["visible", "alt_text", "file_name"]
    assert (check["compared_with"], check["changes"], check["is_sample_left"]) == (None, [], False)
    assert discord.messages == {}


def test_slack_is_checked_likewise(easel, slack):
    result = easel("label-check", "slack", "--channel", slack.channel, "--json")

    check = found(result)
    assert result.exit_code == 0
    assert kept(check, "url_private_download") == LAYERS
    assert kept(check, "thumb_1024") == kept(check, "thumb_720") == ["mark", "fingerprint"]
    assert kept(check, "message") == ["visible", "alt_text", "file_name"]
    assert (slack.messages, slack.files) == ({}, {})


def test_a_change_is_told_once_and_stays_in_the_history(easel, discord, quick):
    """By the exit code too, so that a timer can raise an alarm; the history asks nobody."""
    first = easel("label-check", "discord", "--keep")
    discord.original = without_metadata
    changed, again = easel("label-check", "discord"), easel("label-check", "discord")
    calls = len(discord.log)
    past = easel("label-check", "discord", "--history", "--json")

    assert "This is the first check here" in first.stdout
    assert "still stands in Discord" in first.stderr
    assert len(discord.messages) == 1
    assert changed.exit_code == 1
    assert "  original: signature was kept, is lost now." in changed.stdout
    assert again.exit_code == 0
    assert "Nothing has changed since" in again.stdout
    newest, middle, oldest = map(json.loads, past.stdout.splitlines())
    assert (past.exit_code, len(discord.log)) == (0, calls)
    assert newest["event"] == "past_label_check"
    assert {each["sign"] for each in middle["changes"]} == {"bytes", "c2pa", "xmp"}
    assert newest["changes"] == oldest["changes"] == []
    assert newest["checked_at"] > middle["checked_at"] > oldest["checked_at"]


def test_a_history_without_checks_is_said_to_be_one(easel, home):
    result = easel("label-check", "slack", "--history")

    assert result.exit_code == 0
    assert "never checked in Slack" in result.stderr


@pytest.mark.parametrize(
    ("refusals", "code", "words"),
    [
        pytest.param({"post": [Refusal(403, 50013)]}, 2, "Attach Files", id="may not"),
        pytest.param({"post": [Refusal(503)]}, 4, "Discord is away", id="away"),
    ],
)
def test_what_goes_wrong_is_a_sentence_and_no_history(easel, discord, refusals, code, words):
    discord.refusals |= refusals

    result = easel("label-check", "discord")

    assert result.exit_code == code
    assert words in result.stderr
    assert discord.token not in result.stdout + result.stderr
    assert "never checked" in easel("label-check", "discord", "--history").stderr


def test_without_a_token_the_setting_is_named(easel, home):
    """Before a sample is made, and with it a row of the registry."""
    result = easel("label-check", "slack", "--channel", "C1")

    assert result.exit_code == 2
    assert "EASEL_SLACK_BOT_TOKEN" in result.stderr


def test_without_a_channel_an_example_is_shown(easel, home):
    result = easel("label-check", "slack")

    assert result.exit_code == 2
    assert "slack:C024BE91L" in result.stderr


@pytest.mark.parametrize("platform", ["discord", "slack"])
def test_without_the_platforms_library_its_extra_is_named(easel, home, monkeypatch, platform):
    """As in an image that was built without it."""
    for name in [*sys.modules]:
        if name.startswith(f"bot.{platform}_app"):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, {"discord": "discord", "slack": "slack_sdk"}[platform], None)

    result = easel("label-check", platform, "--channel", "1")

    assert result.exit_code == 2
    assert f"pip install 'easel[{platform}]'" in result.stderr


def test_a_platform_that_is_none_is_a_usage_error(easel, home):
    assert easel("label-check", "teams").exit_code == 2
