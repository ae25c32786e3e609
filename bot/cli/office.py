"""Open the record on this machine as its user, who counts as an admin and is written down."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bot.bootstrap import Services
    from bot.cli.terminal import Terminal
    from core.contracts.actors import Actor

Community = Annotated[str, typer.Option("--community", help="Whose; without it the local chat's.")]
AsJSON = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]


@contextmanager
def opened(terminal: "Terminal", community: str = "") -> "Iterator[tuple[Services, Actor]]":
    """Build what use cases are handed, and say who asks."""
    from bot.bootstrap import build_services
    from bot.cli.policy import _operator
    from core.settings import CoreSettings, WebSettings

    with terminal.guarded(), build_services(CoreSettings()) as services:
        services.settings.home.mkdir(parents=True, exist_ok=True)
        services.store.migrate()
        yield services, _operator(community or WebSettings().community)
