"""Open Redis clients that fail within seconds instead of hanging.

redis-py retries ten times with a growing wait by default, which would stall a person's request
while Redis is away; here a dead Redis is an answer, and whoever can wait does so outside.
"""

import redis
import redis.asyncio
import redis.asyncio.retry
import redis.backoff
import redis.retry

TIMEOUT_S = 1.0
"""For connecting and for each answer: half of the 2 s in which a send must give up."""

AWAY = (redis.ConnectionError, redis.TimeoutError, redis.ResponseError)
"""What redis-py raises when the server is gone, unreachable, silent, still loading its file, or
refuses every write because its disk or memory is full (OOM, MISCONF: a ResponseError)."""


def connect(redis_url: str) -> redis.Redis:
    """Open a thread-safe client; nothing is sent before its first command.

    There is no retry: the pool already replaces a connection that died while it lay idle.
    """
    return redis.Redis.from_url(
        redis_url,
        socket_timeout=TIMEOUT_S,
        socket_connect_timeout=TIMEOUT_S,
        retry=redis.retry.Retry(redis.backoff.NoBackoff(), 0),
    )


def connect_async(redis_url: str) -> redis.asyncio.Redis:
    """Open the asyncio client, for the one use that waits for messages: listening."""
    return redis.asyncio.Redis.from_url(
        redis_url,
        socket_timeout=TIMEOUT_S,
        socket_connect_timeout=TIMEOUT_S,
        retry=redis.asyncio.retry.Retry(redis.backoff.NoBackoff(), 0),
    )
