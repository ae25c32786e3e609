"""Hold the tree to its conventions, so that a reader who has read one file can predict the others."""

import ast
import importlib.metadata
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("bot", "core", "moderation", "worker")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
BANNED_NAMES = {"utils", "helpers", "common", "manager", "misc", "data", "info"}
HARD_LENGTH = 400
"""Past this, a file is split along a noun."""


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_every_module_says_its_purpose_and_stays_readable(path):
    """A module begins with a docstring and is not longer than one sitting."""
    text = path.read_text("utf-8")

    tree = ast.parse(text)

    if "migrations/versions" not in path.as_posix():
        assert ast.get_docstring(tree), "a module says its one purpose in its first line"
    assert len(text.splitlines()) <= HARD_LENGTH


def test_no_module_shadows_a_library():
    """`bot/discord/` would shadow discord.py when a file in it is run."""
    installed = set(importlib.metadata.packages_distributions()) - set(PACKAGES)
    taken = (set(sys.stdlib_module_names) | installed) - {"tests", "bench"}

    # A folder counts by its own name; a file inside a package is imported by its full name and
    # shadows nothing unless it is run as a script, which only top-level packages are.
    shadows = {
        name_of(path)
        for package in PACKAGES
        for path in (ROOT / package).iterdir()
        if path.stem in taken and not path.stem.startswith("__")
    }

    assert shadows == set()


def test_no_module_has_a_name_that_says_nothing():
    """`utils` is where purposes go to be forgotten."""
    nameless = [name_of(path) for path in MODULES if path.stem in BANNED_NAMES]

    assert nameless == []


def test_no_module_does_work_at_import():
    """Settings, stores, clients and models are built by entry points and passed down."""
    builders = {"CoreSettings", "WebSettings", "WorkerSettings", "ScreeningSettings", "Store"}
    builders |= {"Blobs", "Events", "TaskQueue", "make_celery", "load_policy", "create_engine"}

    at_import = [
        f"{name_of(path)}:{node.lineno}"
        for path in MODULES
        for statement in ast.parse(path.read_text("utf-8")).body
        if isinstance(statement, ast.Assign | ast.AnnAssign | ast.Expr)
        for node in ast.walk(statement)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in builders
    ]

    assert at_import == []


def test_no_module_reads_the_environment_past_the_settings():
    """One place reads the environment; the exceptions hand it on to a child process."""
    allowed = {"core/settings.py"}

    readers = {
        name_of(path)
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute)
        and node.attr in {"environ", "getenv"}
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
    }

    handing_on = {name for name in readers if name.startswith(("bot/embedded/", "worker/engine/"))}
    assert readers - allowed - handing_on <= {"bot/cli/terminal.py"}, "NO_COLOR is read there"
