"""Hold what the console's routes work with, made once by `create_app`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request

from bot.bootstrap import Services
from bot.floods import Flood
from bot.web_app.console.frame import Frame
from bot.web_app.session import Sessions
from core.contracts.ids import CommunityId
from core.settings import ConsoleSettings

if TYPE_CHECKING:
    from bot.web_app.console.begun import BegunCookies
    from bot.web_app.console.platforms import SignInPlatform
    from bot.web_app.console.queue_live import QueueNews


@dataclass(frozen=True, slots=True)
class Console:
    """The console's parts."""

    services: Services
    settings: ConsoleSettings
    community_id: CommunityId
    public_url: str
    frame: Frame
    members: Sessions
    """The chat's members: a one-time link makes a moderator of the one who follows it."""
    tries: Flood
    begun: "BegunCookies"
    platforms: "Mapping[str, SignInPlatform]"
    news: "QueueNews"
    """Tells open pages of the queue that something changed."""

    @property
    def is_secure(self) -> bool:
        """Tell whether people reach the console over TLS, so that its cookies may demand it."""
        return urlsplit(self.public_url).scheme == "https"


async def _console(request: Request) -> Console:
    console = request.app.state.console
    if not isinstance(console, Console):
        raise TypeError("create_app sets the state")
    return console


TheConsole = Annotated[Console, Depends(_console)]
"""A route's access to the console's parts."""
