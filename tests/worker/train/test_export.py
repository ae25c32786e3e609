"""What is written loads as a stock pipeline, and the parts learn together."""

import logging

import pytest
import torch

from tests.worker.train.drawn_artwork import NAMES, drawn_artwork
from worker.train import autoencoder, denoiser, latents, text_pretraining
from worker.train.concepts import CONCEPTS
from worker.train.export import save_pipeline
from worker.train.parallel import Team
from worker.train.scenes import Stock
from worker.train.schedules import Stopwatch
from worker.train.tokenizer import train_tokenizer

pytestmark = [
    # Their ways to say that half precision and an old default are meant.
    pytest.mark.filterwarnings("ignore::FutureWarning:diffusers"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]


class Once(Stopwatch):
    """A watch that leaves time for two steps."""

    ticks = 0

    def tick(self):
        self.ticks += 1
        return 0.5 if self.ticks <= 2 else 1.0


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run of every stage that follows the autoencoder's, two steps each."""
    folder = tmp_path_factory.mktemp("train")
    torch.manual_seed(0)
    stock = Stock(drawn_artwork(), CONCEPTS[: len(NAMES)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(latents, "SHARD", 16)
        latents.encode(Team(), stock, autoencoder.build(), folder / "latents", shards=2)
    captions = [
        caption
        for path in sorted((folder / "latents").glob("*.pt"))
        for caption in torch.load(path)["captions"]
    ]
    tokenizer = train_tokenizer(captions, folder / "tokenizer")
    examples = latents.load(folder / "latents", tokenizer)
    encoder = text_pretraining.build(tokenizer)
    text_pretraining.train(Team(), examples, encoder, folder, Once())
    models = denoiser.build(), text_pretraining.load(folder / "text_encoder")
    silence = latents.tokens_of([""], tokenizer)
    loop = denoiser.train(Team(), examples, silence, models, folder, Once())
    save_pipeline(*models, autoencoder.build(), tokenizer, folder / "pipeline")
    return folder, examples, loop


def test_the_latents_of_a_scene_lie_beside_its_caption(trained):
    """An eighth of the picture's side, four channels, one row of tokens."""
    _, examples, _ = trained

    assert examples.latents.shape == (32, 4, 16, 16)
    assert examples.tokens.shape[0] == len(examples) == 32
    assert torch.isfinite(examples.latents).all()


def test_the_denoiser_and_the_text_encoder_learn_together(trained):
    """Two steps moved both, and their average is kept in the checkpoint."""
    folder, _, loop = trained

    state = torch.load(folder / "denoiser.pt")
    before = text_pretraining.load(folder / "text_encoder").state_dict()

    assert state["step"] == loop.step == 2
    assert set(state["average"]) == set(state["model"])
    assert any(
        not torch.equal(weight, state["model"][f"text.{name}"]) for name, weight in before.items()
    )


def test_the_export_is_a_stock_pipeline_that_draws(trained):
    """No code of ours is needed to draw with it, and it stays within its budget."""
    from diffusers import DiffusionPipeline, StableDiffusionPipeline

    folder = trained[0] / "pipeline"
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())

    pipeline = DiffusionPipeline.from_pretrained(
        folder, torch_dtype=torch.float32, local_files_only=True
    )
    picture = pipeline("an apple", num_inference_steps=1, guidance_scale=2).images[0]

    assert type(pipeline) is StableDiffusionPipeline
    assert picture.size == (128, 128)
    assert size <= 20_000_000
    assert {path.suffix for path in folder.rglob("*") if path.is_file()} <= {
        ".json",
        ".safetensors",
    }
    logging.getLogger("diffusers").setLevel(logging.WARNING)
