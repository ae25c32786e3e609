"""Bound how often anybody knocks at the console, from one address and overall."""

from anyio import to_thread
from fastapi import Request

from bot.floods import Bounds
from bot.web_app.addresses import network_of
from bot.web_app.console.parts import Console, TheConsole
from core.errors import UserError

WITHOUT_REDIS = 5
"""Tries let through in a window while Redis is away: enough to get in and see what is wrong."""


async def counted(request: Request, console: TheConsole) -> None:
    """Count a try to sign in, before anything is looked at."""
    host = request.client.host if request.client else ""
    await to_thread.run_sync(count_try, console, host)


def count_try(console: Console, host: str) -> None:
    """Count a try from an address.

    Raises:
        UserError: `console_too_many_tries`, with the seconds after which to come again.
    """
    settings = console.settings
    bounds = Bounds(settings.tries, settings.tries_overall, WITHOUT_REDIS)
    left_s = console.tries.over_for_s(network_of(host), bounds)
    if left_s is not None:
        minutes = -(-left_s // 60)
        raise UserError("console_too_many_tries", value=minutes, retry_s=left_s)
