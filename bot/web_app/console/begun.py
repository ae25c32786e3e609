"""Remember in the browser which sign-in it began, so that only it can finish it, once and soon."""

import hmac
import secrets

from fastapi import Request, Response
from itsdangerous import BadData, URLSafeTimedSerializer
from pydantic import Field, ValidationError

from core.contracts.base import Contract

COOKIE = "easel_console_begun"
SECURE_COOKIE = "__Host-easel_console_begun"
MAX_AGE_S = 600
"""Ten minutes to find one's password: as long as the platforms' own codes last at most."""


class Begun(Contract):
    """One sign-in under way."""

    platform: str
    state: str = Field(description="Comes back with the answer: the answer is to this browser.")
    verifier: str = Field(description="PKCE: only who began it can turn the code into a token.")
    nonce: str = Field(description="OpenID Connect: stands in the id token made for it.")
    next: str = Field(description="Where in the console to go on.")


def begin(platform: str, next_: str) -> Begun:
    """Draw the secrets of a sign-in; 256 bits each."""
    state, verifier, nonce = (secrets.token_urlsafe(32) for _ in range(3))
    return Begun(platform=platform, state=state, verifier=verifier, nonce=nonce, next=next_)


class BegunCookies:
    """Write and read the cookie of a sign-in under way, signed so that nobody else writes one."""

    def __init__(self, secret_key: str, *, is_secure: bool) -> None:
        self._signed = URLSafeTimedSerializer(secret_key, salt="easel.console.begun")
        self._is_secure = is_secure
        self._name = SECURE_COOKIE if is_secure else COOKIE

    def write(self, response: Response, begun: Begun) -> None:
        """Give the browser what it needs when the platform leads back."""
        response.set_cookie(
            self._name,
            str(self._signed.dumps(begun.model_dump(mode="json"))),
            max_age=MAX_AGE_S,
            path="/",
            httponly=True,
            samesite="lax",  # The platform leads back here: Strict would leave it out.
            secure=self._is_secure,
        )

    def read(self, request: Request, platform: str, state: str) -> Begun | None:
        """Read what this browser began, if it is what the answer is to."""
        try:
            fields = self._signed.loads(request.cookies.get(self._name, ""), max_age=MAX_AGE_S)
            begun = Begun.model_validate(fields)
        except (BadData, ValidationError):
            return None
        is_same = hmac.compare_digest(begun.state.encode(), state.encode())
        return begun if is_same and begun.platform == platform else None

    def forget(self, response: Response) -> None:
        """Take it away: an answer is looked at once."""
        response.delete_cookie(
            self._name, path="/", httponly=True, samesite="lax", secure=self._is_secure
        )
