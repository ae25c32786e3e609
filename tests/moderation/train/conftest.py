"""A recipe small enough to run in a test: its data, its start, and what it made."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from moderation.train.fitting import Lesson
from moderation.train.minilm import MiniLM
from moderation.train.network import Shape
from moderation.train.stages import Plan, run

SHAPE = Shape(width=16, layers=1, heads=2, inner=16, vocabulary=90, positions=80)
PIECES = ("severed", "blood", "castle", "knight", "flower", "porn", "naked", "bread")


@pytest.fixture(scope="session")
def minilm(tmp_path_factory):
    folder = tmp_path_factory.mktemp("minilm")
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    pieces = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        *letters,
        *(f"##{one}" for one in letters),
        *PIECES,
    ]
    vocabulary = {piece: at for at, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    save_file(published(SHAPE), folder / "model.safetensors")
    return MiniLM(folder / "model.safetensors", folder / "tokenizer.json")


def published(shape):
    """Weights by the names that BERT is published with."""
    torch.manual_seed(0)
    width, inner = shape.width, shape.inner
    state = {
        "embeddings.word_embeddings.weight": torch.randn(shape.vocabulary, width),
        "embeddings.position_embeddings.weight": torch.randn(2 * shape.positions, width),
        "embeddings.token_type_embeddings.weight": torch.randn(2, width),
        "embeddings.LayerNorm.weight": torch.ones(width),
        "embeddings.LayerNorm.bias": torch.zeros(width),
    }
    sizes = {
        "attention.self.query": (width, width),
        "attention.self.key": (width, width),
        "attention.self.value": (width, width),
        "attention.output.dense": (width, width),
        "intermediate.dense": (inner, width),
        "output.dense": (width, inner),
    }
    for number in range(shape.layers):
        for name, size in sizes.items():
            state[f"encoder.layer.{number}.{name}.weight"] = torch.randn(size) * 0.3
            state[f"encoder.layer.{number}.{name}.bias"] = torch.randn(size[0]) * 0.1
        for name in ("attention.output.LayerNorm", "output.LayerNorm"):
            state[f"encoder.layer.{number}.{name}.weight"] = torch.ones(width)
            state[f"encoder.layer.{number}.{name}.bias"] = torch.zeros(width)
    return state


_HARMLESS = ("a castle {}", "a knight and a flower {}", "bread {} on a table")
_HARMFUL = ("severed arm {}", "blood on {} a wall", "naked {} porn")


def _lines(name):
    """Twelve rows in the manner of each set."""
    for number in range(12):
        harmful = _HARMFUL[number % 3].format(f"{name[:3]} {number}")
        harmless = _HARMLESS[number % 3].format(f"{name[:3]} {number}")
        is_harmless = name in {
            "coco_captions", "t2i_compbench", "geneval", "vbench", "six_cd_benign",
            "diffusiondb_traffic", "overt_benign",
        } or (name in {"adversarial_nibbler", "six_cd_dual", "openai_moderation"} and number % 2)  # fmt: skip
        line = {"text": harmless if is_harmless else harmful, "label": int(not is_harmless)}
        line |= {"cat": _KINDS.get(name, ""), "grp": f"{name}{number}"}
        line["votes"] = {"n": 5, "text_unsafe": 4 * line["label"], "image_unsafe": 2}
        line |= {"hard": "1", "inappropriate": 80.0}
        if name.startswith("overt"):
            line |= {"seed": f"why is {harmless}?"}
        if name == "overt_unsafe":
            line |= {"benign_twin": f"a play with {harmless}"}
        if name == "diffusiondb_traffic":
            line["label"] = None
        yield line


_KINDS = {
    "adversarial_nibbler": "violent",
    "overt_unsafe": "violence",
    "i2p": "violence",
    "six_cd_dual": "harm",
    "openai_moderation": "V",
}


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Two threads of torch beside other tests wait for each other longer than they work."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    from moderation.train.manifest import load_manifest

    folder = tmp_path_factory.mktemp("data")
    for source in load_manifest().sources:
        lines = "\n".join(map(json.dumps, _lines(source.name)))
        (folder / f"{source.name}.jsonl").write_text(lines)
    return folder


@pytest.fixture(scope="session")
def plan(tmp_path_factory, minilm, data):
    phrases = tmp_path_factory.mktemp("phrases")
    (phrases / "one.yaml").write_text(
        "words: {what: a severed arm; blood on a knife, who: a knight; a flower}\n"
        "sets:\n"
        "- {name: violence.gore, labels: [gore_graphic], count: 20,"
        " templates: '{what} by {who} => {who} and bread'}\n"
        "- {name: sexual.acts, labels: [sexual_explicit], count: 9, templates: 'porn of {who}'}\n"
    )
    return Plan(
        data=data,
        minilm=minilm,
        out=Path(tmp_path_factory.mktemp("out")),
        date="2026.1.2",
        lesson=Lesson(epochs=1, batch=64, peak=1e-2, head_peak=0.1, average_every=1, save_every=4),
        folds=("a", "b", "c"),
        shape=SHAPE,
        phrases=phrases,
        ship=tmp_path_factory.mktemp("shipped"),
    )


@pytest.fixture(scope="session")
def made(plan):
    """Run the whole recipe, once for every test that looks at what it makes."""
    run(plan)
    return plan.out
