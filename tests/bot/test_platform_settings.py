"""What reaches the platforms is read as everything else, and its secrets show nowhere."""

import pytest
from pydantic import ValidationError

from bot.platform_settings import DiscordSettings, LabelCheckSettings, SlackSettings
from core.contracts.label_checks import CheckedPlatform


@pytest.fixture(autouse=True)
def bare(monkeypatch, tmp_path):
    """No `.env` file in the way."""
    monkeypatch.chdir(tmp_path)


def test_each_platform_has_its_channel():
    """Spaces and an idle comma do no harm."""
    settings = LabelCheckSettings(channels=" discord:1234 , slack: C0123,")

    assert settings.by_platform == {CheckedPlatform.DISCORD: "1234", CheckedPlatform.SLACK: "C0123"}
    assert LabelCheckSettings().by_platform == {}


@pytest.mark.parametrize(
    "channels", ["1234", "teams:1234", "discord:", "discord: ,slack:C1", "slack:C1,slack:C2"]
)
def test_what_names_no_channel_is_refused_at_the_start(channels):
    with pytest.raises(ValidationError):
        LabelCheckSettings(channels=channels)


@pytest.mark.parametrize("address", ["discord.com/api", "ftp://discord.com", ""])
def test_an_address_is_one_of_the_web(address):
    with pytest.raises(ValidationError):
        DiscordSettings(api_base=address)


def test_a_slash_at_the_end_is_no_part_of_an_address():
    """Both libraries add theirs."""
    assert SlackSettings(api_url="http://127.0.0.1:1/api/").api_url == "http://127.0.0.1:1/api"


def test_tokens_show_in_no_repr(monkeypatch):
    monkeypatch.setenv("EASEL_DISCORD_TOKEN", "very-secret")
    monkeypatch.setenv("EASEL_SLACK_BOT_TOKEN", "xoxb-secret")

    assert DiscordSettings().token.get_secret_value() == "very-secret"
    assert "very-secret" not in repr(DiscordSettings())
    assert "xoxb" not in repr(SlackSettings())
