"""Send a file that was put together for one answer, and be done with it however that ends."""

from collections.abc import Iterator, Mapping
from typing import IO, Final

from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

_AT_A_TIME: Final = 256 * 1024


class OnceSent(StreamingResponse):
    """Send an open file from where it stands.

    It is closed when the answer ends: also where whoever asked went away before the first byte,
    and nothing of it was read.
    """

    def __init__(self, file: IO[bytes], *, media_type: str, headers: Mapping[str, str]) -> None:
        super().__init__(_chunks(file), media_type=media_type, headers=headers)
        self._file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._file.close()


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    while chunk := file.read(_AT_A_TIME):
        yield chunk
