"""Sign in by Discord: OAuth 2 with PKCE; the server's roles, asked with the person's own token."""

from http import HTTPStatus
from typing import Self

from authlib.integrations.httpx_client import OAuth2Client

from bot.web_app.console.begun import Begun
from bot.web_app.console.platforms import (
    TIMEOUT_S,
    admitted,
    asking,
    back_address,
    ids_of,
    is_complete,
    role_among,
)
from bot.web_app.console.signing import Person
from core.contracts.actors import Role
from core.contracts.console import Provider
from core.contracts.ids import MemberId
from core.errors import UserError
from core.settings import ConsoleSettings

_USER_AGENT = "DiscordBot (easel, 1)"
"""Discord's API turns away programs that do not say this of themselves."""


class DiscordSignIn:
    """One Discord application and the server whose roles count."""

    name: Provider = "discord"
    label = "Discord"

    def __init__(self, settings: ConsoleSettings, public_url: str) -> None:
        self._url = settings.discord_url.rstrip("/")
        self._id = settings.discord_client_id
        self._secret = settings.discord_client_secret
        self._guild = settings.discord_guild
        self._moderators = ids_of(settings.discord_moderator_roles)
        self._admins = ids_of(settings.discord_admin_roles)
        self._back = back_address(public_url, self.name)

    @classmethod
    def of(cls, settings: ConsoleSettings, public_url: str) -> Self | None:
        """Make it of the settings; None: they do not set it up."""
        roles = settings.discord_moderator_roles + settings.discord_admin_roles
        needed = {
            "EASEL_CONSOLE_DISCORD_CLIENT_ID": settings.discord_client_id,
            "EASEL_CONSOLE_DISCORD_CLIENT_SECRET": settings.discord_client_secret,
            "EASEL_CONSOLE_DISCORD_GUILD": settings.discord_guild,
            "EASEL_CONSOLE_DISCORD_MODERATOR_ROLES": ids_of(roles),
        }
        return cls(settings, public_url) if is_complete(cls.name, needed) else None

    def address(self, begun: Begun) -> str:
        """Ask for who they are and for what they are in one server: no mail, no messages."""
        with self._client() as client:
            address, _ = client.create_authorization_url(
                f"{self._url}/oauth2/authorize",
                state=begun.state,
                code_verifier=begun.verifier,
                prompt="none",  # Who agreed once is not asked again; roles are read each time.
            )
        return str(address)

    def person(self, code: str, begun: Begun) -> Person:
        """Read the person's roles in the server as they are at this moment."""
        with asking(self.label, self._client()) as client:
            client.fetch_token(
                f"{self._url}/api/oauth2/token", code=code, code_verifier=begun.verifier
            )
            answer = client.get(f"{self._url}/api/v10/users/@me/guilds/{self._guild}/member")
            if answer.status_code == HTTPStatus.NOT_FOUND:  # They are not in that server.
                raise UserError("console_no_role", value=self.label)
            member = answer.raise_for_status().json()
            user = member["user"]
            name = member.get("nick") or user.get("global_name") or user["username"]
            person = Person(
                member_id=MemberId(f"discord:{_number(user['id'])}"),
                display_name=str(name),
                role=self._role_of(member["roles"]),
                provider=self.name,
                proof_id=begun.state,
            )
        return admitted(person, self.label)

    def _role_of(self, roles: object) -> Role:
        if not isinstance(roles, list):
            raise TypeError("a list of role ids is expected")
        return role_among(frozenset(map(str, roles)), self._admins, self._moderators)

    def _client(self) -> OAuth2Client:
        return OAuth2Client(
            self._id,
            self._secret.get_secret_value(),
            scope="identify guilds.members.read",
            redirect_uri=self._back,
            code_challenge_method="S256",
            timeout=TIMEOUT_S,
            headers={"User-Agent": _USER_AGENT},
        )


def _number(value: object) -> str:
    """Hold an id to Discord's own kind, a number: it becomes part of a member's id here."""
    if not isinstance(value, str) or not value.isdecimal():
        raise ValueError("a snowflake is expected")
    return value
