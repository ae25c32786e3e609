"""Tell a container's health check whether this host's process of a kind is alive.

    python -m core.health worker

A Celery worker has no port to ask; it beats through Redis instead. The check therefore fails too
while Redis is away, which is right: such a worker takes no task.
"""

import socket
import sys
from contextlib import closing

from core.errors import Unavailable
from core.events import Events
from core.settings import CoreSettings


def is_alive(events: Events, kind: str, host: str) -> bool:
    """Tell whether a process of this kind beats on this host; processes beat as `host:pid`.

    Raises:
        Unavailable: `broker_away`.
    """
    return any(name.partition(":")[0] == host for name in events.alive(kind))


def main() -> None:
    """Exit with 0 when alive, and otherwise with the reason on stderr and 1."""
    if len(sys.argv) != 2:  # noqa: PLR2004 - the program and the kind.
        sys.exit("usage: python -m core.health KIND")
    kind = sys.argv[1]
    try:
        with closing(Events(CoreSettings().redis_url)) as events:
            if is_alive(events, kind, socket.gethostname()):
                return
    except Unavailable as error:
        sys.exit(error.code)
    sys.exit(f"no {kind} beats on this host")


if __name__ == "__main__":
    main()
