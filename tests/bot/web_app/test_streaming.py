"""Hold files that are sent once to being closed, whoever goes away."""

import io

import anyio
import pytest

from bot.web_app.streaming import OnceSent

SCOPE = {"type": "http", "method": "GET", "path": "/", "headers": []}
HEADERS = {"Cache-Control": "no-store"}


async def never():
    await anyio.sleep_forever()


async def gone():
    return {"type": "http.disconnect"}


def sent(file, receive, send):
    answer = OnceSent(file, media_type="text/plain", headers=HEADERS)
    anyio.run(answer, SCOPE, receive, send)


def test_a_file_is_sent_from_where_it_stands_and_closed():
    file, told = io.BytesIO(b"not this, but this"), []
    file.seek(10)

    async def hear(message):
        told.append(message)

    sent(file, never, hear)

    assert b"".join(each.get("body", b"") for each in told) == b"but this"
    assert (b"cache-control", b"no-store") in told[0]["headers"]
    assert file.closed


def test_who_goes_away_before_the_first_byte_leaves_no_file_open():
    file = io.BytesIO(b"never read")

    sent(file, gone, lambda _message: anyio.sleep_forever())

    assert file.closed


def test_a_line_that_breaks_leaves_no_file_open():
    file = io.BytesIO(b"x")

    async def broken(_message):
        raise RuntimeError("the line broke")

    with pytest.raises((BaseExceptionGroup, RuntimeError)):
        sent(file, never, broken)

    assert file.closed
