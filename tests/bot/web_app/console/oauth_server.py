"""Play Discord's and Slack's sign-in on loopback, as their documents describe it.

Discord: https://discord.com/developers/docs/topics/oauth2 and `GET /users/@me/guilds/{id}/member`.
Slack: https://docs.slack.dev/authentication/sign-in-with-slack and `openid.connect.token`, which
says errors with status 200 and `ok: false`.
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

CLIENT_ID, CLIENT_SECRET = "app-1", "app-secret"


class OAuthServer:
    """One application on both platforms, one person who signs in, and what may go wrong."""

    def __init__(self) -> None:
        self.redirects: set[str] = set()
        """Addresses that are registered to lead back to."""
        self.published_key = RSAKey.generate_key(2048, {"kid": "k1"})
        self.reset()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,))

    def reset(self) -> None:
        """Let everything be as it should, for one person who agrees."""
        self.has_agreed = True
        self.is_token_endpoint_down = False
        self.are_codes_expired = False
        self.status_of_member = 200
        self.person = {"id": "80351110224678912", "username": "nelly", "global_name": "Nelly"}
        self.roles: list[str] = ["41771983423143936"]
        self.guild = "197038439483310086"
        self.slack_user, self.slack_team = "U0R7JM", "T0R7GR"
        self.claims: dict[str, object] = {}
        """Claims of the id token that are not as they should be."""
        self.signing_key = self.published_key
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self._codes: dict[str, dict[str, str]] = {}
        self._tokens: dict[str, str] = {}

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_exc) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def answer(self, method: str, path: str, fields: dict[str, str], headers) -> tuple:
        """Return status, headers and body."""
        self.requests.append((method, path, fields))
        match method, path:
            case "GET", "/oauth2/authorize" | "/openid/connect/authorize":
                return self._authorize(path, fields)
            case "POST", "/api/oauth2/token":
                return self._discord_token(fields, headers)
            case "POST", "/api/openid.connect.token":
                return self._slack_token(fields)
            case "GET", "/openid/connect/keys":
                keys = KeySet([self.published_key])
                return 200, {}, keys.as_dict(private=False)
            case "GET", _ if path.startswith("/api/v10/users/@me/guilds/"):
                return self._member(path, headers)
        return 404, {}, {"message": "404: Not Found"}

    def _authorize(self, path, fields):
        is_registered = fields.get("redirect_uri") in self.redirects
        if fields.get("client_id") != CLIENT_ID or not is_registered:
            return 400, {}, {"error": "invalid_request"}  # It must not lead anywhere.
        said = {"state": fields["state"]}
        if not self.has_agreed:
            said |= {"error": "access_denied", "error_description": "The user said no"}
        else:
            said["code"] = secrets.token_urlsafe(16)
            self._codes[said["code"]] = fields | {"path": path}
        return 302, {"Location": f"{fields['redirect_uri']}?{urlencode(said)}"}, {}

    def _discord_token(self, fields, headers):
        if self.is_token_endpoint_down:
            return 503, {}, {"message": "upstream"}
        basic = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if headers.get("Authorization") != f"Basic {basic}":
            return 401, {}, {"error": "invalid_client"}
        asked = self._code_of(fields)
        challenge = (
            base64.urlsafe_b64encode(
                hashlib.sha256(fields.get("code_verifier", "").encode()).digest()
            )
            .decode()
            .rstrip("=")
        )
        if asked is None or asked["code_challenge"] != challenge:
            return (
                400,
                {},
                {
                    "error": "invalid_grant",
                    "error_description": 'Invalid "code" in request.',
                },
            )
        token = secrets.token_urlsafe(16)
        self._tokens[token] = asked["scope"]
        return (
            200,
            {},
            {
                "access_token": token,
                "token_type": "Bearer",
                "expires_in": 604800,
                "refresh_token": "r",
                "scope": asked["scope"],
            },
        )

    def _member(self, path, headers):
        scope = self._tokens.get(headers.get("Authorization", "").removeprefix("Bearer "))
        if scope is None or "DiscordBot" not in headers.get("User-Agent", ""):
            return 401, {}, {"message": "401: Unauthorized", "code": 0}
        if self.status_of_member != 200:
            return self.status_of_member, {"Retry-After": "3"}, {"message": "not now"}
        if path.split("/")[6] != self.guild or "guilds.members.read" not in scope:
            return 404, {}, {"message": "Unknown Guild", "code": 10004}
        return 200, {}, {"user": self.person, "nick": None, "roles": self.roles, "pending": False}

    def _slack_token(self, fields):
        if self.is_token_endpoint_down:
            return 503, {}, {"ok": False, "error": "service_unavailable"}
        if (fields.get("client_id"), fields.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return 200, {}, {"ok": False, "error": "bad_client_secret"}
        asked = self._code_of(fields)
        if asked is None:
            return 200, {}, {"ok": False, "error": "invalid_code"}
        now = int(time.time())
        claims = {
            "iss": self.url,
            "sub": self.slack_user,
            "aud": CLIENT_ID,
            "exp": now + 300,
            "iat": now,
            "nonce": asked["nonce"],
            "name": "Nelly",
            "https://slack.com/user_id": self.slack_user,
            "https://slack.com/team_id": self.slack_team,
        } | self.claims
        claims = {name: value for name, value in claims.items() if value is not None}
        id_token = jwt.encode({"alg": "RS256", "kid": "k1"}, claims, self.signing_key)
        return (
            200,
            {},
            {
                "ok": True,
                "access_token": "xoxp-1",
                "token_type": "Bearer",
                "id_token": id_token,
            },
        )

    def _code_of(self, fields):
        """What was asked for with a code; each is good once, for its own address."""
        asked = self._codes.pop(fields.get("code", ""), None)
        if asked is None or self.are_codes_expired:
            return None
        is_same = fields.get("redirect_uri") == asked["redirect_uri"]
        return asked if is_same and fields.get("grant_type") == "authorization_code" else None


def _handler(server: OAuthServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(urlsplit(self.path).query)

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers["Content-Length"])).decode())

        def _answer(self, text: str) -> None:
            status, headers, body = server.answer(
                self.command, urlsplit(self.path).path, dict(parse_qsl(text)), self.headers
            )
            data = json.dumps(body).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_args) -> None:
            """Say nothing."""

    return Handler
