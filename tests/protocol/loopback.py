"""Serve a protocol server on loopback from a thread of its own, for clients of every kind."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

START_TIMEOUT_S = 20.0


@contextmanager
def served(app: web.Application) -> Iterator[str]:
    """Give the address under which an app answers; it ends with the block."""
    loop = asyncio.new_event_loop()

    async def start() -> web.TCPSite:
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        return site

    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    site = asyncio.run_coroutine_threadsafe(start(), loop).result(START_TIMEOUT_S)
    try:
        host, port = site._server.sockets[0].getsockname()[:2]
        yield f"http://{host}:{port}"
    finally:
        asyncio.run_coroutine_threadsafe(site._runner.cleanup(), loop).result(START_TIMEOUT_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(START_TIMEOUT_S)
        loop.close()
