"""Sign in by Slack: OpenID Connect with a nonce; who gets in is listed in the settings.

Slack's token endpoint takes no PKCE verifier. What it has instead is the id token: signed by
Slack, for this application, with the nonce of this very sign-in.
"""

import hmac
import re
from typing import Any, Self

from authlib.integrations.httpx_client import OAuth2Client
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

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
from core.contracts.console import Provider
from core.contracts.ids import MemberId
from core.errors import UserError
from core.settings import ConsoleSettings

_USER, _TEAM = "https://slack.com/user_id", "https://slack.com/team_id"
"""Claims of Slack's own, under these names wherever Slack answers."""

_ID = re.compile(r"[A-Z0-9]{2,30}")
_LEEWAY_S = 60
"""How far apart the clocks of two well-kept machines may be."""


class SlackSignIn:
    """One Slack app and the workspace whose people may get in."""

    name: Provider = "slack"
    label = "Slack"

    def __init__(self, settings: ConsoleSettings, public_url: str) -> None:
        self._url = settings.slack_url.rstrip("/")
        self._id = settings.slack_client_id
        self._secret = settings.slack_client_secret
        self._team = settings.slack_team
        self._moderators = ids_of(settings.slack_moderators)
        self._admins = ids_of(settings.slack_admins)
        self._back = back_address(public_url, self.name)

    @classmethod
    def of(cls, settings: ConsoleSettings, public_url: str) -> Self | None:
        """Make it of the settings; None: they do not set it up."""
        needed = {
            "EASEL_CONSOLE_SLACK_CLIENT_ID": settings.slack_client_id,
            "EASEL_CONSOLE_SLACK_CLIENT_SECRET": settings.slack_client_secret,
            "EASEL_CONSOLE_SLACK_TEAM": settings.slack_team,
            "EASEL_CONSOLE_SLACK_MODERATORS": ids_of(
                settings.slack_moderators + settings.slack_admins
            ),
        }
        return cls(settings, public_url) if is_complete(cls.name, needed) else None

    def address(self, begun: Begun) -> str:
        """Ask for who they are in this workspace, and for nothing else."""
        with self._client() as client:
            address, _ = client.create_authorization_url(
                f"{self._url}/openid/connect/authorize",
                state=begun.state,
                nonce=begun.nonce,
                team=self._team,
            )
        return str(address)

    def person(self, code: str, begun: Begun) -> Person:
        """Check the id token and look its person up in the settings."""
        with asking(self.label, self._client()) as client:
            token = client.fetch_token(f"{self._url}/api/openid.connect.token", code=code)
            keys = client.request("GET", f"{self._url}/openid/connect/keys", withhold_token=True)
            found = keys.raise_for_status().json()
            claims = self._claims(token["id_token"], found, begun.nonce)
            user_id, team_id = str(claims[_USER]), claims[_TEAM]
            if not _ID.fullmatch(user_id):
                raise ValueError("an id of a Slack user is expected")
        if team_id != self._team:  # Somebody else's workspace, where anybody may be anybody.
            raise UserError("console_no_role", value=self.label)
        person = Person(
            member_id=MemberId(f"slack:{user_id}"),
            display_name=str(claims.get("name") or user_id),
            role=role_among(frozenset({user_id}), self._admins, self._moderators),
            provider=self.name,
            proof_id=begun.state,
        )
        return admitted(person, self.label)

    def _claims(self, id_token: str, keys: Any, nonce: str) -> dict[str, Any]:  # Any: JSON.
        """Check who signed it, for whom, for how long, and for which sign-in."""
        try:
            token = jwt.decode(id_token, KeySet.import_key_set(keys), algorithms=["RS256"])
            jwt.JWTClaimsRegistry(
                leeway=_LEEWAY_S,
                iss={"essential": True, "value": self._url},
                aud={"essential": True, "value": self._id},
                exp={"essential": True},
                iat={"essential": True},
                nonce={"essential": True},
            ).validate(token.claims)
        except JoseError as error:
            raise ValueError("an id token that does not hold") from error
        if not hmac.compare_digest(str(token.claims["nonce"]).encode(), nonce.encode()):
            raise ValueError("the id token of another sign-in")
        return token.claims

    def _client(self) -> OAuth2Client:
        return OAuth2Client(
            self._id,
            self._secret.get_secret_value(),
            scope="openid profile",
            redirect_uri=self._back,
            token_endpoint_auth_method="client_secret_post",  # noqa: S106 - a method's name.
            timeout=TIMEOUT_S,
        )
