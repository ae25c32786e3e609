"""The command line as a whole."""

import subprocess
import sys

import pytest

from bot.cli.app import app

COMMANDS = [
    "demo",
    "imagine",
    "verify",
    "lineage",
    "label-check",
    "transparency",
    "screen",
    "selftest",
    "web",
    "screening",
    "worker",
    "migrate",
    "policy",
    "moderation",
    "audit",
    "hold",
    "mydata",
    "keys",
]


def test_help_lists_every_command_with_a_summary(easel):
    """And only commands that exist."""
    result = easel("--help")

    assert result.exit_code == 0
    names = [each.callback.__name__.replace("_", "-") for each in app.registered_commands]
    names += [each.name for each in app.registered_groups]
    assert names == COMMANDS
    for name in COMMANDS:
        assert name in result.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(easel, name):
    """`--help` anywhere does nothing but help."""
    result = easel(name, "--help")

    assert result.exit_code == 0
    assert "Usage" in result.stdout


def test_an_unknown_command_is_a_usage_error(easel):
    """As shells expect."""
    assert easel("paint").exit_code == 2


def test_help_loads_nothing_heavy():
    """No database, no broker, no imaging before a command runs."""
    code = "import sys, bot.cli.app; print(*sorted({name.split('.')[0] for name in sys.modules}))"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    heavy = {"sqlalchemy", "celery", "redis", "torch", "fastapi", "PIL", "c2pa", "numpy", "re2"}
    assert not heavy & set(done.stdout.split())


def test_the_module_runs_as_the_command_does():
    """The stack's children start this way."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "bot.cli", "--help"], capture_output=True, text=True
    )

    assert done.returncode == 0
    assert "easel" in done.stdout
