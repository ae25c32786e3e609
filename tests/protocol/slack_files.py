"""A part of Slack that takes a file, shows it in a message and hands it out again.

As the notes on Slack say: an address to upload to, a file that is looked at for a while and until
then fits no block, addresses that want the token and send everybody else to a page, 429 with
Retry-After. Blocks are held to the Block Kit schema and answers to Slack's own samples where those
are at hand.
"""

import asyncio
import json
import time
from dataclasses import dataclass, field

from aiohttp import web

from tests.protocol.handing_out import as_it_is, encoded
from tests.protocol.specs import faults, slack_validator, unknown_keys

THUMBS = {"thumb_360": 360, "thumb_720": 720, "thumb_1024": 1024}


@dataclass(frozen=True)
class Refusal:
    """An answer that stands in for the usual one, once: Slack's code, or a status by itself."""

    error: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)


@dataclass
class SlackFiles:
    """One bot in one channel; what it does with files is a test's to say."""

    token: str = "xoxb-slack-token"
    channel: str = "C024BE91L"
    original = staticmethod(as_it_is)
    preview = staticmethod(encoded)
    """Takes data, format and size; None: there are no previews."""
    looks: int = 1
    """How often a file is asked about before it is ready."""
    refuses_blocks: int = 0
    """How often a block is refused although the file is ready."""
    refusals: dict[str, list[Refusal]] = field(default_factory=dict)
    """By method (`chat.postMessage`, `upload`, `download` …), taken from the front."""
    cuts_uploads: bool = False
    door: str = "open"
    """Who may not read a file is sent to a page (`redirect`) or shown it at once (`page`)."""
    elsewhere: str = ""
    """Where files are said to lie, if not here."""
    log: list[tuple[str, float]] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    files: dict[str, dict] = field(default_factory=dict)
    data: dict[str, bytes] = field(default_factory=dict)
    messages: dict[str, dict] = field(default_factory=dict)

    def app(self) -> web.Application:
        app = web.Application(client_max_size=64 << 20)
        methods = {
            "files.getUploadURLExternal": self._upload_url,
            "files.completeUploadExternal": self._complete,
            "files.info": self._info,
            "files.delete": self._delete_file,
            "chat.postMessage": self._post,
            "chat.delete": self._delete,
        }
        for method, answer in methods.items():
            app.router.add_post(f"/api/{method}", self._called(method, answer))
        app.router.add_post("/upload/v1/{file}", self._called("upload", self._upload))
        app.router.add_get("/files-pri/{form}/{file}", self._called("download", self._download))
        app.router.add_get("/signin", self._sign_in)
        return app

    def calls(self) -> list[str]:
        return [call for call, _ in self.log]

    def _called(self, call, answer):
        async def handler(request):
            self.log.append((call, time.monotonic()))
            if queue := self.refusals.get(call):
                await request.read()
                refusal = queue.pop(0)
                content = {"ok": False, "error": refusal.error, **refusal.facts}
                return web.json_response(content, status=refusal.status, headers=refusal.headers)
            is_known = request.headers.get("Authorization") == f"Bearer {self.token}"
            if call not in {"upload", "download"} and not is_known:
                return _error("invalid_auth")
            return await answer(request)

        return handler

    async def _upload_url(self, request):
        asked = await _arguments(request)
        file_id = f"F{len(self.files) + 1:08d}"
        self.files[file_id] = {
            "id": file_id, "name": asked["filename"], "size": int(asked["length"]),
            "alt_txt": asked.get("alt_txt", ""), "mimetype": "image/png", "filetype": "png",
        }  # fmt: skip
        upload_url = f"{_base(request)}/upload/v1/{file_id}"
        return web.json_response({"ok": True, "upload_url": upload_url, "file_id": file_id})

    async def _upload(self, request):
        if self.cuts_uploads:
            await request.content.read(1000)
            request.transport.abort()
            return web.Response()
        if "Authorization" in request.headers:
            self.violations.append("the token went to an upload's address")
        file_id, data = request.match_info["file"], await request.read()
        if len(data) != self.files[file_id]["size"]:
            self.violations.append("another length was announced")
        self.data[file_id] = data
        return web.Response(text="OK")

    async def _complete(self, request):
        asked = await _arguments(request)
        (named,) = json.loads(asked["files"])
        if named["id"] not in self.data:
            return _error("file_not_found")
        self.files[named["id"]] |= {"title": named["title"], "_looks": self.looks}
        return web.json_response({"ok": True, "files": [{"id": named["id"], **named}]})

    async def _info(self, request):
        asked = await _arguments(request)
        file = self.files.get(asked["file"])
        if file is None:
            return _error("file_not_found")
        shown = {name: value for name, value in file.items() if not name.startswith("_")}
        if file["_looks"] > 0:
            file["_looks"] -= 1
        else:
            base = self.elsewhere or _base(request)
            forms = ["url_private_download", *(THUMBS if self.preview else ())]
            shown |= {form: f"{base}/files-pri/{form}/{file['id']}" for form in forms}
        sample = "slack/responses/files.info.json"
        self.violations += sorted(unknown_keys(sample, "file", content=shown))
        return web.json_response({"ok": True, "file": shown})

    async def _post(self, request):
        asked = await _arguments(request)
        if asked["channel"] != self.channel:
            return _error("channel_not_found")
        blocks = asked["blocks"]
        blocks = json.loads(blocks) if isinstance(blocks, str) else blocks
        for block in blocks:
            self.violations += faults(slack_validator("KnownBlock"), block)
        (file_id,) = [each["slack_file"]["id"] for each in blocks if each["type"] == "image"]
        if self.files[file_id].get("_looks", 1) > 0 or self.refuses_blocks > 0:
            self.refuses_blocks -= 1
            return _error("invalid_blocks")
        timestamp = f"17637{len(self.messages):05d}.000100"
        message = {"type": "message", "text": asked["text"], "ts": timestamp, "blocks": blocks}
        self.messages[timestamp] = message
        sample = "slack/responses/chat.postMessage.json"
        self.violations += sorted(unknown_keys(sample, "message", content=message))
        content = {"ok": True, "channel": self.channel, "ts": timestamp, "message": message}
        return web.json_response(content)

    async def _delete(self, request):
        asked = await _arguments(request)
        is_there = self.messages.pop(asked["ts"], None) is not None
        return web.json_response({"ok": True}) if is_there else _error("message_not_found")

    async def _delete_file(self, request):
        asked = await _arguments(request)
        self.data.pop(asked["file"], None)
        is_there = self.files.pop(asked["file"], None) is not None
        return web.json_response({"ok": True}) if is_there else _error("file_not_found")

    async def _download(self, request):
        is_known = request.headers.get("Authorization") == f"Bearer {self.token}"
        if self.door == "redirect" or not is_known:
            raise web.HTTPFound("/signin")
        if self.door == "page":
            return await self._sign_in(request)
        form, data = request.match_info["form"], self.data[request.match_info["file"]]
        if form == "url_private_download":
            return web.Response(body=self.original(data))
        size = (THUMBS[form], THUMBS[form])
        return web.Response(body=await asyncio.to_thread(self.preview, data, "PNG", size))

    async def _sign_in(self, request):
        if request.path == "/signin" and "Authorization" in request.headers:
            self.violations.append("the token followed to a page")
        return web.Response(text="<html>Sign in</html>", content_type="text/html")


def _error(code):
    return web.json_response({"ok": False, "error": code})


def _base(request):
    return f"{request.scheme}://{request.host}"


async def _arguments(request):
    """Read a method's arguments, however they come."""
    if request.content_type == "application/json":
        return await request.json()
    return {**request.query, **await request.post()}
