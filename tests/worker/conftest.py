"""Give the worker's tests the shipped model: in this process, and in an engine of its own."""

import pytest

from tests.worker.engines import PATIENCE_S, SHIPPED, new_supervisor
from worker.engine.messages import Start


@pytest.fixture(scope="session")
def engine():
    """One running engine with the shipped model, for tests that leave it as it was."""
    supervisor = new_supervisor()
    supervisor.start()
    try:
        assert supervisor.wait_loaded(PATIENCE_S) is not None
        yield supervisor
    finally:
        supervisor.stop()


@pytest.fixture(scope="session")
def shipped():
    """The shipped model, loaded in this process."""
    from worker.engine.pipelines import load, prepare

    start = Start(model=SHIPPED)
    prepare(start)
    return load(SHIPPED, start)
