"""Wait for what other processes do, with a deadline."""

import time

import pytest

DEADLINE_S = 30.0


@pytest.fixture
def wait_for():
    def wait(condition):
        ends = time.monotonic() + DEADLINE_S
        while time.monotonic() < ends:
            found = condition()
            if found:
                return found
            time.sleep(0.01)
        raise AssertionError("it did not happen in time")

    return wait
