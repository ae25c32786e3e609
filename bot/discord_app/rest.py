"""Open Discord's HTTP API through discord.py, and turn its errors into ours."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import aiohttp
from discord import Forbidden, HTTPException, LoginFailure, RateLimited
from discord.http import HTTPClient, Route

from bot.label_samples import PAUSE_AT_MOST_S
from bot.platform_settings import DiscordSettings
from core.errors import AppError, Unavailable, UserError

NAME = "Discord"
TOKEN_SETTING = "EASEL_DISCORD_TOKEN"  # noqa: S105 - a name.
PERMISSIONS = "View Channel, Send Messages, Attach Files"
_UNAUTHORIZED, _TOO_MANY, _SERVER_FAULT = 401, 429, 500
_UNKNOWN_CHANNEL = 10003


def token_of(settings: DiscordSettings) -> str:
    """Read the bot's token.

    Raises:
        UserError: `platform_token_missing`.
    """
    token = settings.token.get_secret_value()
    if not token:
        raise UserError("platform_token_missing", name=NAME, setting=TOKEN_SETTING)
    return token


@asynccontextmanager
async def open_rest(settings: DiscordSettings) -> AsyncIterator[HTTPClient]:
    """Sign in with the bot's token; every error inside comes out as one of ours.

    Raises:
        UserError: `platform_token_missing`, `platform_token_refused` and what the calls meet.
        Unavailable: `platform_away` or `platform_busy`.
    """
    token = token_of(settings)
    Route.BASE = settings.api_base  # discord.py reads it at each call; it has no other place.
    client = HTTPClient(asyncio.get_running_loop(), max_ratelimit_timeout=PAUSE_AT_MOST_S)
    try:
        with errors_as_ours():
            await client.static_login(token)
            yield client
    finally:
        await client.close()


@contextmanager
def errors_as_ours() -> Iterator[None]:
    """Turn what discord.py and its HTTP library raise into errors with a sentence."""
    try:
        yield
    except (LoginFailure, HTTPException) as error:
        raise _refused(error) from error
    except RateLimited as error:
        raise Unavailable("platform_busy", name=NAME, value=error.retry_after) from error
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise Unavailable("platform_away", name=NAME) from error


def _refused(error: LoginFailure | HTTPException) -> AppError:
    if isinstance(error, LoginFailure) or error.status == _UNAUTHORIZED:
        return UserError("platform_token_refused", name=NAME, setting=TOKEN_SETTING)
    if error.code == _UNKNOWN_CHANNEL:
        return UserError("platform_channel_unknown", name=NAME)
    if isinstance(error, Forbidden):
        return UserError("platform_permission_missing", name=NAME, value=PERMISSIONS)
    if error.status == _TOO_MANY:
        # Without a body that says how long: the address is barred, which takes minutes at least.
        return Unavailable("platform_busy", name=NAME, value=PAUSE_AT_MOST_S)
    if error.status >= _SERVER_FAULT:
        return Unavailable("platform_away", name=NAME)
    return UserError("platform_refused", name=NAME, value=f"{error.status}/{error.code}")
