"""Hold the bot's processes light: no torch, quick to start, small in memory."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("torch", "diffusers", "transformers", "onnxruntime", "discord", "slack_sdk")

PROBE = """
import json, sys, time
begun = time.process_time()
{imports}
seconds = time.process_time() - begun
status = dict(
    line.split(":", 1) for line in open("/proc/self/status") if line.startswith(("VmRSS", "VmHWM"))
)
print(json.dumps({{
    "seconds": seconds,
    "mib": int(status["VmRSS"].split()[0]) / 1024,
    "modules": sorted({{name.split(".")[0] for name in sys.modules}}),
}}))
"""


def probe(imports: str, home: Path) -> dict:
    """Import in a fresh interpreter; the best of three starts, since the machine is shared."""
    runs = []
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", PROBE.format(imports=imports)],
            cwd=ROOT,
            env={"PATH": "/usr/bin:/bin", "EASEL_HOME": str(home)},
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        runs.append(json.loads(done.stdout))
    return min(runs, key=lambda run: run["seconds"])


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
@pytest.mark.parametrize(
    "imports",
    [
        pytest.param("import bot.cli", id="command line"),
        pytest.param(
            "from core.settings import CoreSettings, WebSettings\n"
            "from bot.bootstrap import build_services\n"
            "from bot.web_app.app import create_app\n"
            "app = create_app(build_services(CoreSettings()), WebSettings())",
            id="web app, built",
        ),
        pytest.param("import bot.delivery, bot.usecases.commands", id="use cases and delivery"),
    ],
)
def test_a_bot_process_is_light(imports, tmp_path):
    """No torch in sys.modules, under 3 s of processor time, under 150 MiB resident."""
    found = probe(imports, tmp_path)

    assert not set(found["modules"]) & set(HEAVY)
    assert found["seconds"] < 3
    assert found["mib"] < 150


def test_the_worker_parent_leaves_torch_to_its_engine(tmp_path):
    """A crash of the engine must not take the broker's connection with it."""
    found = probe("import worker.app, worker.tasks, worker.engine.supervisor", tmp_path)

    assert not set(found["modules"]) & set(HEAVY)
