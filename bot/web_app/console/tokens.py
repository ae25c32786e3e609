"""Make the secrets of a session: its token, what is stored of it, and its forms' own token."""

import hashlib
import hmac
import secrets

COOKIE = "easel_console"
SECURE_COOKIE = "__Host-easel_console"
"""With this prefix browsers take the cookie over TLS only, for this host only, for every path:
a sister host, or somebody on the line, cannot plant a session."""


def new_token() -> str:
    """Draw a session's token: 256 random bits."""
    return secrets.token_urlsafe(32)


def stored(token: str) -> str:
    """Hash a token for the store: who reads the database cannot sign in with what is there.

    A plain hash does, because what is hashed is random and long; passwords would need more.
    """
    return hashlib.sha256(token.encode()).hexdigest()


def form_token(token: str) -> str:
    """Derive the token that a session's forms carry. It tells nothing of the session's own."""
    return hmac.new(token.encode(), b"easel.console.form", hashlib.sha256).hexdigest()


def is_form_token(given: str, token: str) -> bool:
    """Compare in a time that does not tell how much of a guess was right."""
    return hmac.compare_digest(given.encode(), form_token(token).encode())


def cookie_name(*, is_secure: bool) -> str:
    """Name the session's cookie."""
    return SECURE_COOKIE if is_secure else COOKIE
