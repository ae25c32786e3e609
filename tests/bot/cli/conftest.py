"""Run commands in this process, in a home of their own."""

import pytest
from typer.testing import CliRunner

from bot.cli.app import app


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An EASEL_HOME and a working folder without a .env file."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("EASEL_HOME", str(folder))
    monkeypatch.delenv("EASEL_REDIS_URL", raising=False)
    return folder


@pytest.fixture
def easel(home):
    """Call `easel` with arguments; the result has exit_code, stdout and stderr."""
    runner = CliRunner()
    return lambda *arguments: runner.invoke(app, [str(each) for each in arguments])
