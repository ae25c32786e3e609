"""Set up a process's log and its metrics; prompts, pictures and secrets reach neither.

Metric names are `<package>_<noun>_<unit>` and labels come from closed sets. `METRICS` lists them
all, and docs/operations.md is held to it by a test.
"""

import logging
import sys
import threading
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any
from wsgiref.simple_server import WSGIServer

import prometheus_client
import structlog
from prometheus_client import Counter, Gauge
from prometheus_client.metrics import MetricWrapperBase
from pydantic import BaseModel, SecretStr

from core.settings import CoreSettings

JOBS = Gauge("core_jobs_count", "Jobs in each state, as of the last sweep.", ["state"])
SENT_TASKS = Counter("core_sent_tasks", "Tasks handed to the broker, by kind.", ["task"])
LATE_TASKS = Counter("core_late_tasks", "Tasks that only a sweep handed to the broker.")
RECOVERED_JOBS = Counter(
    "core_recovered_jobs", "Jobs that a sweep brought back or gave up, by reason.", ["reason"]
)
TIME_STAMPS = Counter(
    "core_time_stamps", "Time stamps for labelled files, by what came of asking.", ["result"]
)
SIGNING_END = Gauge(
    "core_signing_certificate_end_seconds",
    "When the certificate that this process signs with ends, in seconds since 1970.",
)

POLICIES_UNREADABLE = Gauge(
    "moderation_unreadable_policies_count",
    "Channels whose policy cannot be read: their requests are held.",
)

SHADOW_PROMPTS = Counter(
    "moderation_shadow_prompts",
    "Prompts for a classifier in shadow, by what came of it.",
    ["result"],
)

LABEL_CHECKS = Counter(
    "bot_label_checks",
    "Checks of what platforms leave of labels, by what came of them.",
    ["result"],
)

METRICS: tuple[MetricWrapperBase, ...] = (
    JOBS,
    SENT_TASKS,
    LATE_TASKS,
    RECOVERED_JOBS,
    TIME_STAMPS,
    SIGNING_END,
    POLICIES_UNREADABLE,
    SHADOW_PROMPTS,
    LABEL_CHECKS,
)
"""Every metric of ours, in the order in which docs/operations.md lists them."""

WITHHELD_KEYS = frozenset(
    {
        "prompt",
        "negative",
        "text",
        "body",
        "spec",
        "span",
        "token",
        "secret",
        "secret_key",
        "password",
    }
)
"""Keys whose values never reach a log, whoever passes them."""

Event = MutableMapping[str, Any]  # Any: structlog knows no more of an event.


def withhold(_logger: object, _method: str, event: Event) -> Event:
    """Put a placeholder where a value may hold somebody's words, pictures or secrets.

    A safety net, not a licence: log ids and hashes. Contracts are withheld whole, because a job
    prints its prompt.
    """
    for key, value in event.items():
        if key in WITHHELD_KEYS or isinstance(value, BaseModel | SecretStr | bytes):
            event[key] = f"<{type(value).__name__} withheld>"
    return event


def configure_logging(settings: CoreSettings, process: str) -> None:
    """Send structlog's and the standard library's logs to stderr in one form.

    Args:
        settings: Level and form.
        process: The name of this process in every line: `web`, `screening`, `worker`, …
    """

    def name_process(_logger: object, _method: str, event: Event) -> Event:
        event["process"] = process
        return event

    chain: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        name_process,
        withhold,
    ]
    structlog.configure(
        processors=[*chain, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(settings.log_level),
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=chain, processors=_rendering(is_json=settings.log_json)
        )
    )
    logging.basicConfig(handlers=[handler], level=settings.log_level, force=True)


def _rendering(*, is_json: bool) -> list[structlog.typing.Processor]:
    # Tracebacks are plain on purpose: the richer ones print local variables, prompts among them.
    remove_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    if is_json:
        return [
            remove_meta,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ]
    return [
        remove_meta,
        structlog.dev.ConsoleRenderer(
            colors=False, exception_formatter=structlog.dev.plain_traceback
        ),
    ]


@dataclass(frozen=True, slots=True)
class MetricsServer:
    """A small HTTP server in a thread; it ends with its process, or earlier."""

    _server: WSGIServer
    _thread: threading.Thread

    def close(self) -> None:
        """Stop serving and free the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def serve_metrics(port: int, host: str = "127.0.0.1") -> MetricsServer | None:
    """Serve this process's metrics to Prometheus; port 0 means not to."""
    if port == 0:
        return None
    server, thread = prometheus_client.start_http_server(port, addr=host)
    return MetricsServer(server, thread)
