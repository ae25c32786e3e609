"""What is written loads as a stock pipeline, and says what it is."""

import logging

import pytest
import torch

from core.catalog import load_profile
from worker.train import autoencoder, denoiser, text_pretraining
from worker.train.concepts import CONCEPTS
from worker.train.export import save_pipeline
from worker.train.tokenizer import train_tokenizer

pytestmark = [
    # Their ways to say that half precision and an old default are meant.
    pytest.mark.filterwarnings("ignore::FutureWarning:diffusers"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory):
    """The folder of a pipeline that has learnt nothing, one part of it read from a folder."""
    folder = tmp_path_factory.mktemp("train")
    torch.manual_seed(0)
    tokenizer = train_tokenizer(["an apple on a red background"] * 2, folder / "tokenizer")
    text_pretraining.build(tokenizer).save_pretrained(folder / "text_encoder")
    models = denoiser.build(), text_pretraining.load(folder / "text_encoder")
    save_pipeline(models, autoencoder.build(), tokenizer, CONCEPTS, folder / "pipeline")
    return folder / "pipeline"


def test_the_export_is_a_stock_pipeline_that_draws(pipeline):
    """No code of ours is needed to draw with it, and it stays within its budget."""
    from diffusers import DiffusionPipeline, StableDiffusionPipeline

    size = sum(path.stat().st_size for path in pipeline.rglob("*") if path.is_file())

    loaded = DiffusionPipeline.from_pretrained(
        pipeline, torch_dtype=torch.float32, local_files_only=True
    )
    picture = loaded("an apple", num_inference_steps=1, guidance_scale=2).images[0]

    assert type(loaded) is StableDiffusionPipeline
    assert picture.size == (128, 128)
    assert size <= 20_000_000
    assert {path.suffix for path in pipeline.rglob("*") if path.is_file()} <= {
        ".json",
        ".safetensors",
    }
    logging.getLogger("diffusers").setLevel(logging.WARNING)


def test_the_export_carries_its_profile_and_no_machines_paths(pipeline):
    """It can be named as a model as it lies, and tells nothing of where it was made."""
    profile = load_profile(str(pipeline))

    assert profile.native_size == 128
    assert {concept.name for concept in CONCEPTS} <= {
        each.name for each in profile.vocabulary.concepts
    }
    assert not any(
        str(pipeline.parent) in path.read_text("utf-8") for path in pipeline.rglob("*.json")
    )
