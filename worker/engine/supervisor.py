"""Keep one engine child alive, hand it requests, and bring its answers back.

One thread hears everything that the child says. It notices when the child dies or hangs, fails
what was under way with `EngineDied`, and starts the next child. Nothing here imports torch.
"""

import queue
import threading
import time
from collections.abc import Callable

import structlog
from pydantic import ValidationError

from core.errors import AppError, Unavailable
from worker.engine.child import Child
from worker.engine.messages import (
    Cancel,
    DrawFailed,
    DrawFinished,
    DrawProgress,
    DrawRequest,
    DrawResult,
    Message,
    PictureDrawn,
    Ready,
    Snapshotted,
    Start,
)
from worker.engine.quarantine import Quarantine

log = structlog.get_logger()

_WATCH_S = 1.0
"""How often a silent child is looked at; it is heard at once when it speaks or dies."""

_FIRST_STEP_S = 120.0
"""The longest silence of a child that has not told yet how long its steps take."""

_STEPS_OF_SILENCE = 10
"""The longest silence afterwards, in steps: as long as the longest so far."""

_PAUSE_MAX_S = 30.0
"""The longest pause between children that die before they have loaded anything."""

OnProgress = Callable[[DrawProgress], None]


class EngineDied(Unavailable):
    """Say that the engine ended with this request under way; it may be tried again.

    Codes: `engine_died`, `engine_hung` (and was killed), `engine_stopped` (on purpose),
    `engine_not_started`.
    """


class EngineDrained(Unavailable):
    """Say that the engine was ended in order; the request can be gone on with elsewhere.

    Its code is `engine_stopped`. `snapshot` is what was drawn, for `DrawRequest.resume`; empty
    where nothing was.
    """

    def __init__(self, snapshot: bytes = b"") -> None:
        super().__init__("engine_stopped")
        self.snapshot = snapshot


_Inbox = queue.SimpleQueue[Message | EngineDied | EngineDrained]


