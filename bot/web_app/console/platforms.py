"""Ask a platform who somebody is and what they are there: Discord by roles, Slack by name.

Everything fails closed. A platform is set up once it has an application, a place (server or
workspace) and at least one role or person that gets in; who has none of them gets no session.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

import httpx2
import structlog
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import OAuth2Client

from bot.web_app.console.begun import Begun
from bot.web_app.console.frame import HOME
from bot.web_app.console.signing import Person
from core.contracts.actors import Role
from core.contracts.console import Provider
from core.errors import Unavailable, UserError
from core.settings import ConsoleSettings

log = structlog.get_logger()

TIMEOUT_S = 10.0
"""For each answer of a platform: somebody is waiting for the page."""

_UNAVAILABLE = frozenset({429, 500, 502, 503, 504})


class SignInPlatform(Protocol):
    """A platform that can vouch for people."""

    name: Provider
    label: str

    def address(self, begun: Begun) -> str:
        """Say where the platform asks the person whether they agree."""
        ...

    def person(self, code: str, begun: Begun) -> Person:
        """Turn the platform's answer into a person with a role here.

        Raises:
            UserError: `console_no_role`, `console_sign_in_refused`.
            Unavailable: `console_platform_away`.
        """
        ...


def back_address(public_url: str, name: str) -> str:
    """Write where a platform leads back to; it must be registered there, to the letter."""
    return f"{public_url}{HOME}/sign-in/{name}/back"


def ids_of(text: str) -> frozenset[str]:
    """Read a setting's ids."""
    return frozenset(each.strip() for each in text.split(",") if each.strip())


def role_among(held: frozenset[str], admins: frozenset[str], moderators: frozenset[str]) -> Role:
    """Find the highest role that ids give; none of them gives member, who does not get in."""
    if held & admins:
        return Role.ADMIN
    return Role.MODERATOR if held & moderators else Role.MEMBER


def admitted(person: Person, label: str) -> Person:
    """Let through who is a moderator at least.

    Raises:
        UserError: `console_no_role`.
    """
    if person.role is Role.MEMBER:
        log.info("console_no_role", provider=person.provider)
        raise UserError("console_no_role", value=label)
    return person


@contextmanager
def asking(label: str, client: OAuth2Client) -> Iterator[OAuth2Client]:
    """Talk to a platform: what it refuses is refused here, what it cannot answer is its absence.

    Raises:
        UserError: `console_sign_in_refused`.
        Unavailable: `console_platform_away`.
    """
    try:
        with client:
            yield client
    except httpx2.HTTPStatusError as error:
        status = error.response.status_code
        log.warning("console_platform_refused", platform=label, status=status)
        if status in _UNAVAILABLE:
            raise Unavailable("console_platform_away", value=label) from error
        raise UserError("console_sign_in_refused", value=label) from error
    except httpx2.HTTPError as error:
        log.warning("console_platform_away", platform=label, reason=type(error).__name__)
        raise Unavailable("console_platform_away", value=label) from error
    except AuthlibBaseError as error:
        # The code of RFC 6749, which is short and the platform's own; its description is not kept.
        log.warning("console_platform_refused", platform=label, reason=str(error.error)[:40])
        raise UserError("console_sign_in_refused", value=label) from error
    except (ValueError, KeyError, TypeError) as error:  # Not what its documents promise.
        log.warning("console_platform_unclear", platform=label, reason=type(error).__name__)
        raise UserError("console_sign_in_refused", value=label) from error


def platforms_of(settings: ConsoleSettings, public_url: str) -> dict[str, SignInPlatform]:
    """List the platforms that are set up, by name; what is set up halfway is said in the log."""
    from bot.web_app.console.discord_sign_in import DiscordSignIn
    from bot.web_app.console.slack_sign_in import SlackSignIn

    made: tuple[SignInPlatform | None, ...] = (
        DiscordSignIn.of(settings, public_url),
        SlackSignIn.of(settings, public_url),
    )
    return {platform.name: platform for platform in made if platform is not None}


def is_complete(name: str, needed: Mapping[str, object]) -> bool:
    """Tell whether a platform has all that it needs; with nothing set it is simply not used."""
    missing = sorted(setting for setting, value in needed.items() if not value)
    if missing and len(missing) < len(needed):
        log.warning("console_platform_incomplete", platform=name, missing=missing)
    return not missing
