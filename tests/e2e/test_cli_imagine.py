"""`easel imagine` as a person types it: the whole road once, in processes of its own."""

import hashlib
import json
import os
import subprocess
import sys

import numpy as np
import psutil
import pytest
from PIL import Image

from bot.bootstrap import build_services
from core.contracts.progress import Phase
from core.settings import CoreSettings
from tests.e2e.labels import assert_files_labelled

pytestmark = [pytest.mark.stack, pytest.mark.timeout(420)]

MARK_NOISE = 255**2 / 10**3.9
"""The mean square of the strongest mark, 39 dB; two marks of their own add up."""

APPLE = ["a red apple on a blue background", "--seed", "7"]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def easel(home):
    """Run `easel` in a home that its calls share."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("EASEL_")}

    def run(*arguments):
        return subprocess.run(
            [sys.executable, "-P", "-m", "bot.cli", *map(str, arguments)],
            cwd=home,
            env={**env, "EASEL_HOME": str(home), "EASEL_WEB_PORT": "0"},
            capture_output=True,
            text=True,
            timeout=400,
        )

    return run


@pytest.fixture(scope="module")
def first(easel, home):
    done = easel("imagine", *APPLE, "--out", home / "a.png", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def processes_of(home):
    """Name what still runs with this home's settings."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("EASEL_HOME") == str(home):
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def pixels(path):
    with Image.open(path) as image:
        return image.size, image.tobytes()


def test_it_shows_each_step_and_where_the_picture_is(first, home):
    """For programs: parts, steps, the picture with its label and alt text."""
    kinds = [line["event"] for line in first]
    steps = [line for line in first if line.get("phase") == Phase.DENOISING.value]
    picture = first[-1]

    assert kinds[0] == "starting"
    assert {line["part"] for line in first if line["event"] == "ready"} == {
        "redis",
        "screening",
        "worker",
    }
    assert steps
    assert picture["event"] == "picture"
    assert picture["path"] == str(home / "a.png")
    assert "AI-generated" in picture["label"]
    assert picture["alt_text"]
    assert min(pixels(home / "a.png")[0]) >= 512


def test_the_same_seed_draws_the_same_pixels(easel, first, home):
    """Bit for bit, in another engine process, as `drawn_sha256` tells; then each gets its mark.

    What the two marks add is too little to be seen, and is not nothing.
    """
    done = easel("imagine", *APPLE, "--out", home / "b.png", "--json")
    again = json.loads(done.stdout.splitlines()[-1])

    assert done.returncode == 0, done.stderr
    assert len(again["drawn_sha256"]) == 64
    assert again["drawn_sha256"] == first[-1]["drawn_sha256"]
    assert again["verify_id"] != first[-1]["verify_id"]
    (size, one), (other_size, other) = pixels(home / "a.png"), pixels(home / "b.png")
    assert size == other_size
    apart = np.abs(np.frombuffer(one, np.uint8).astype(int) - np.frombuffer(other, np.uint8))
    assert 0 < (apart**2).mean() < 2 * MARK_NOISE


def test_quietly_only_the_file_is_named(easel, first, home):
    done = easel("imagine", *APPLE, "--out", home / "c.png", "--quiet")

    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{home / 'c.png'}  AI-generated\n"
    assert done.stderr == ""


def test_what_was_written_is_what_the_registry_knows(easel, first, home):
    """The labelled bytes to the last one: trusted, one row, marked."""
    with build_services(CoreSettings(_env_file=None, home=home)) as services:
        assert_files_labelled(services, first[-1]["job_id"])
        with services.store.reading() as unit:
            row = unit.registry.get(first[-1]["verify_id"])

    assert row.sha256 == hashlib.sha256((home / "a.png").read_bytes()).hexdigest()
    assert row.drawn_sha256 == first[-1]["drawn_sha256"]


def test_verify_knows_its_own_and_sees_one_changed_pixel(easel, first, home):
    """Unchanged is what was posted, and not the same with one pixel changed."""
    own = easel("verify", home / "a.png")
    content = bytearray((home / "a.png").read_bytes())
    content[content.index(b"IDAT") + 40] ^= 1
    (home / "changed.png").write_bytes(content)
    changed = easel("verify", home / "changed.png", "--json")

    assert (own.returncode, changed.returncode) == (0, 1)
    assert "not a byte has changed" in own.stdout
    assert json.loads(changed.stdout)["is_unchanged"] is False


@pytest.mark.parametrize(
    "prompt",
    [
        pytest.param("a naked woman on a beach", id="plain"),
        pytest.param("a n\u200baked woman on a beach", id="zero-width"),
        pytest.param("a n\u0430ked woman on a beach", id="homoglyph"),
    ],
)
def test_a_refused_prompt_exits_with_3_and_the_card(easel, first, home, prompt):
    """Category, span, rule, policy version and what would pass, before any task is queued."""
    done = easel("imagine", prompt, "--out", home / "refused.png", "--quiet")

    assert done.returncode == 3
    assert done.stdout == ""
    for part in ("What would pass", "Category", "Rule", "Policy", "[", "]"):
        assert part in done.stderr
    assert not (home / "refused.png").exists()


def test_harmless_words_that_look_like_harm_are_drawn(easel, first, home):
    """Glass and grass hold no bad word; and the model says what it does not know."""
    done = easel("imagine", "a glass of water on the grass", "--out", home / "glass.png")

    assert done.returncode == 0
    assert (home / "glass.png").exists()


def test_an_unknown_flag_exits_with_2_and_a_suggestion(easel, home):
    """Before anything is started."""
    done = easel("imagine", "a red apple", "--sead", "7")

    assert done.returncode == 2
    assert "--seed" in done.stderr


def test_nothing_is_left_running(easel, first, home):
    """Each call ended all that it started."""
    assert processes_of(home) == []
