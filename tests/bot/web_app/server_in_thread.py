"""Run the web app under its real server, in a thread of the test."""

import socket
import threading
import time
from typing import Self

import uvicorn
from fastapi import FastAPI

from bot.web_app.app import ChatServer

DEADLINE_S = 20.0


class ServerInThread:
    """A served app: real sockets, real streams, an end that waits for the thread."""

    def __init__(self, app: FastAPI, port: int = 0) -> None:
        self._app = app
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=3)
        self._server = ChatServer(config, app.state.web.hub, app.state.moderators.hub)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._listener]}, name="web-app"
        )

    def __enter__(self) -> Self:
        self._thread.start()
        deadline = time.monotonic() + DEADLINE_S
        while not self._server.started:
            if time.monotonic() > deadline or not self._thread.is_alive():
                raise AssertionError("the web app did not start")
            time.sleep(0.01)
        return self

    def stop(self) -> float:
        """End it as a signal would; return how long that took, in seconds."""
        begun = time.monotonic()
        self._server.should_exit = True
        self._thread.join(DEADLINE_S)
        assert not self._thread.is_alive()
        return time.monotonic() - begun

    def __exit__(self, *_exc: object) -> None:
        if self._thread.is_alive():
            self.stop()
        self._listener.close()
