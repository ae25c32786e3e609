"""Post a sample to a Discord channel and fetch it back in each form that Discord hands out."""

import asyncio
import io
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import aiohttp
import structlog
from discord import AllowedMentions, File
from discord.http import HTTPClient, handle_message_parameters

from bot.discord_app.rest import NAME, errors_as_ours, open_rest, token_of
from bot.label_samples import Fetched, Sample
from bot.platform_settings import DiscordSettings
from core.errors import AppError, Unavailable, UserError
from core.provenance.read import MAX_BYTES

log = structlog.get_logger()

TIMEOUT_S = 180.0
"""For all of it together, pauses that Discord asks for among them."""
_CHUNK_BYTES = 1 << 16

_PROXIED = {
    "proxy": "",
    "preview": "format=webp&quality=lossless&width=550&height=440",
    "preview_lossy": "format=webp&width=550&height=440",
}
"""What the apps ask the media proxy for: the whole picture behind a tap, and the picture in the
message, at most 550 pixels wide, in WebP."""


@dataclass(frozen=True, slots=True)
class DiscordLabelCheck:
    """A SamplePoster for one channel."""

    settings: DiscordSettings
    channel: str
    keep: bool = False

    def __post_init__(self) -> None:
        """Refuse what can not work before a sample is made."""
        token_of(self.settings)
        if not self.channel.isascii() or not self.channel.isdigit():
            raise UserError("platform_channel_unknown", name=NAME)

    def __call__(self, sample: Sample) -> Fetched:
        """Post, fetch back and delete, in an event loop of its own."""
        return asyncio.run(self._run(sample))

    async def _run(self, sample: Sample) -> Fetched:
        with errors_as_ours():
            async with asyncio.timeout(TIMEOUT_S), open_rest(self.settings) as rest:
                message = _answer(await self._post(rest, sample))
                try:
                    renditions = await _renditions(message["attachments"][0])
                finally:
                    is_left = self.keep or not await self._delete(rest, message["id"])
        attachment = message["attachments"][0]
        return Fetched(
            renditions=renditions,
            words=message.get("content", ""),
            alt_text=attachment.get("description") or "",
            file_name=attachment.get("filename", ""),
            is_left=is_left,
        )

    async def _post(self, rest: HTTPClient, sample: Sample) -> Any:  # Any: what Discord answers.
        file = File(io.BytesIO(sample.data), sample.file_name, description=sample.alt_text)
        with handle_message_parameters(
            sample.words, file=file, allowed_mentions=AllowedMentions.none()
        ) as params:
            return await rest.send_message(int(self.channel), params=params)

    async def _delete(self, rest: HTTPClient, message_id: str) -> bool:
        """Delete the sample; one that stays is no reason to lose what was found."""
        try:
            with errors_as_ours():
                await rest.delete_message(int(self.channel), int(message_id))
        except AppError as error:
            log.warning("label_sample_left", platform="discord", code=error.code)
            return False
        return True


def _answer(message: Any) -> dict[str, Any]:  # Any: Discord's own, checked for what is used.
    """Take a message that has its attachment, or say that something else answered."""
    match message:
        case {"id": str(), "attachments": [{"url": str(), "proxy_url": str()}, *_]}:
            return dict(message)
    raise UserError("platform_answer_unclear", name=NAME)


async def _renditions(attachment: dict[str, Any]) -> dict[str, bytes | None]:  # Any: as above.
    proxy_url = attachment["proxy_url"]
    # The address is signed, and has parameters of its own.
    joint = "&" if "?" in proxy_url else "?"
    urls = {name: proxy_url + (query and joint + query) for name, query in _PROXIED.items()}
    # Without the bot's token: who looks at a picture has none either.
    async with aiohttp.ClientSession() as session:
        return {
            name: await _fetch(session, url)
            for name, url in {"original": attachment["url"], **urls}.items()
        }


async def _fetch(session: aiohttp.ClientSession, url: str) -> bytes | None:
    """Read a file; None where there is none. One that is too large is cut, and so is unreadable."""
    async with session.get(url) as response:
        if response.status == HTTPStatus.TOO_MANY_REQUESTS:
            seconds = response.headers.get("Retry-After", "60")
            raise Unavailable("platform_busy", name=NAME, value=seconds)
        if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise Unavailable("platform_away", name=NAME)
        if response.status != HTTPStatus.OK:
            return None
        data = bytearray()
        async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
            data += chunk
            if len(data) > MAX_BYTES:
                break
        return bytes(data)
