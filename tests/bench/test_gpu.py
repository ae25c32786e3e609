"""The measurement for graphics cards runs on a bare machine, and measures the real shapes."""

import json
import subprocess
import sys

import pytest
import torch
from diffusers import UNet2DConditionModel
from torch.utils.flop_counter import FlopCounterMode

from bench.bare import Bag, _field
from bench.gpu import figures
from bench.gpu_models import SD15, SDXL

# What a machine with torch, diffusers and transformers alone does not have.
MISSING = (
    "alembic", "celery", "google", "kombu", "peft", "prometheus_client", "pydantic",
    "pydantic_settings", "re2", "redis", "rich", "sqlalchemy", "stamina", "structlog", "typer",
)  # fmt: skip
RUN = f"""
import runpy, sys
sys.modules.update(dict.fromkeys({MISSING!r}))
sys.argv = ["bench.gpu", "--tiny", "--rounds", "1", "--buckets", "2"]
runpy.run_module("bench.gpu", run_name="__main__")
"""


@pytest.mark.timeout(600)  # Eight seconds of processor time, most of them imports.
def test_it_runs_end_to_end_without_any_package_of_ours(tmp_path):
    """Both architectures, all that is measured, on a CPU and with tiny networks."""
    root = subprocess.run(
        ["git", "rev-parse", "--show-toplevel"], capture_output=True, text=True, check=True
    ).stdout.strip()
    environment = {"PYTHONPATH": root, "OMP_NUM_THREADS": "1", "PATH": "/usr/bin:/bin"}

    done = subprocess.run(
        [sys.executable, "-c", RUN], cwd=tmp_path, env=environment, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stderr[-2000:]
    assert not (tmp_path / "build/bench/gpu.json").exists(), "tiny networks meet no bar"
    detail = json.loads((tmp_path / "build/bench/gpu-tiny.json").read_text())["detail"]
    assert detail["without_pydantic"]
    for name in ("sdxl", "sd15"):
        measured = detail["models"][name]
        assert set(measured["buckets"]) == {"2"}
        assert measured["ratio_to_sequential"] > 0
        assert measured["lora_step_ratio"] > 0


@pytest.mark.parametrize(
    ("architecture", "parameters"), [(SDXL, 2_567_463_684), (SD15, 859_520_964)]
)
def test_the_networks_are_those_of_the_real_models(architecture, parameters):
    """Parameter for parameter as published."""
    with torch.device("meta"):
        unet = UNet2DConditionModel(**architecture.unet)

    assert sum(each.numel() for each in unet.parameters()) == parameters


def test_a_step_costs_what_the_bars_were_worked_out_from():
    """Counted operation by operation; SDXL's 13.522 was counted in the same way, in 8 s."""
    with torch.device("meta"):
        unet = UNet2DConditionModel(**SD15.unet)
        words = torch.empty(2, 77, SD15.unet["cross_attention_dim"])
        sample, timestep = torch.empty(2, 4, 64, 64), torch.empty(2)

    with torch.no_grad(), FlopCounterMode(display=False) as counted:
        unet(sample, timestep, words)

    assert counted.get_total_flops() / 1e12 == pytest.approx(SD15.step_tflop, rel=0.001)


def test_figures_meet_their_bars_or_miss_them():
    """1.40 images a second of SDXL are half of an H200's peak."""
    sdxl = {"images_per_s": 1.405, "tflops": 1.405 * SDXL.picture_tflop}
    sd15 = {"images_per_s": 6.0, "tflops": 6.0 * SD15.picture_tflop, "ratio_to_sequential": 2.5}

    found = {each.key: each for each in figures({"sdxl": sdxl, "sd15": sd15}, 790.0)}

    assert found["sdxl_images_per_s"].holds
    assert found["sdxl_peak_share"].value == pytest.approx(0.50, abs=0.001)
    assert not found["sd15_images_per_s"].holds
    assert found["sd15_ratio"].holds
    assert "sdxl_peak_share" not in {each.key for each in figures({"sdxl": sdxl}, 0.0)}


def test_a_stand_in_for_contracts_keeps_fields_and_defaults():
    """Each object has its own defaults where the contract makes them anew."""

    class Kept(Bag):
        name: str
        size: int = _field(default=3, ge=0)
        others: tuple = ()

    kept = Kept(name="a", others=(1,))

    assert (kept.name, kept.size, kept.others) == ("a", 3, (1,))
