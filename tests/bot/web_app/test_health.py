"""Operators are told what is up, what is away, and how much is done."""

import pytest

from core.errors import Unavailable


def test_a_process_that_answers_is_up(browser, services):
    """Whatever else is away: a restart of it would help nobody."""
    services.events.is_away = True

    assert browser.get("/healthz").json() == {"status": "ok"}


def test_it_is_ready_when_everything_on_the_way_is(browser):
    """Database, Redis, screening and a worker."""
    answer = browser.get("/readyz")

    assert answer.status_code == 200
    assert set(answer.json()["checks"]) == {
        "database",
        "redis",
        "screening",
        "classifier",
        "worker",
    }


@pytest.mark.parametrize("kind", ["worker", "screening"])
def test_it_is_not_ready_without_workers(browser, services, kind):
    """A request would wait."""
    services.events.beats[kind] = []

    answer = browser.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["checks"][kind] == "none_alive"


@pytest.mark.parametrize(
    ("beats", "status", "state"),
    [
        pytest.param(["ok:host:1"], 200, "ok", id="one reads prompts"),
        pytest.param(["none:host:1"], 200, "ok", id="none is asked for"),
        pytest.param(["failed:host:1", "ok:host:2"], 503, "classifier_failed", id="one failed"),
    ],
)
def test_it_is_not_ready_with_a_classifier_that_failed(browser, services, beats, status, state):
    """Every prompt would be held."""
    services.events.beats["classifier"] = beats

    answer = browser.get("/readyz")

    assert (answer.status_code, answer.json()["checks"]["classifier"]) == (status, state)


def test_it_is_not_ready_without_redis(browser, services):
    """Nothing would be drawn."""
    services.events.is_away = True

    answer = browser.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["checks"]["redis"] == "broker_away"
    assert answer.json()["checks"]["database"] == "ok"


def test_it_is_not_ready_without_a_database(browser, services, monkeypatch):
    """Nothing could be accepted."""

    def away(_store):
        raise Unavailable("database_away")

    monkeypatch.setattr(type(services.store), "ping", away)

    answer = browser.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["checks"]["database"] == "database_away"


def test_metrics_are_in_the_format_of_prometheus(browser):
    """Without a session: it is a program that asks."""
    answer = browser.get("/metrics")

    assert answer.headers["Content-Type"].startswith("text/plain")
    assert "python_info" in answer.text
