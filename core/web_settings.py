"""Read how the web app is reached and who gets into its console; listed in `core.settings`."""

from typing import Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings

from core.settings_source import settings_from


class WebSettings(BaseSettings):
    """The local web chat."""

    model_config = settings_from("EASEL_WEB_")

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8700, ge=0, le=65535, description="Port to listen on; 0 picks a free one.")
    public_url: str = Field(
        "", description="Where people reach the chat through a proxy; empty: at host and port."
    )
    community: str = Field("local", description="Id of the community that the chat belongs to.")
    channel: str = Field("general", description="Name of the chat's channel.")
    moderators_channel: str = Field(
        "moderators", description="Name of the moderators' channel; never the chat's own."
    )

    @model_validator(mode="after")
    def _keep_channels_apart(self) -> Self:
        """Refuse one channel for both: everybody would read what waits for moderators."""
        if self.moderators_channel == self.channel:
            raise ValueError("EASEL_WEB_MODERATORS_CHANNEL must not name EASEL_WEB_CHANNEL")
        return self

    @property
    def url(self) -> str:
        """Where people reach the chat."""
        return self.public_url.rstrip("/") or f"http://{self.host}:{self.port}"


class ConsoleSettings(BaseSettings):
    """The moderators' console of the web app: who gets in, and for how long."""

    model_config = settings_from("EASEL_CONSOLE_")

    links: bool = Field(
        default=True, description="One-time links let moderators and admins in; false: none does."
    )
    session_h: int = Field(12, ge=1, le=168, description="A session ends after so many hours.")
    idle_min: int = Field(
        60, ge=1, description="A session ends after so many minutes without a request."
    )
    tries: int = Field(
        20, ge=1, description="Tries to sign in that one address has in ten minutes."
    )
    tries_overall: int = Field(
        200, ge=1, description="Tries to sign in that all addresses together have in ten minutes."
    )
    discord_client_id: str = Field("", description="Discord application; empty: no such sign-in.")
    discord_client_secret: SecretStr = Field(SecretStr(""), description="Its client secret.")
    discord_guild: str = Field("", description="Server whose roles decide who gets in.")
    discord_moderator_roles: str = Field(
        "", description="Ids of the server's roles that make a moderator, with commas."
    )
    discord_admin_roles: str = Field(
        "", description="Ids of the server's roles that make an admin, with commas."
    )
    discord_url: str = Field("https://discord.com", description="Where Discord answers.")
    slack_client_id: str = Field("", description="Slack app; empty: no such sign-in.")
    slack_client_secret: SecretStr = Field(SecretStr(""), description="Its client secret.")
    slack_team: str = Field("", description="Workspace whose people get in, for example `T0123`.")
    slack_moderators: str = Field(
        "", description="Ids of the workspace's people who are moderators, with commas."
    )
    slack_admins: str = Field(
        "", description="Ids of the workspace's people who are admins, with commas."
    )
    slack_url: str = Field("https://slack.com", description="Where Slack answers.")
