"""Read how the chat platforms are reached, where a process or a command speaks to them.

Written as the classes of `core.settings`, and held to the same pages by the same tests.
"""

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.contracts.label_checks import CheckedPlatform
from core.settings import CoreSettings


def _config(prefix: str) -> SettingsConfigDict:
    return CoreSettings.model_config | SettingsConfigDict(env_prefix=prefix)


def _is_web_address(url: str) -> str:
    if not url.startswith(("https://", "http://")):
        raise ValueError("not a web address")
    return url.rstrip("/")


_WebAddress = Annotated[str, AfterValidator(_is_web_address)]


class DiscordSettings(BaseSettings):
    """Discord's application."""

    model_config = _config("EASEL_DISCORD_")

    token: SecretStr = Field(SecretStr(""), description="The application's bot token.")
    api_base: _WebAddress = Field(
        "https://discord.com/api/v10", description="Where Discord's HTTP API answers."
    )


class SlackSettings(BaseSettings):
    """Slack's app."""

    model_config = _config("EASEL_SLACK_")

    bot_token: SecretStr = Field(SecretStr(""), description="The app's bot token, `xoxb-…`.")
    api_url: _WebAddress = Field(
        "https://slack.com/api", description="Where Slack's Web API answers."
    )


class LabelCheckSettings(BaseSettings):
    """The check of what a platform leaves of a label."""

    model_config = _config("EASEL_LABEL_CHECK_")

    channels: str = Field(
        "",
        description="Where samples are posted, with commas: `discord:1234,slack:C0123`.",
    )
    days: int = Field(
        0, ge=0, description="`easel web` checks each of these so many days apart; 0: never."
    )

    @field_validator("channels")
    @classmethod
    def _refuse_what_names_no_channel(cls, channels: str) -> str:
        pairs = [entry.partition(":") for entry in _entries(channels)]
        if any(
            name not in set(CheckedPlatform) or not channel.strip() for name, _, channel in pairs
        ):
            raise ValueError("each is `discord:` or `slack:` and a channel's id")
        if len({name for name, _, _ in pairs}) < len(pairs):
            raise ValueError("a platform has one channel")
        return channels

    @property
    def by_platform(self) -> dict[CheckedPlatform, str]:
        """The channel of each platform that has one."""
        pairs = (entry.partition(":") for entry in _entries(self.channels))
        return {CheckedPlatform(platform): channel.strip() for platform, _, channel in pairs}


def _entries(channels: str) -> list[str]:
    return [entry.strip() for entry in channels.split(",") if entry.strip()]


PLATFORM_SETTINGS: tuple[type[BaseSettings], ...] = (
    DiscordSettings,
    SlackSettings,
    LabelCheckSettings,
)
"""After those of `core.settings`, in the order in which docs/settings.md lists them."""
