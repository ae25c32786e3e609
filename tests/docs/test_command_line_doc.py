"""Hold the page about the command line to the command line."""

from pathlib import Path

import pytest
import typer.main

from bot.cli.app import app
from bot.cli.terminal import Exit

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "command-line.md").read_text("utf-8")


def commands():
    group = typer.main.get_command(app)
    for name, command in group.commands.items():
        children = getattr(command, "commands", None)
        for child in children or {"": command}:
            yield f"{name} {child}".strip(), (children or {"": command})[child]


@pytest.mark.parametrize(
    ("name", "command"), [pytest.param(*pair, id=pair[0]) for pair in commands()]
)
def test_every_command_and_option_is_on_the_page(name, command):
    """A flag that nobody can read about is a flag that nobody uses."""
    assert f"`easel {name}`" in PAGE
    options = [option for each in command.params for option in (*each.opts, *each.secondary_opts)]
    named = {option for option in options if option.startswith("--")} - {"--help", "--picture"}
    assert {option for option in named if option not in PAGE} == set()


def test_no_command_is_on_the_page_that_does_not_exist():
    """Those of later versions are absent until then."""
    listed = {line.split("`")[1] for line in PAGE.splitlines() if line.startswith("| `easel ")}

    assert listed == {f"easel {name}" for name, _ in commands()}


@pytest.mark.parametrize("code", list(Exit), ids=lambda code: code.name)
def test_every_exit_code_is_on_the_page(code):
    """Scripts live by them."""
    assert f"\n| {code.value} |" in PAGE
