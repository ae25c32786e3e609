"""Run one process of Easel in the foreground, as a deployment does."""

import os
import sys
from typing import Annotated

import typer

from bot.cli.terminal import Terminal


def web(
    *,
    moderator_link: Annotated[
        bool,
        typer.Option("--moderator-link", help="Print one-time links for a moderator instead."),
    ] = False,
    admin_link: Annotated[
        bool, typer.Option("--admin-link", help="Print one-time links for an admin instead.")
    ] = False,
) -> None:
    """Serve the local web chat and deliver its answers."""
    from core.settings import CoreSettings, WebSettings

    terminal = Terminal()
    with terminal.guarded():
        core, settings = CoreSettings(), WebSettings()
        if moderator_link or admin_link:
            from bot.web_app.session import entry_link
            from core.contracts.actors import Role

            secret = core.secret_key.get_secret_value()
            role = Role.ADMIN if admin_link else Role.MODERATOR
            # One into the chat and one into the console: each opens once.
            for door in (settings.url, f"{settings.url}/console"):
                terminal.result(entry_link(door, secret, settings.community, role))
        else:
            from bot.web_app.app import serve

            serve(core, settings)


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
