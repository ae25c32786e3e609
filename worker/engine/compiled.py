"""Make a pipeline fast on a graphics card: how its weights lie, and compiled blocks.

Only the blocks that repeat are compiled, not whole networks: a tenth of the waiting for nearly all
of the gain. Each bucket and each size of picture is a shape of its own, compiled when it is first
met. Nothing is tuned by timing it (cuDNN's benchmark mode, inductor's max-autotune): another start
could choose other kernels, and a picture would no longer come out again bit by bit.
"""

from typing import Any

import torch

_RECOMPILES = 256
"""One code object serves the blocks of all widths (SDXL: 2), sizes and buckets; dynamo gives up
compiling after 8."""


def settle(pipeline: Any, backend: str = "inductor") -> None:  # any diffusers pipeline
    """Prepare a pipeline that lies on a card; pictures stay the same but for rounding.

    Where a block cannot be compiled (no C compiler, for example) it runs as it is.

    Args:
        pipeline: Any diffusers pipeline.
        backend: Of torch.compile.
    """
    for name in ("unet", "vae"):
        part = getattr(pipeline, name, None)
        if part is not None:
            part.to(memory_format=torch.channels_last)
    denoiser = getattr(pipeline, "unet", None) or getattr(pipeline, "transformer", None)
    if denoiser is not None and getattr(denoiser, "_repeated_blocks", None):
        from torch._dynamo import config  # Takes seconds.

        config.recompile_limit = _RECOMPILES
        config.suppress_errors = True
        denoiser.compile_repeated_blocks(backend=backend, dynamic=False)
