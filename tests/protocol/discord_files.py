"""A part of Discord that takes a message with one file and hands the file out again.

As the notes on Discord say: the original under a signed address, previews from a media proxy that
encodes them anew, JSON only under exactly `application/json`, 429 with Retry-After. Every request
and every answer is held to Discord's own OpenAPI document where that is at hand.
"""

import asyncio
import json
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

from aiohttp import web

from tests.protocol.handing_out import as_it_is, encoded
from tests.protocol.specs import discord_validator, faults

EPOCH_MS = 1_420_070_400_000
MAX_BYTES = 10 << 20
BOT_ID = "80351110224678912"


@dataclass(frozen=True)
class Refusal:
    """An answer that stands in for the usual one, once."""

    status: int
    code: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: dict[str, object] = field(default_factory=dict)


@dataclass
class DiscordFiles:
    """One bot, one channel; what it does with files is a test's to say."""

    token: str = "discord-token"
    channel: str = "290926798626357999"
    original = staticmethod(as_it_is)
    preview = staticmethod(encoded)
    """Takes data, format, size and options; None: there are no previews."""
    refusals: dict[str, list[Refusal]] = field(default_factory=dict)
    """By call (`me`, `post`, `delete`, `cdn`, `proxy`), taken from the front."""
    cuts_uploads: bool = False
    """The connection ends in the middle of an upload."""
    words = staticmethod(lambda content: content)
    """What becomes of a message's text."""
    log: list[tuple[str, float]] = field(default_factory=list)
    """Every call, with its moment."""
    violations: list[str] = field(default_factory=list)
    messages: dict[str, dict] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)

    def app(self) -> web.Application:
        app = web.Application(client_max_size=MAX_BYTES * 2)
        app.router.add_get("/api/v10/users/@me", self._called("me", self._me))
        messages = "/api/v10/channels/{channel}/messages"
        app.router.add_post(messages, self._called("post", self._post))
        app.router.add_delete(messages + "/{message}", self._called("delete", self._delete))
        for kind, answer in (("cdn", self._cdn), ("proxy", self._proxy)):
            path = f"/{kind}/attachments/{{channel}}/{{file}}/{{name}}"
            app.router.add_get(path, self._called(kind, answer))
        return app

    def calls(self) -> list[str]:
        return [call for call, _ in self.log]

    def _called(self, call, answer):
        async def handler(request):
            self.log.append((call, time.monotonic()))
            is_api = call in {"me", "post", "delete"}
            if queue := self.refusals.get(call):
                await request.read()
                refusal = queue.pop(0)
                return self._error(refusal.status, refusal.code, refusal.headers, refusal.body)
            is_known = request.headers.get("Authorization") == f"Bot {self.token}"
            if is_api and not is_known:
                return self._error(401)
            if not is_api and "Authorization" in request.headers:
                self.violations.append(f"{call}: the token went to a file's address")
            return await answer(request)

        return handler

    def _error(self, status, code=0, headers=None, body=None):
        content = {"message": "no", "code": code, **(body or {})}
        return self._json("ErrorResponse", content, status, headers)

    def _json(self, schema, content, status=200, headers=None):
        self.violations += faults(discord_validator(schema), content)
        # aiohttp's own way adds a charset, after which discord.py takes it for text.
        headers = {**(headers or {}), "Content-Type": "application/json"}
        return web.Response(body=json.dumps(content).encode(), status=status, headers=headers)

    async def _me(self, _request):
        return self._json("UserPIIResponse", self._user() | {"mfa_enabled": False, "locale": "de"})

    def _user(self):
        return {
            "id": BOT_ID, "username": "easel", "avatar": None, "discriminator": "0", "bot": True,
            "public_flags": 0, "flags": 0, "global_name": None, "primary_guild": None,
        }  # fmt: skip

    async def _post(self, request):
        if self.cuts_uploads:
            await request.content.read(1000)
            request.transport.abort()
            return web.Response()
        if request.match_info["channel"] != self.channel:
            return self._error(404, 10003)
        payload, file_name, data = await self._parts(request)
        if len(data) > MAX_BYTES:
            return self._error(413, 40005)
        message = self._message(request, payload, file_name, data)
        self.messages[message["id"]] = message
        return self._json("MessageResponse", message)

    async def _parts(self, request):
        payload, file_name, data = {}, "", b""
        async for part in await request.multipart():
            if part.name == "payload_json":
                payload = json.loads(await part.text())
            elif part.name == "files[0]":
                file_name, data = part.filename, bytes(await part.read())
            else:
                self.violations.append(f"unknown part {part.name}")
        known = json.loads(json.dumps(payload))
        for attachment in known.get("attachments", []):
            attachment["id"] = str(attachment["id"])  # discord.py sends a number.
        self.violations += faults(discord_validator("MessageCreateRequest"), known)
        if payload.get("allowed_mentions", {}).get("parse") != []:
            self.violations.append("a message may mention somebody")
        return payload, file_name, data

    def _message(self, request, payload, file_name, data):
        # The time in an id is what discord.py reads to choose the bucket of a deletion.
        number = str((int(time.time() * 1000) - EPOCH_MS) << 22 | len(self.messages) + 1)
        self.files[number] = data
        base = f"{request.scheme}://{request.host}"
        path = f"attachments/{self.channel}/{number}/{file_name}?ex=66&is=65&hm=64&"
        (described,) = payload["attachments"]
        attachment = {
            "id": number, "filename": file_name, "size": len(data), "width": 1, "height": 1,
            "url": f"{base}/cdn/{path}", "proxy_url": f"{base}/proxy/{path}",
            "content_type": "image/png", "description": described["description"],
        }  # fmt: skip
        return {
            "type": 0, "content": self.words(payload["content"]), "mentions": [],
            "mention_roles": [], "attachments": [attachment], "embeds": [], "edited_timestamp": None,
            "timestamp": datetime.now(UTC).isoformat(), "flags": 0, "components": [], "id": number,
            "channel_id": self.channel, "author": self._user(), "pinned": False,
            "mention_everyone": False, "tts": False,
        }  # fmt: skip

    async def _delete(self, request):
        if self.messages.pop(request.match_info["message"], None) is None:
            return self._error(404, 10008)
        return web.Response(status=204)

    async def _cdn(self, request):
        if not self._is_signed(request):
            return web.Response(status=403)
        return web.Response(body=self.original(self.files[request.match_info["file"]]))

    async def _proxy(self, request):
        if not self._is_signed(request) or self.preview is None:
            return web.Response(status=403)
        query, options = request.query, {}
        size = (int(query.get("width", 16384)), int(query.get("height", 16384)))
        if query.get("quality") == "lossless":
            options = {"lossless": True, "method": 0}
        data = self.files[request.match_info["file"]]
        image_format = query.get("format", "png").upper()
        body = await asyncio.to_thread(self.preview, data, image_format, size, **options)
        return web.Response(body=body)

    def _is_signed(self, request):
        return {"ex", "is", "hm"} <= set(request.query)
