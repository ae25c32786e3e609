"""Start each test with logging as a new process has it, whatever the one before configured."""

import pytest
import structlog


@pytest.fixture(autouse=True)
def _unconfigured_logging():
    structlog.reset_defaults()
