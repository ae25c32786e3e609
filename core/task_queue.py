"""Send tasks by name, and hold a running task's message so that no other worker takes it.

Celery stays behind this module, `moderation/tasks.py` and `worker/app.py`. Two names inside
kombu are used (the priority lists and the index of unacknowledged messages); they are read from
kombu's own class and a test pins what they mean.
"""

import json
import logging
import time
from collections.abc import Callable
from typing import Any

from celery import Celery
from celery.signals import setup_logging
from kombu.exceptions import ChannelError, OperationalError
from kombu.transport.redis import Channel
from redis.client import Pipeline

from core.contracts.ids import JobId
from core.errors import Unavailable
from core.redis_client import AWAY, TIMEOUT_S, connect
from core.settings import CoreSettings
from core.workflow import TaskName

PRIORITY_NORMAL = 3
"""Redis priorities: 0 is taken first; kombu keeps one list each for 0, 3, 6 and 9."""

RESTORE_INTERVAL_S = 5
"""How often a worker looks for messages whose holder went silent; kombu's own way is 100 s."""

WORKER_SOCKET_TIMEOUT_S = 10.0
"""An acknowledgement on a connection that died silently would otherwise wait for ever."""


def make_celery(name: str, settings: CoreSettings) -> Celery:
    """Make a Celery app of the road's one shape, for sending as for working.

    A task is acknowledged after it ran, so a killed worker's task goes to another one, at the
    latest the visibility timeout and one look later; `BrokerLease` keeps a running one from it.
    """
    setup_logging.connect(_leave_logging, weak=False)
    app = Celery(name, broker=settings.redis_url, set_as_current=False)
    app.conf.update(
        task_acks_late=True,
        task_acks_on_failure_or_timeout=True,
        task_ignore_result=True,
        task_default_priority=PRIORITY_NORMAL,
        worker_prefetch_multiplier=1,
        worker_enable_remote_control=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options=_transport_options(settings.visibility_timeout_s),
    )
    return app


def _leave_logging(**_: Any) -> None:  # Any: whatever Celery's signals carry.
    """Keep Celery from setting the root logger to warnings, which would silence our own events."""
    for library in ("celery", "kombu"):
        logging.getLogger(library).setLevel(logging.WARNING)


def _transport_options(visibility_timeout_s: int) -> dict[str, Any]:  # Any: Celery's options.
    return {
        "visibility_timeout": visibility_timeout_s,
        "unacked_restore_interval": min(RESTORE_INTERVAL_S, visibility_timeout_s),
        "unacked_restore_throttle": 1,  # Look each time, not each tenth.
        "socket_timeout": WORKER_SOCKET_TIMEOUT_S,
        "socket_connect_timeout": TIMEOUT_S,
        "socket_keepalive": True,
    }


class TaskQueue:
    """The sending side of the broker, and what can be asked of it. Thread-safe."""

    def __init__(self, settings: CoreSettings) -> None:
        self._app = make_celery("easel", settings)
        # Without these kombu tries a dead broker for ever, inside somebody's request.
        self._app.conf.broker_transport_options |= {
            "socket_timeout": TIMEOUT_S,
            "max_retries": 0,
            "interval_start": 0,
            "connect_retries_timeout": TIMEOUT_S,
        }
        self._redis = connect(settings.redis_url)

    def close(self) -> None:
        """Give the connections back."""
        self._app.close()
        self._redis.close()

    def send(
        self, task: TaskName, job_id: JobId, queue: str, *, priority: int = PRIORITY_NORMAL
    ) -> None:
        """Put one task on a queue.

        Raises:
            Unavailable: `broker_away`, within about two seconds.
        """
        try:
            self._app.send_task(
                task.value,
                kwargs={"job_id": job_id},
                queue=queue,
                priority=priority,
                headers={"job_id": job_id},
                retry=False,
            )
        except (OperationalError, ChannelError, *AWAY) as error:
            raise Unavailable("broker_away") from error

    def depth(self, queue: str) -> int:
        """Count the tasks that wait on a queue and that no worker has taken.

        Raises:
            Unavailable: `broker_away`.
        """
        return sum(self._ask(lambda pipe: [pipe.llen(key) for key in _lists(queue)]))

    def unacked(self) -> int:
        """Count the tasks, of all queues, that a worker has taken and not yet finished.

        Raises:
            Unavailable: `broker_away`.
        """
        return sum(self._ask(lambda pipe: [pipe.hlen(Channel.unacked_key)]))

    def held_jobs(self, queue: str) -> frozenset[JobId]:
        """Name the jobs with a task on this queue, waiting or taken, in one consistent look.

        Reads every waiting message (measured: 15 ms for 1,000): for the sweeper, not for requests.

        Raises:
            Unavailable: `broker_away`.
        """
        return frozenset(self._named(queue))

    def tickets(self, queue: str) -> int:
        """Count the tasks on this queue, waiting or taken, as consistently.

        Raises:
            Unavailable: `broker_away`.
        """
        return len(self._named(queue))

    def _named(self, queue: str) -> list[JobId]:
        *lists, taken = self._ask(
            lambda pipe: [
                *[pipe.lrange(key, 0, -1) for key in _lists(queue)],
                pipe.hvals(Channel.unacked_key),
            ]
        )
        waiting = [json.loads(raw) for messages in lists for raw in messages]
        running = [
            message for message, _, key in (json.loads(raw) for raw in taken) if key == queue
        ]
        return [JobId(message["headers"]["job_id"]) for message in waiting + running]

    def _ask(
        self, question: Callable[[Pipeline], object]
    ) -> list[Any]:  # Any: as many kinds of answer as Redis commands.
        try:
            with self._redis.pipeline(transaction=True) as pipe:
                question(pipe)
                return pipe.execute()
        except AWAY as error:
            raise Unavailable("broker_away") from error


def _lists(queue: str) -> list[str]:
    return [f"{queue}{Channel.sep}{step}" if step else queue for step in Channel.priority_steps]


class BrokerLease:
    """Keep the broker from handing a running task's message to another worker.

    A job may run longer than the visibility timeout: without renewal it was measured to run
    three times at once. Renewing sets the time at which kombu believes it was taken.
    """

    def __init__(self, settings: CoreSettings) -> None:
        self._redis = connect(settings.redis_url)

    def close(self) -> None:
        """Give the connections back."""
        self._redis.close()

    def renew(self, delivery_tag: str) -> bool:
        """Hold a message for another visibility timeout; False: it is held no more.

        Args:
            delivery_tag: `self.request.properties["delivery_tag"]` of the running task.

        Raises:
            Unavailable: `broker_away`; go on running and renew again, for the message stays
                in Redis's file and nobody can take it before Redis is back.
        """
        try:
            with self._redis.pipeline(transaction=True) as pipe:
                # XX: never bring back a message that was acknowledged or given to another.
                pipe.zadd(Channel.unacked_index_key, {delivery_tag: time.time()}, xx=True)
                pipe.zscore(Channel.unacked_index_key, delivery_tag)
                _, held_since = pipe.execute()
        except AWAY as error:
            raise Unavailable("broker_away") from error
        return held_since is not None
