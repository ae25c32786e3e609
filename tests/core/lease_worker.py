"""Run a real Celery worker with one long task, as a process of its own that tests may kill.

    python tests/core/lease_worker.py REDIS_URL VISIBILITY_S TASK_S LOG renew|idle

Each start and end of the task becomes one line of LOG.
"""

import contextlib
import sys
import threading
import time
from pathlib import Path

from core.errors import Unavailable
from core.settings import CoreSettings
from core.task_queue import BrokerLease, make_celery
from core.workflow import TaskName


def main() -> None:
    redis_url, visibility_s, task_s, log, holding = sys.argv[1:]
    settings = CoreSettings(redis_url=redis_url, visibility_timeout_s=int(visibility_s))
    lease = BrokerLease(settings)
    app = make_celery("lease_worker", settings)

    def note(word: str) -> None:
        with Path(log).open("a", encoding="utf-8") as lines:
            lines.write(f"{word}\n")

    @app.task(name=TaskName.GENERATE.value, bind=True)
    def generate(task, job_id: str) -> None:
        tag = task.request.properties["delivery_tag"]
        done = threading.Event()

        def renew() -> None:
            while not done.wait(0.2):
                with contextlib.suppress(Unavailable):
                    lease.renew(tag)

        renewer = threading.Thread(target=renew)
        if holding == "renew":
            renewer.start()
        note(f"start {job_id}")
        time.sleep(float(task_s))
        note(f"end {job_id}")
        done.set()
        if holding == "renew":
            renewer.join()

    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel=WARNING"]
    app.worker_main(["worker", "--pool=threads", "--concurrency=2", "-Q", "generate.t", *quiet])


if __name__ == "__main__":
    main()
