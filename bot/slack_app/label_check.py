"""Post a sample to a Slack channel and fetch it back in each form that Slack hands out."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPMessage
from typing import IO, Any
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, Request, build_opener

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.models.blocks import ContextBlock, ImageBlock, PlainTextObject
from slack_sdk.models.blocks.basic_components import SlackFile

from bot.label_samples import Fetched, Sample
from bot.platform_settings import SlackSettings
from bot.slack_app.web_api import NAME, SCOPES, code_of, errors_as_ours, open_web_api
from core.errors import AppError, UserError
from core.provenance.read import MAX_BYTES

log = structlog.get_logger()

READY_S = 30.0
"""How long Slack may take to look at a file; until then no message can show it."""
LOOK_S = 0.5
_TIMEOUT_S = 30.0
_THUMBS = ("thumb_360", "thumb_720", "thumb_1024")
"""What the apps show, from a telephone's list to a click on the picture."""


@dataclass(frozen=True, slots=True)
class SlackLabelCheck:
    """A SamplePoster for one channel."""

    settings: SlackSettings
    channel: str
    keep: bool = False
    sleep: Callable[[float], None] = time.sleep

    def __post_init__(self) -> None:
        """Refuse what can not work before a sample is made."""
        open_web_api(self.settings)

    def __call__(self, sample: Sample) -> Fetched:
        """Upload, post as pictures are posted, fetch back and delete."""
        client = open_web_api(self.settings)
        with errors_as_ours():
            file_id = _uploaded(client, sample)
            posted_at: list[str] = []
            try:
                file = self._looked_at(client, file_id)
                message = self._post(client, sample, file_id)
                posted_at.append(message["ts"])
                renditions = self._renditions(file)
            finally:
                is_left = self.keep or not self._delete(client, file_id, posted_at)
        return Fetched(
            renditions=renditions,
            words=_words_in(message),
            alt_text=_alt_text_in(message),
            file_name=file.get("name", ""),
            is_left=is_left,
        )

    def _looked_at(self, client: WebClient, file_id: str) -> dict[str, Any]:
        """Wait until Slack has made its own forms of the picture; past that, it makes none."""
        waited_s = 0.0
        while True:
            file: dict[str, Any] = client.files_info(file=file_id).get("file") or {}
            if any(name in file for name in _THUMBS) or waited_s >= READY_S:
                return file
            self.sleep(LOOK_S)
            waited_s += LOOK_S

    def _post(self, client: WebClient, sample: Sample, file_id: str) -> dict[str, Any]:
        """Show the file; Slack refuses the block while it still looks at the file."""
        waited_s = 0.0
        while True:
            try:
                answer = client.chat_postMessage(
                    channel=self.channel, text=sample.words, blocks=_blocks(sample, file_id)
                )
            except SlackApiError as error:
                if code_of(error) != "invalid_blocks" or waited_s >= READY_S:
                    raise
                self.sleep(LOOK_S)
                waited_s += LOOK_S
            else:
                return {"ts": answer["ts"], **(answer.get("message") or {})}

    def _renditions(self, file: dict[str, Any]) -> dict[str, bytes | None]:
        urls = {name: file.get(name) for name in ("url_private_download", *_THUMBS)}
        opener = build_opener(_NoRedirect)
        return {name: self._fetch(opener, url) if url else None for name, url in urls.items()}

    def _fetch(self, opener: OpenerDirector, url: str) -> bytes:
        """Read a file with the bot's token, which goes to Slack's own hosts alone."""
        if not self._is_slacks(url):
            raise UserError("platform_answer_unclear", name=NAME)
        token = self.settings.bot_token.get_secret_value()
        request = Request(url, headers={"Authorization": f"Bearer {token}"})  # noqa: S310 - checked above.
        with opener.open(request, timeout=_TIMEOUT_S) as response:
            is_page = response.headers.get_content_type() == "text/html"
            data: bytes = response.read(MAX_BYTES + 1)
        if is_page:  # Where people sign in: what whoever may not read a file is shown.
            raise UserError("platform_permission_missing", name=NAME, value=SCOPES)
        return data

    def _is_slacks(self, url: str) -> bool:
        """Hold an address to the API's scheme and host, or a host below that one."""
        here, there = urlsplit(self.settings.api_url), urlsplit(url)
        own, other = here.hostname or "", there.hostname or ""
        is_below = other.endswith(f".{own.removeprefix('www.')}")
        return there.scheme == here.scheme and (other == own or is_below)

    def _delete(self, client: WebClient, file_id: str, posted_at: list[str]) -> bool:
        """Delete message and file; one that stays is no reason to lose what was found."""
        try:
            with errors_as_ours():
                for timestamp in posted_at:
                    client.chat_delete(channel=self.channel, ts=timestamp)
                client.files_delete(file=file_id)
        except AppError as error:
            log.warning("label_sample_left", platform="slack", code=error.code)
            return False
        return True


class _NoRedirect(HTTPRedirectHandler):
    """Follow nobody: the request carries a token. urllib raises the redirection as an error."""

    def redirect_request(
        self,
        req: Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> None:
        """Make no request of it."""


def _uploaded(client: WebClient, sample: Sample) -> str:
    """Upload the file for nobody to see yet; Slack gives its id."""
    answer = client.files_upload_v2(
        file=sample.data,
        filename=sample.file_name,
        title=sample.words,
        alt_txt=sample.alt_text,
    )
    return str(answer["files"][0]["id"])


def _blocks(sample: Sample, file_id: str) -> list[dict[str, Any]]:
    """Show words and picture as a result does."""
    blocks = (
        ContextBlock(elements=[PlainTextObject(text=sample.words)]),
        ImageBlock(slack_file=SlackFile(id=file_id), alt_text=sample.alt_text),
    )
    return [block.to_dict() for block in blocks]


def _words_in(message: dict[str, Any]) -> str:
    texts = [
        element.get("text", "")
        for block in message.get("blocks", [])
        for element in block.get("elements", [])
    ]
    return " ".join(texts)


def _alt_text_in(message: dict[str, Any]) -> str:
    return "".join(block.get("alt_text", "") for block in message.get("blocks", []))
