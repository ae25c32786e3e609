"""Find the Easel that a command talks to: a deployment, this home's stack, or one of its own."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bot.cli.terminal import Terminal
from bot.embedded.home import Home
from bot.embedded.stack import Stack, StartReport, settings_from
from core.errors import UserError
from core.settings import CoreSettings
from core.telemetry import configure_logging

TURN_TIMEOUT_S = 300.0
"""How long a command waits for another one that uses the same home: some pictures' worth."""

_LOOK_S = 0.2


@contextmanager
def joined_stack(terminal: Terminal) -> Iterator[CoreSettings]:
    """Give the settings of a running Easel; one that is started for this is ended after it.

    A Redis named in the environment means a deployment; else a demo that serves from this home
    is joined; else parts are started for this command alone.

    Raises:
        UserError: `home_in_use`, when another command held the home all the time.
    """
    settings = CoreSettings()
    configure_logging(settings.model_copy(update={"log_level": "WARNING"}), "cli")
    if "redis_url" in settings.model_fields_set:
        yield settings
        return
    home = Home(settings.home)
    stack = Stack({}, settings.home, web=False)
    deadline = time.monotonic() + TURN_TIMEOUT_S
    while True:
        serving = home.running()
        if serving is not None and serving.web_url is not None:
            yield settings_from({**serving.env, "EASEL_SECRET_KEY": home.secret()})
            return
        try:
            stack.start(start_line(terminal))
            break
        except UserError as error:
            # A command like this one has its turn and ends soon; a stack of its own can not be
            # shared with one that ends it.
            if error.code != "home_in_use" or time.monotonic() > deadline:
                raise
            time.sleep(_LOOK_S)
    with stack:
        yield settings_from(stack.env)


def start_line(terminal: Terminal) -> Callable[[StartReport], None]:
    """Show each part as it becomes ready."""

    def show(report: StartReport) -> None:
        terminal.emit(
            "ready" if report.is_ready else "starting", part=report.part, seconds=report.seconds
        )
        if report.is_ready:
            terminal.say(f"  ✓ {report.title} ({report.seconds:.1f} s)", "green")

    return show
