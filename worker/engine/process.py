"""Be the engine: a process of its own that holds the models and draws.

Run as `python -m worker.engine.process FD` by `worker.engine.supervisor`, with one end of a pipe
as file descriptor FD. It ends when told to and when the pipe closes, so it never outlives its
worker, however that one ended.
"""

import contextlib
import os
import signal
import sys
from multiprocessing.connection import Connection

from core.settings import CoreSettings
from core.telemetry import configure_logging
from worker.engine.mailbox import Mailbox
from worker.engine.messages import FromEngine, Start, receive, send


def main() -> None:
    """Run the engine on the pipe whose file descriptor is the only argument."""
    # Ctrl-C and service managers signal the whole group; the worker decides when the engine ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    connection = Connection(int(sys.argv[1]))
    start = receive(connection)
    assert isinstance(start, Start)
    configure_logging(CoreSettings(), "engine")
    mailbox = Mailbox(connection)
    mailbox.watch()

    def say(message: FromEngine) -> None:
        send(connection, message)

    from worker.engine import pipelines  # Imports torch, which takes seconds: the pipe is watched.

    pipelines.prepare(start)
    from worker.engine.loop import Loop  # After it: importing model classes makes words, too.

    with contextlib.suppress(OSError):  # The worker is gone: so is the reason to go on.
        Loop(mailbox, start, say).run()
    connection.close()
    os._exit(0)  # Taking torch down in order takes up to a second, for nothing.


if __name__ == "__main__":
    main()
