"""Run one process of Easel in the foreground, as a deployment does."""

import os
import sys

from bot.cli.terminal import Terminal


def web() -> None:
    """Serve the local web chat and deliver its answers."""
    from bot.web_app.app import serve
    from core.settings import CoreSettings, WebSettings

    with Terminal().guarded():
        serve(CoreSettings(), WebSettings())


def screening() -> None:
    """Screen prompts and look after lost work: a Celery worker on the queue `screening`."""
    from moderation.tasks import main

    with Terminal().guarded():
        main()


def worker() -> None:
    """Draw: a Celery worker with one engine, on the queues of its models."""
    # Started as a program of its own: a front-end's package never imports the worker's. The
    # process stays the same, so whoever watches it keeps its pid.
    os.execv(sys.executable, [sys.executable, "-P", "-m", "worker.app"])  # noqa: S606 - no shell is wanted.


def migrate() -> None:
    """Bring the database's tables to this version; safe to repeat."""
    from core.settings import CoreSettings
    from core.storage import Store

    terminal = Terminal()
    with terminal.guarded():
        settings = CoreSettings()
        settings.home.mkdir(parents=True, exist_ok=True)
        store = Store(settings.resolved_database_url)
        store.migrate()
        store.close()
        terminal.say("The database is up to date.")