class Supervisor:
    """Own the engine child. Threads may call `draw` at the same time."""

    def __init__(self, start: Start, *, hang_timeout_s: float, load_timeout_s: float) -> None:
        """Prepare; `start` starts.

        Args:
            start: What each child is told first.
            hang_timeout_s: A child with a request and no message for this long, and for ten of
                its longest steps, is killed.
            load_timeout_s: The same for a child that is loading a model.
        """
        self._orders = start
        self._hang_timeout_s = hang_timeout_s
        self._load_timeout_s = load_timeout_s
        self._changed = threading.Condition()
        self._inboxes: dict[str, _Inbox] = {}
        self._child: Child | None = None
        self._is_stopping = False
        self._is_draining = False
        self._quarantine = Quarantine()
        self._watcher = threading.Thread(target=self._watch, name="engine-watch", daemon=True)

    @property
    def ready(self) -> Ready | None:
        """What the child has loaded; None while it loads, could not load or is down."""
        child = self._child
        return None if child is None else child.ready

    @property
    def load_failure(self) -> str | None:
        """The error code of the child's last load, if that failed."""
        child = self._child
        return None if child is None else child.load_failure

    @property
    def pid(self) -> int | None:
        """The child's process id; None while there is none."""
        child = self._child
        return None if child is None else child.pid

    def start(self) -> None:
        """Start the first child; returns at once."""
        self._watcher.start()

    def wait_loaded(self, timeout_s: float) -> Ready | None:
        """Wait until a model is loaded; None: it cannot be (`load_failure`), or not yet."""
        with self._changed:
            self._changed.wait_for(
                lambda: self.ready or self.load_failure or self._is_stopping, timeout_s
            )
            return self.ready

    def stop(self, grace_s: float = 1.0) -> None:
        """End the child, which may finish its requests for `grace_s`; the others get EngineDied."""
        with self._changed:
            self._is_stopping = True
            child = self._child
            self._changed.notify_all()
        if child is not None:
            child.end(grace_s)
        if self._watcher.is_alive():
            self._watcher.join(2 * _WATCH_S)

    def drain(self, grace_s: float) -> None:
        """End the child after the step under way; who waits gets EngineDrained.

        Args:
            grace_s: How long it may take to hand everything back.
        """
        with self._changed:
            self._is_stopping = self._is_draining = True
            child = self._child
            self._changed.notify_all()
        if child is not None:
            # One that loads has nothing to hand back, and would not look before it has loaded.
            child.drain(0 if child.is_loading else grace_s)
        if self._watcher.is_alive():
            self._watcher.join(2 * _WATCH_S)

    def cancel(self, request_id: str) -> None:
        """Stop a request at its next step; nothing happens if it is over."""
        self._quarantine.call_back(request_id)
        child = self._child
        if child is not None:
            _tell(child, Cancel(request_id=request_id))

    def draw(self, request: DrawRequest, on_progress: OnProgress) -> DrawResult:
        """Have a request drawn, and wait for it.

        Args:
            request: What to draw; no other request of its id may be under way.
            on_progress: Called in this thread. Steps that are stale by then are left out.

        Raises:
            EngineDied: the child ended; the request may be tried again.
            EngineDrained: the same, in order; it may be gone on with.
            AppError: the request was refused, failed or cancelled; the code says which.
        """
        with self._quarantine.entered(request.request_id, is_solo=request.is_solo):
            return self._draw(request, on_progress)

    def _draw(self, request: DrawRequest, on_progress: OnProgress) -> DrawResult:
        inbox: _Inbox = queue.SimpleQueue()
        child = self._register(request.request_id, inbox)
        try:
            if not _tell(child, request):
                inbox.put(EngineDied("engine_died"))
            return self._collect(inbox, on_progress)
        except BaseException:
            self.cancel(request.request_id)  # Ignored where it is over already.
            raise
        finally:
            with self._changed:
                self._inboxes.pop(request.request_id, None)

    def _register(self, request_id: str, inbox: _Inbox) -> Child:
        """Note who waits for a request, and find the child that will draw it."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._child is not None or self._is_stopping, _PAUSE_MAX_S
            )
            if self._is_draining:
                raise EngineDrained
            if self._child is None or self._is_stopping:
                raise EngineDied("engine_stopped" if self._is_stopping else "engine_not_started")
            if not self._inboxes:
                self._child.heard_at = time.monotonic()  # An idle child owes nobody a word.
            self._inboxes[request_id] = inbox
            return self._child

    def _collect(self, inbox: _Inbox, on_progress: OnProgress) -> DrawResult:
        pictures: list[PictureDrawn] = []
        while True:
            match self._next(inbox):
                case DrawProgress() as progress:
                    if progress.preview_jpeg is not None or inbox.empty():
                        on_progress(progress)
                case PictureDrawn() as picture:
                    pictures.append(picture)
                case DrawFinished() as facts:
                    return DrawResult(tuple(pictures), facts)
                case DrawFailed() as failure:
                    raise AppError(failure.code, **failure.facts)
                case Snapshotted() as kept:
                    raise EngineDrained(kept.snapshot)
                case EngineDied() | EngineDrained() as error:
                    raise error

    def _next(self, inbox: _Inbox) -> Message | EngineDied | EngineDrained:
        """Wait for a message as long as there is a thread that may bring one."""
        while True:
            try:
                return inbox.get(timeout=_WATCH_S)
            except queue.Empty:
                if not self._watcher.is_alive():
                    return EngineDrained() if self._is_draining else EngineDied("engine_stopped")

    def _watch(self) -> None:
        """Have a child at all times, until told to stop."""
        vain_starts = 0
        while not self._is_stopping:
            child = self._spawn()
            code = "engine_died" if child is None else self._listen(child)
            was_useful = child is not None and (child.ready or child.load_failure)
            self._bury(child, code)
            # At once after an accident; ever slower where each child dies before it has loaded.
            vain_starts = 0 if was_useful else vain_starts + 1
            pause_s = min(2.0 ** (vain_starts - 2), _PAUSE_MAX_S) if vain_starts > 1 else 0
            with self._changed:
                self._changed.wait_for(lambda: self._is_stopping, pause_s)

    def _spawn(self) -> Child | None:
        try:
            child = Child.spawn(self._orders)
        except OSError:
            log.exception("engine_not_started")
            return None
        with self._changed:
            self._child = child
            self._changed.notify_all()
        log.info("engine_started", pid=child.pid)
        return child

    def _listen(self, child: Child) -> str:
        """Pass on what a child says until it ends; say how it ended."""
        try:
            while True:
                message = child.hear(_WATCH_S)
                if message is not None:
                    self._pass_on(message)
                elif self._is_hung(child):
                    log.error("engine_hung", pid=child.pid, silence_s=round(child.silence_s(), 1))
                    return "engine_hung"
        except (EOFError, OSError):
            return "engine_stopped" if self._is_stopping else "engine_died"
        except ValidationError:
            log.exception("engine_talks_nonsense", pid=child.pid)
            return "engine_died"

    def _pass_on(self, message: Message) -> None:
        with self._changed:
            inbox = self._inboxes.get(getattr(message, "request_id", ""))
            self._changed.notify_all()
        if inbox is not None:
            inbox.put(message)

    def _is_hung(self, child: Child) -> bool:
        if child.is_loading:
            return child.silence_s() > self._load_timeout_s
        patience_s = (
            max(_FIRST_STEP_S, self._hang_timeout_s)
            if child.pace_s is None
            else max(_STEPS_OF_SILENCE * child.pace_s, self._hang_timeout_s)
        )
        return bool(self._inboxes) and child.silence_s() > patience_s

    def _bury(self, child: Child | None, code: str) -> None:
        """Make sure that a child is dead, and tell those who waited for it."""
        if child is not None:
            child.end(0)
            child.close()
            level = log.info if code == "engine_stopped" else log.error
            level("engine_ended", pid=child.pid, exit_code=child.exit_code, code=code)
        with self._changed:
            self._child = None
            for inbox in self._inboxes.values():
                inbox.put(EngineDrained() if self._is_draining else EngineDied(code))
            self._inboxes.clear()


def _tell(child: Child, message: DrawRequest | Cancel) -> bool:
    """Say something to a child; False where it is gone."""
    try:
        child.send(message)
    except OSError:
        return False
    return True
