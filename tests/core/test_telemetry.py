"""Logs are one form from one place, and hold nobody's words; metrics are a closed list."""

import json
import logging
import re
import urllib.request
from pathlib import Path

import pytest
import structlog
from pydantic import SecretStr, ValidationError

from core import telemetry
from core.contracts.generation import GenerationSpec
from core.settings import CoreSettings
from core.telemetry import METRICS, configure_logging, serve_metrics
from tests.redis_server import free_port

ROOT = Path(__file__).resolve().parents[2]
PROMPT = "a very private wish"


@pytest.fixture(autouse=True)
def logging_as_before():
    """Each test sets up logging for its process; the next one starts clean."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    root.handlers[:], root.level = before


def logged(capsys) -> list[dict]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_line_names_its_process_level_and_time(capsys):
    """One JSON object a line, for machines."""
    configure_logging(CoreSettings(log_json=True), "worker")

    structlog.get_logger().info("job_published", job_id="job1", duration_s=0.5)

    [line] = logged(capsys)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", line.pop("timestamp"))
    assert line == {
        "event": "job_published",
        "level": "info",
        "process": "worker",
        "job_id": "job1",
        "duration_s": 0.5,
    }


def test_the_standard_librarys_logs_take_the_same_form(capsys):
    """Celery, uvicorn and SQLAlchemy log through `logging`."""
    configure_logging(CoreSettings(log_json=True), "web")

    logging.getLogger("celery.worker").warning("lost %s", "redis")

    [line] = logged(capsys)
    assert (line["event"], line["level"], line["process"]) == ("lost redis", "warning", "web")


def test_text_has_no_colour_codes(capsys):
    """The same in a terminal, a file and a journal."""
    configure_logging(CoreSettings(), "web")

    structlog.get_logger().warning("events_away", retry_in_s=0.1)

    text = capsys.readouterr().err
    assert "events_away" in text
    assert "process=web" in text
    assert "\x1b" not in text


def test_lines_below_the_level_are_dropped(capsys):
    """`EASEL_LOG_LEVEL` holds for ours and for others'."""
    configure_logging(CoreSettings(log_level="WARNING"), "web")

    structlog.get_logger().info("quiet")
    logging.getLogger("other").info("quiet")

    assert capsys.readouterr().err == ""


def test_what_is_bound_once_is_in_every_line(capsys):
    """A unit of work binds its job id once."""
    configure_logging(CoreSettings(log_json=True), "worker")

    with structlog.contextvars.bound_contextvars(job_id="job1"):
        structlog.get_logger().info("inside")
    structlog.get_logger().info("outside")

    assert [line.get("job_id") for line in logged(capsys)] == ["job1", None]


def test_setting_up_twice_does_not_double_the_lines(capsys):
    """A test or a command may do so."""
    configure_logging(CoreSettings(log_json=True), "web")
    configure_logging(CoreSettings(log_json=True), "web")

    structlog.get_logger().info("once")

    assert len(logged(capsys)) == 1


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param({"prompt": PROMPT}, id="by-key"),
        pytest.param({"spec_given": GenerationSpec(prompt=PROMPT)}, id="contract"),
        pytest.param({"key": SecretStr(PROMPT)}, id="secret"),
        pytest.param({"picture": PROMPT.encode()}, id="bytes"),
    ],
)
@pytest.mark.parametrize("is_json", [pytest.param(True, id="json"), pytest.param(False, id="text")])
def test_words_pictures_and_secrets_are_withheld(capsys, facts, is_json):
    """A mistake in a log call must not publish what somebody typed."""
    configure_logging(CoreSettings(log_json=is_json), "web")

    structlog.get_logger().info("mistake", **facts)

    text = capsys.readouterr().err
    assert PROMPT not in text
    assert "withheld" in text


@pytest.mark.parametrize("is_json", [pytest.param(True, id="json"), pytest.param(False, id="text")])
def test_a_traceback_shows_lines_but_no_values(capsys, is_json):
    """Rich tracebacks print local variables, and with them the prompt being parsed."""
    configure_logging(CoreSettings(log_json=is_json), "web")

    def parse(prompt: str) -> None:
        raise RuntimeError("broken")

    try:
        parse(PROMPT)
    except RuntimeError:
        structlog.get_logger().exception("task_failed")

    text = capsys.readouterr().err
    assert "RuntimeError: broken" in text
    assert "test_telemetry.py" in text
    assert PROMPT not in text


def test_a_refused_contract_does_not_quote_its_input():
    """pydantic's own message would carry the prompt into the traceback."""
    with pytest.raises(ValidationError) as refused:
        GenerationSpec(prompt=PROMPT, count=99, negative=PROMPT)

    assert PROMPT not in str(refused.value)


def test_metric_names_and_labels_follow_the_conventions():
    """`<package>_<noun>_<unit>`, each with its help; labels come from a known few."""
    names = [metric._name for metric in METRICS]

    assert len(set(names)) == len(names)
    for metric in METRICS:
        assert re.fullmatch(r"(bot|worker|moderation|core)(_[a-z]+)+", metric._name)
        assert metric._documentation.endswith(".")
        assert set(metric._labelnames) <= {"state", "reason", "task", "result"}


def test_every_metric_of_the_module_is_listed():
    """The list is what the documentation is held to."""
    declared = [value for value in vars(telemetry).values() if hasattr(value, "_documentation")]

    assert declared == list(METRICS)


def test_the_runbook_lists_every_metric():
    """Name, labels and help, in order: what an operator finds is what there is."""
    page = (ROOT / "docs" / "operations.md").read_text("utf-8")
    rows = re.findall(
        r"^\| `((?:bot|worker|moderation|core)_\w+)` \| (.*?) ?\| (.+) \|$", page, re.MULTILINE
    )

    assert rows == [
        (
            metric._name + ("_total" if metric._type == "counter" else ""),
            ", ".join(f"`{label}`" for label in metric._labelnames),
            metric._documentation,
        )
        for metric in METRICS
    ]


def test_metrics_are_served_to_prometheus_until_closed():
    """A worker process has no web server of its own."""
    port = free_port()
    telemetry.JOBS.labels(state="queued").set(3)
    server = serve_metrics(port)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as response:
        body = response.read().decode()
    server.close()

    assert 'core_jobs_count{state="queued"} 3.0' in body
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics")


def test_port_zero_serves_nothing():
    """The default: no port is opened that nobody asked for."""
    assert serve_metrics(0) is None
