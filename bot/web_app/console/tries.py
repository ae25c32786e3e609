"""Bound how often anybody knocks: from one address and overall, in windows of ten minutes.

The counts are kept in Redis, for all processes together. Where Redis is away, a few tries in this
process are let through and the rest is refused: without a count nobody tells a guess from a guest.
"""

import hashlib
import ipaddress
import threading
from dataclasses import dataclass, field

from anyio import to_thread
from fastapi import Request

from bot.web_app.console.parts import Console, TheConsole
from core.errors import Unavailable, UserError

WINDOW_S = 600
"""Ten minutes: long enough to make guessing pointless, short enough to wait for."""

WITHOUT_REDIS = 5
"""Tries let through in a window while Redis is away: enough to get in and see what is wrong."""

_IPV6_NETWORK_BITS = 64
"""A home or a machine is given a whole /64: its addresses are one address."""


@dataclass(slots=True)
class TriesInProcess:
    """Count while Redis is away; one number is all that is kept."""

    window: int = -1
    count: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, window: int) -> int:
        """Count one try in a window and say how many there were."""
        with self.lock:
            if window != self.window:
                self.window, self.count = window, 0
            self.count += 1
            return self.count


async def counted(request: Request, console: TheConsole) -> None:
    """Count a try to sign in, before anything is looked at."""
    host = request.client.host if request.client else ""
    await to_thread.run_sync(count_try, console, host)


def count_try(console: Console, host: str) -> None:
    """Count a try from an address.

    Raises:
        UserError: `console_too_many_tries`, with the seconds after which to come again.
    """
    now_s = int(console.services.clock().timestamp())
    window, left_s = now_s // WINDOW_S, WINDOW_S - now_s % WINDOW_S
    try:
        is_within = _is_within(console, host, window)
    except Unavailable:
        is_within = console.tries.add(window) <= WITHOUT_REDIS
    if not is_within:
        minutes = -(-left_s // 60)
        raise UserError("console_too_many_tries", value=minutes, retry_s=left_s)


def _is_within(console: Console, host: str, window: int) -> bool:
    """Count overall first: past that bound no further address is given a counter of its own."""
    tally, settings = console.services.events.tally, console.settings
    if tally(f"console.{window}", WINDOW_S) > settings.tries_overall:
        return False
    return tally(f"console.{window}.{_mark(console, host)}", WINDOW_S) <= settings.tries


def _mark(console: Console, host: str) -> str:
    """Stand for an address without being it: addresses are nobody's business for longer."""
    key = console.services.settings.secret_key.get_secret_value().encode()[:64]
    return hashlib.blake2b(network_of(host).encode(), key=key, digest_size=12).hexdigest()


def network_of(host: str) -> str:
    """Name whose address it is: the address itself, or the network of an IPv6 one."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host  # A Unix socket's client has none.
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, _IPV6_NETWORK_BITS), strict=False))
