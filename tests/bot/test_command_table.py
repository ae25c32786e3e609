"""The table of commands and what runs them agree."""

import pytest

from bot.command_table import COMMANDS
from bot.usecases import commands


def test_every_listed_command_runs_and_nothing_else_does():
    """No command without help, no help without command."""
    assert [each.name for each in COMMANDS] == list(commands._COMMANDS)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda each: each.name)
def test_usage_and_example_begin_with_the_command(command):
    """What help shows can be typed."""
    assert command.usage.split()[0] == command.example.split()[0] == f"/{command.name}"
    assert command.summary.endswith(".")
