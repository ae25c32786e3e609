"""Load any diffusers pipeline by hub id or folder."""

import contextlib
import gc
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import DiffusionPipeline
from diffusers.utils import logging as diffusers_logging
from transformers.utils import logging as transformers_logging

from core.errors import AppError, UserError
from worker.engine.compiled import settle
from worker.engine.heap import keep_freed_memory
from worker.engine.messages import ModelSource, Start
from worker.engine.weights import folder_of, weights_sha256
from worker.previews import Previewer

_DTYPES = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """One pipeline in memory, with what has to be known about it."""

    source: ModelSource
    pipeline: Any
    """Any subclass of DiffusionPipeline; their only common ground is duck-typed."""
    previewer: Previewer
    sha256: str
    device: str
    dtype: str
    load_s: float

    @property
    def scheduler(self) -> str:
        """Class name of the scheduler; empty where the pipeline has none."""
        scheduler = getattr(self.pipeline, "scheduler", None)
        return "" if scheduler is None else type(scheduler).__name__


def load(model: ModelSource, start: Start, folder: Path | None = None) -> LoadedModel:
    """Load a model's pipeline onto the device.

    Args:
        model: Which.
        start: On which device, and how.
        folder: Where its files are; None finds or fetches them.

    Raises:
        UserError: `model_not_found`, `model_unreachable`, `model_unreadable` or
            `device_not_found`.
        AppError: `out_of_memory`.
    """
    began = time.monotonic()
    device = device_for(start.device)
    dtype = dtype_for(start.dtype, device)
    folder = folder or folder_of(model.source)
    with translated("model_unreadable"):
        pipeline = DiffusionPipeline.from_pretrained(  # type: ignore[no-untyped-call] # diffusers publishes no types
            folder, dtype=_DTYPES[dtype], local_files_only=True, use_safetensors=True
        ).to(device)
        if device != "cpu":
            settle(pipeline)
        pipeline.set_progress_bar_config(disable=True)
        previewer = Previewer(pipeline)
        sha256 = weights_sha256(folder)
    return LoadedModel(
        source=model,
        pipeline=pipeline,
        previewer=previewer,
        sha256=sha256,
        device=device,
        dtype=dtype,
        load_s=time.monotonic() - began,
    )


def prepare(start: Start) -> None:
    """Set torch and its kin up for this process: memory, threads, and silence.

    Their loggers quote prompts (a truncated one, for example), so only errors may pass.
    """
    keep_freed_memory()
    torch.set_num_threads(start.cpu_threads)
    for library in (diffusers_logging, transformers_logging):
        library.set_verbosity_error()
        library.disable_progress_bar()


@contextlib.contextmanager
def translated(code: str) -> Iterator[None]:
    """Turn what a library raises into an AppError: out of memory by its own code, the rest as told.

    Errors that are an AppError already pass as they are.
    """
    try:
        yield
    except AppError:
        raise
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise AppError("out_of_memory") from error
    except RuntimeError as error:
        # torch's CPU allocator has no exception class of its own.
        is_memory = "DefaultCPUAllocator" in str(error)
        raise AppError("out_of_memory" if is_memory else code) from error
    except Exception as error:
        raise AppError(code) from error


def release_memory() -> None:
    """Give memory back to the device, after a model was dropped or ran out of it."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def device_for(asked: str) -> str:
    """Settle the device.

    Raises:
        UserError: `device_not_found`.
    """
    has_cuda = torch.cuda.is_available()
    if asked == "auto":
        return "cuda" if has_cuda else "cpu"
    index = torch.device(asked).index or 0
    if asked != "cpu" and index >= (torch.cuda.device_count() if has_cuda else 0):
        raise UserError("device_not_found", value=asked)
    return asked


def dtype_for(asked: str, device: str) -> str:
    """Settle the type of the weights."""
    if asked != "auto":
        return asked
    return "fp32" if device == "cpu" else "bf16"
