"""Start each test with logging as a new process has it, whatever the one before configured."""

import pytest
import structlog

from tests.protocol.specs import story


def pytest_report_header():
    """Say whether the platforms' own schemas are at hand."""
    return f"platforms' schemas: {story()}"


@pytest.fixture(autouse=True)
def _unconfigured_logging():
    structlog.reset_defaults()
