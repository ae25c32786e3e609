"""Be the engine: a process of its own that holds the model and draws, one request at a time.

Run as `python -m worker.engine.process FD` by `worker.engine.supervisor`, with one end of a pipe
as file descriptor FD. It ends when told to and when the pipe closes, so it never outlives its
worker, however that one ended.
"""

import contextlib
import math
import os
import queue
import signal
import sys
import threading
import time
import traceback
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

import structlog
from pydantic import ValidationError

from core.errors import AppError
from core.settings import CoreSettings
from core.telemetry import configure_logging
from worker.engine.messages import (
    Cancel,
    DrawFailed,
    DrawFinished,
    DrawProgress,
    DrawRequest,
    FromEngine,
    LoadFailed,
    Loading,
    ModelSource,
    PictureDrawn,
    Ready,
    Shutdown,
    Start,
    receive,
    send,
)

if TYPE_CHECKING:
    from worker.engine.pipelines import LoadedModel
    from worker.engine.steps import OnStep, StepReport

log = structlog.get_logger()


class Mailbox:
    """Read the pipe in a thread: requests wait in order, cancels are known at once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._arrived: queue.SimpleQueue[DrawRequest | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._open: set[str] = set()
        self._cancelled: set[str] = set()

    def watch(self) -> None:
        """Begin reading."""
        threading.Thread(target=self._read, name="mailbox", daemon=True).start()

    def next(self) -> DrawRequest | None:
        """Wait for the next request; None means shut down."""
        return self._arrived.get()

    def is_cancelled(self, request_id: str) -> bool:
        """Tell whether nobody waits for this request any more."""
        return request_id in self._cancelled

    def close(self, request_id: str) -> None:
        """Forget a request that has been answered."""
        with self._lock:
            self._open.discard(request_id)
            self._cancelled.discard(request_id)

    def _read(self) -> None:
        with contextlib.suppress(EOFError, OSError, ValidationError):
            while True:
                self._take(receive(self._connection))
        # Nobody listens any more. The main thread may be anywhere, even in a C call that never
        # returns, and holds nothing worth saving.
        os._exit(0)

    def _take(self, message: object) -> None:
        match message:
            case DrawRequest():
                with self._lock:
                    self._open.add(message.request_id)
                self._arrived.put(message)
            case Cancel():
                with self._lock:
                    self._cancelled |= self._open & {message.request_id}
            case Shutdown():
                self._arrived.put(None)


class Engine:
    """Serve requests in the order of their arrival."""

    def __init__(self, connection: Connection, start: Start) -> None:
        self._connection = connection
        self._mailbox = Mailbox(connection)
        self._start = start
        self._model: LoadedModel | None = None
        self._previewed_at = -math.inf

    def run(self) -> None:
        """Load the first model, then draw until told to end."""
        self._mailbox.watch()
        with contextlib.suppress(AppError):
            self._load(self._start.model)
        while (request := self._mailbox.next()) is not None:
            self._serve(request)

    def _send(self, message: FromEngine) -> None:
        send(self._connection, message)

    def _load(self, wanted: ModelSource) -> "LoadedModel":
        """Have a model in memory: one at a time, the last one asked for."""
        if self._model is not None and self._model.source == wanted:
            return self._model
        self._send(Loading(source=wanted.source))
        from worker.engine import pipelines  # Imports torch, which takes seconds.

        pipelines.prepare(self._start)
        self._model = None
        pipelines.release_memory()
        try:
            model = pipelines.load(wanted, self._start)
        except AppError as error:
            log.exception("model_not_loaded", source=wanted.source, code=error.code)
            self._send(LoadFailed(source=wanted.source, code=error.code))
            raise
        self._model = model
        log.info("model_loaded", source=wanted.source, load_s=round(model.load_s, 2))
        self._send(
            Ready(
                source=wanted.source,
                model_sha256=model.sha256,
                pipeline=type(model.pipeline).__name__,
                scheduler=model.scheduler,
                device=model.device,
                dtype=model.dtype,
                load_s=model.load_s,
            )
        )
        return model

    def _serve(self, request: DrawRequest) -> None:
        """Answer one request, whatever happens."""
        code = ""
        try:
            self._draw(request)
        except AppError as error:
            code = error.code
            if error.__cause__ is not None:
                # Frames alone: a library's message may quote the prompt.
                frames = traceback.format_tb(error.__cause__.__traceback__)
                cause = type(error.__cause__).__name__
                log.error("draw_failed", code=code, cause=cause, frames=frames)  # noqa: TRY400 - see above.
            self._send(DrawFailed(request_id=request.request_id, code=code, facts=error.facts))
        finally:
            self._mailbox.close(request.request_id)
        if code == "out_of_memory":
            # Only now: the error's frames held the tensors that did not fit.
            from worker.engine.pipelines import release_memory

            release_memory()

    def _draw(self, request: DrawRequest) -> None:
        from worker.engine.pipelines import translated

        self._refuse_cancelled(request)
        model = self._load(request.model)
        self._previewed_at = -math.inf  # The first step of a request shows at once.
        with translated("draw_failed"):
            for index in range(len(request.pictures)):
                self._draw_picture(model, request, index, self._report(model, request, index))
        self._send(
            DrawFinished(
                request_id=request.request_id,
                model_sha256=model.sha256,
                scheduler=model.scheduler,
                steps=request.steps,
                guidance_scale=model.guidance_in_force(request.guidance_scale),
            )
        )

    def _draw_picture(
        self, model: "LoadedModel", request: DrawRequest, index: int, on_step: "OnStep"
    ) -> None:
        began = time.monotonic()
        order = request.pictures[index]
        pixels = model.draw(request, order, on_step)
        height, width, _ = pixels.shape
        self._send(
            PictureDrawn(
                request_id=request.request_id,
                picture=index,
                width=width,
                height=height,
                rgb=pixels.tobytes(),
                seed=order.seed,
                duration_s=time.monotonic() - began,
            )
        )

    def _report(self, model: "LoadedModel", request: DrawRequest, index: int) -> "OnStep":
        """Make the function that reports one picture's steps, with a preview now and then."""

        def on_step(report: "StepReport") -> None:
            self._refuse_cancelled(request)
            silence_s = time.monotonic() - self._previewed_at
            is_due = request.has_previews and silence_s >= self._start.preview_interval_s
            if is_due:
                self._previewed_at = time.monotonic()
            self._send(
                DrawProgress(
                    request_id=request.request_id,
                    picture=index,
                    step=report.step,
                    total_steps=report.total_steps,
                    preview_jpeg=model.previewer.jpeg(report.latents) if is_due else None,
                )
            )

        return on_step

    def _refuse_cancelled(self, request: DrawRequest) -> None:
        if self._mailbox.is_cancelled(request.request_id):
            raise AppError("cancelled")


def main() -> None:
    """Run the engine on the pipe whose file descriptor is the only argument."""
    # Ctrl-C and service managers signal the whole group; the worker decides when the engine ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    connection = Connection(int(sys.argv[1]))
    start = receive(connection)
    assert isinstance(start, Start)
    configure_logging(CoreSettings(), "engine")
    with contextlib.suppress(OSError):  # The worker is gone: so is the reason to go on.
        Engine(connection, start).run()


if __name__ == "__main__":
    main()
