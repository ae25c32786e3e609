"""A pipeline that was made ready for a card draws the same picture."""

import numpy as np
import pytest
import torch

from tests.worker.engine.tiny_pipelines import tiny_sdxl, tiny_unconditional
from worker.engine.compiled import settle

# diffusers' own way of reading a tensor into numpy.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def draw(pipeline):
    pipeline.set_progress_bar_config(disable=True)
    generator = torch.Generator().manual_seed(1)
    words = {"height": 32, "width": 32, "num_inference_steps": 2, "output_type": "np"}
    with torch.inference_mode():
        return pipeline("a cat", generator=generator, **words).images[0]


def test_repeated_blocks_are_compiled_and_change_nothing_but_rounding():
    """The blocks themselves, not the network around them."""
    expected = draw(tiny_sdxl())
    pipeline = tiny_sdxl()

    settle(pipeline, backend="eager")

    unet = pipeline.unet
    compiled = [each for each in unet.modules() if each._compiled_call_impl is not None]
    assert {type(each).__name__ for each in compiled} == set(unet._repeated_blocks)
    assert np.abs(draw(pipeline) - expected).max() < 1e-4
    for layer in (unet.conv_in, pipeline.vae.decoder.conv_in):
        assert layer.weight.is_contiguous(memory_format=torch.channels_last)


def test_a_pipeline_without_such_parts_is_let_be():
    """No autoencoder, no blocks that repeat."""
    pipeline = tiny_unconditional()

    settle(pipeline, backend="eager")

    assert all(each._compiled_call_impl is None for each in pipeline.unet.modules())
