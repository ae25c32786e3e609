"""Measure the step batch on a graphics card: images a second, and the share of its peak.

Architectures with random weights, nothing fetched, and no package beyond torch, diffusers and
transformers: a bare machine with a checkout will do. `python -m bench.gpu --tiny` goes the same
way on a CPU, with networks that only show that it runs.

Drawings go through `worker.engine.families` and `worker.engine.batch`, each with its own scheduler,
seed and words, padded to a bucket: what the engine does, without its loop. Words are random
numbers, encoded for each picture by text encoders of the real shape.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.bare import stand_in

IS_BARE = stand_in()

import torch  # noqa: E402 - only now can the engine's contracts be imported.

from bench.gpu_models import SD15, SDXL, Architecture, build, tiny  # noqa: E402
from bench.report import FOLDER, Figure, machine, publish  # noqa: E402
from worker.engine import batch  # noqa: E402
from worker.engine.compiled import settle  # noqa: E402
from worker.engine.drawing import BatchKey, Drawing, Guidance, step_options  # noqa: E402
from worker.engine.families.base import BUCKETS  # noqa: E402
from worker.engine.families.sdxl import StableDiffusionXL  # noqa: E402
from worker.engine.families.stable_diffusion import StableDiffusion  # noqa: E402
from worker.engine.lora import LoraBank  # noqa: E402
from worker.engine.lora_names import layers_of  # noqa: E402
from worker.engine.messages import LoraUse, ModelSource  # noqa: E402
from worker.engine.schedulers import new_scheduler  # noqa: E402

SOURCE = ModelSource(source="random")
GUIDANCE = 7.5
TOKENS = 77
VOCABULARY = 49408
WARM_UPS = 3
PEAKS = {"H200": 790.0}
"""TFLOP/s in bf16: an 8192-wide matrix product through torch ran at 788 on an H200."""
LORA_RANK = 16


class Bench:
    """One architecture on one device."""

    def __init__(self, architecture: Architecture, options: argparse.Namespace) -> None:
        self.architecture = architecture
        self.device = options.device
        self.dtype = torch.bfloat16 if options.device != "cpu" else torch.float32
        self.pipeline = build(architecture, self.device, self.dtype)
        kind = StableDiffusionXL if architecture.is_xl else StableDiffusion
        self.bank = LoraBank(self.pipeline)
        self.family = kind(self.pipeline, SOURCE, self.bank)
        self.rounds = options.rounds
        if options.compiles:
            settle(self.pipeline)

    @torch.inference_mode()
    def words(self, seed: int) -> dict[str, torch.Tensor]:
        """Encode random tokens: without words first, then with them."""
        generator = torch.Generator().manual_seed(seed)
        tokens = torch.randint(VOCABULARY, (2, TOKENS), generator=generator).to(self.device)
        first = self.pipeline.text_encoder(tokens, output_hidden_states=True)
        if not self.architecture.is_xl:
            return {"encoder_hidden_states": first.last_hidden_state}
        second = self.pipeline.text_encoder_2(tokens, output_hidden_states=True)
        states = [each.hidden_states[-2] for each in (first, second)]
        size = float(self.architecture.size)
        ids = torch.tensor([[size, size, 0, 0, size, size]] * 2)
        return {
            "encoder_hidden_states": torch.cat(states, dim=-1),
            "text_embeds": second.text_embeds,
            "time_ids": ids.to(self.device, self.dtype),
        }

    def drawing(self, seed: int, uses: tuple[LoraUse, ...] = ()) -> Drawing:
        """Begin one picture with a scheduler, a seed and words of its own."""
        scheduler, options = new_scheduler(self.pipeline.scheduler, None)
        scheduler.set_timesteps(self.architecture.steps, device="cpu")
        generator = torch.Generator("cpu").manual_seed(seed)
        side = self.architecture.size // 8
        noise = torch.randn((1, 4, side, side), generator=generator) * scheduler.init_noise_sigma
        return Drawing(
            request_id=str(seed),
            picture=0,
            key=BatchKey(SOURCE, self.architecture.size, self.architecture.size),
            scheduler=scheduler,
            timesteps=scheduler.timesteps,
            latents=noise.to(self.device, self.dtype),
            generator=generator,
            guidance=Guidance(GUIDANCE, is_split=True),
            rows=self.words(seed),
            total_steps=self.architecture.steps,
            loras=uses,
            step_options=step_options(scheduler, generator, **options),
        )

    def batched(self, bucket: int) -> None:
        """Draw a bucket full of pictures."""
        drawings = [self.drawing(seed) for seed in range(bucket)]
        while not drawings[0].is_done:
            batch.step(self.family, drawings, bucket)
        for drawing in drawings:
            self.family.decode([drawing])

    def sequential(self) -> None:
        """Draw one picture with the stock pipeline, on the same compiled network."""
        rows = self.words(0)
        prompt = {
            "negative_prompt_embeds": rows["encoder_hidden_states"][:1],
            "prompt_embeds": rows["encoder_hidden_states"][1:],
        }
        if self.architecture.is_xl:
            pooled = rows["text_embeds"]
            prompt |= {
                "negative_pooled_prompt_embeds": pooled[:1], "pooled_prompt_embeds": pooled[1:]
            }  # fmt: skip
        self.pipeline(
            **prompt,
            num_inference_steps=self.architecture.steps,
            guidance_scale=GUIDANCE,
            height=self.architecture.size,
            width=self.architecture.size,
            generator=torch.Generator("cpu").manual_seed(0),
            output_type="np",
        )

    def seconds(self, work: Callable[[], object], rounds: int) -> float:
        """Time work on the device: the median of some rounds."""
        taken = []
        for _ in range(rounds):
            self._wait()
            began = time.perf_counter()
            work()
            self._wait()
            taken.append(time.perf_counter() - began)
        return statistics.median(taken)

    def step_seconds(self, bucket: int, uses: tuple[LoraUse, ...] = ()) -> float:
        """Time one step of a full bucket; compiling happens before."""
        drawings = [self.drawing(seed, uses) for seed in range(bucket)]

        def step() -> None:
            self.family.predict(drawings, bucket)

        for _ in range(WARM_UPS):
            step()
        return self.seconds(step, max(self.rounds, 3))

    def lora_seconds(self, bucket: int) -> float:
        """Time one step in which every row has a LoRA of rank 16 on all attention layers."""
        from safetensors.torch import save_file

        tensors = {}
        for name, layer in layers_of(self.pipeline.unet).items():
            if name.endswith(("to_q", "to_k", "to_v", "to_out.0")):
                rows, columns = layer.weight.shape
                tensors[f"unet.{name}.lora_A.weight"] = torch.randn(LORA_RANK, columns) * 0.01
                tensors[f"unet.{name}.lora_B.weight"] = torch.randn(rows, LORA_RANK) * 0.01
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "bench.safetensors"
            save_file(tensors, path)
            self.bank.load([LoraUse(path=str(path))])
            return self.step_seconds(bucket, (LoraUse(path=str(path)),))

    def _wait(self) -> None:
        if self.device != "cpu":
            torch.cuda.synchronize()


def measure(bench: Bench, buckets: tuple[int, ...]) -> dict[str, Any]:
    """Measure an architecture in every bucket, and against the stock pipeline one by one."""
    name, report = bench.architecture.name, {}
    for bucket in buckets:
        step_s = bench.step_seconds(bucket)
        bench.batched(bucket)
        total_s = bench.seconds(lambda bucket=bucket: bench.batched(bucket), bench.rounds)
        report[str(bucket)] = {"step_ms": step_s * 1000, "images_per_s": bucket / total_s}
        print(f"{name} bucket {bucket}: {step_s * 1000:8.1f} ms a step, "
              f"{bucket / total_s:6.2f} images/s", flush=True)  # fmt: skip
    bench.sequential()
    sequential = 1 / bench.seconds(bench.sequential, bench.rounds)
    print(f"{name} one by one, stock pipeline:   {sequential:6.2f} images/s", flush=True)
    last = buckets[-1]
    lora_s = bench.lora_seconds(last)
    best = max(each["images_per_s"] for each in report.values())
    peak_gib = torch.cuda.max_memory_allocated() / 2**30 if bench.device != "cpu" else 0.0
    return {
        "buckets": report,
        "images_per_s": best,
        "sequential_images_per_s": sequential,
        "ratio_to_sequential": best / sequential,
        "lora_step_ratio": lora_s * 1000 / report[str(last)]["step_ms"],
        "tflops": best * bench.architecture.picture_tflop,
        "peak_memory_gib": peak_gib,
    }


def figures(measured: dict[str, dict[str, Any]], peak: float) -> list[Figure]:
    """Set the measured figures against their bars."""
    rows = []
    if "sdxl" in measured:
        speed = measured["sdxl"]["images_per_s"]
        rows.append(
            Figure("sdxl_images_per_s", "SDXL 1024 px, 20 steps, bf16", speed, "/s", 1.40, True)
        )
        if peak:
            # 50 % is what 1.40 images a second are on an H200.
            share = measured["sdxl"]["tflops"] / peak
            rows.append(Figure("sdxl_peak_share", "  of the card's peak", share, "", 0.50, True))
    if "sd15" in measured:
        sd15 = measured["sd15"]
        rows.append(
            Figure(
                "sd15_images_per_s",
                "SD 1.5 512 px, 30 steps, bf16",
                sd15["images_per_s"],
                "/s",
                6.2,
                True,
            )
        )
        rows.append(
            Figure(
                "sd15_ratio", "  against one by one", sd15["ratio_to_sequential"], "x", 2.0, True
            )
        )
        if peak:
            rows.append(
                Figure(
                    "sd15_peak_share", "  of the card's peak", sd15["tflops"] / peak, "", 0.40, True
                )
            )
    return rows


def main() -> None:
    has_card = torch.cuda.is_available()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tiny", action="store_true", help="tiny networks, to see that it runs")
    parser.add_argument("--device", default="cuda" if has_card else "cpu")
    parser.add_argument("--models", nargs="+", choices=("sdxl", "sd15"), default=["sdxl", "sd15"])
    parser.add_argument("--buckets", nargs="+", type=int, default=list(BUCKETS))
    parser.add_argument("--rounds", type=int, default=3, help="median of so many")
    parser.add_argument("--eager", dest="compiles", action="store_false", help="compile nothing")
    parser.add_argument("--peak", type=float, help="the card's bf16 peak in TFLOP/s")
    options = parser.parse_args()
    options.compiles &= options.device != "cpu"
    if options.device == "cpu" and not options.tiny:
        parser.exit(2, "No graphics card was found. --tiny shows on a CPU that this runs.\n")
    chosen = [each for each in (SDXL, SD15) if each.name in options.models]
    measured = {}
    for architecture in chosen:
        bench = Bench(tiny(architecture) if options.tiny else architecture, options)
        measured[architecture.name] = measure(bench, tuple(options.buckets))
        del bench
    _report(measured, options)


def _report(measured: dict[str, dict[str, Any]], options: argparse.Namespace) -> None:
    card = torch.cuda.get_device_name() if options.device != "cpu" else "none"
    known = next((peak for name, peak in PEAKS.items() if name in card), 0.0)
    detail = {
        "card": card, "torch": torch.__version__, "is_compiled": options.compiles,
        "without_pydantic": IS_BARE, "models": measured,
    }  # fmt: skip
    if not options.tiny:
        publish("gpu", figures(measured, options.peak or known), detail)
        return
    # Not gpu.json: tiny networks say nothing about any bar.
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / "gpu-tiny.json"
    path.write_text(json.dumps({"machine": machine(), "detail": detail}, indent=2) + "\n", "utf-8")
    print(path)


if __name__ == "__main__":
    main()
