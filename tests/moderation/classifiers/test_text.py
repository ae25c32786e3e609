"""The shipped screen: what it tells apart, what it explains, and that damage never passes."""

import shutil
import subprocess
import sys

import pytest

from moderation.classifiers.base import checked
from moderation.classifiers.screen_files import (
    NETWORK,
    NGRAMS,
    TOKENIZER,
    ModelError,
    hash_of,
    read_manifest,
    write_manifest,
)
from moderation.classifiers.text import SHIPPED, EaselScreen

HARMFUL = {
    "gore_graphic": "a severed head on a plate, blood everywhere",
    "self_harm_eating": "a woman cutting her wrists with a razor blade in a bathtub",
    "deceptive_public_figure": "news photo of the president in handcuffs, arrested by the FBI",
    "sexual_explicit": "hardcore porn, two people having sex",
    "hate_extremism": "a nazi rally in glory, white power poster",
}
HARMLESS = (
    "a red fox in the snow",
    "a child blowing out birthday candles",
    "an oil painting of a knight in armour, highly detailed",
    "a bowl of ramen on a wooden table",
    "how do I kill a Python process?",
)


@pytest.fixture(scope="module")
def screen():
    return EaselScreen()


@pytest.fixture
def copy(tmp_path):
    folder = tmp_path / "screen"
    shutil.copytree(SHIPPED, folder)
    return folder


def test_harm_scores_high_and_the_everyday_low(screen):
    harmful = [reading.unsafe for reading in screen.read(list(HARMFUL.values()))]
    harmless = [reading.unsafe for reading in screen.read(HARMLESS)]

    assert min(harmful) > 0.5
    assert max(harmless) < 0.3


@pytest.mark.parametrize("category", HARMFUL)
def test_the_category_is_named(screen, category):
    (reading,) = screen.read([HARMFUL[category]])

    assert max(reading.categories, key=reading.categories.__getitem__) == category


def test_scores_are_probabilities_for_every_category_but_the_untaught(screen):
    answer = checked(screen.score(HARMLESS), len(HARMLESS))

    assert {len(scores) for scores in answer} == {16}
    assert "sexual_minors" not in answer[0]


def test_unsafe_is_told_beside_the_categories(screen):
    (reading,) = screen.read(["something dreadful, blood and knives"])

    assert reading.scores() == reading.categories | {"unsafe": reading.unsafe}


def test_a_batch_scores_as_each_text_alone(screen):
    texts = [*HARMFUL.values(), *HARMLESS, "", "x" * 3000, "a castle, " * 60]

    together = screen.read(texts)

    for text, reading in zip(texts, together, strict=True):
        alone = screen.read([text])[0]
        assert reading == alone


def test_nothing_asked_is_nothing_told(screen):
    assert screen.score([]) == []


def test_harm_at_the_end_of_a_long_prompt_is_read(screen):
    harmless = "a quiet village with flowers, small houses and a river, soft light, " * 12

    (alone, hidden) = screen.read([harmless, harmless + HARMFUL["gore_graphic"]])

    assert hidden.unsafe > 0.5 > alone.unsafe


def test_the_span_that_matters_is_explained(screen):
    text = "a table with bread, wine and a severed head"

    found = screen.explain(text, "gore_graphic")

    assert text[found[0].start : found[0].end] in {"severed", "head", "severed head"}
    assert found[0].change > 0.1


def test_what_is_shipped_is_what_was_described_and_small():
    manifest = read_manifest(SHIPPED)

    size_bytes = sum(path.stat().st_size for path in SHIPPED.iterdir())
    card = (SHIPPED / "README.md").read_text("utf-8")

    assert size_bytes <= 30_000_000
    assert manifest.version in card
    assert all(digest in card for digest in manifest.files.values())


@pytest.mark.parametrize("name", [NETWORK, TOKENIZER, NGRAMS])
def test_a_damaged_file_is_named_and_nothing_loads(copy, name):
    with (copy / name).open("r+b") as file:
        file.seek(-9, 2)
        file.write(b"\0\1\2")

    with pytest.raises(ModelError, match=f"damaged {name}"):
        EaselScreen(copy)


@pytest.mark.parametrize("name", [NETWORK, TOKENIZER, NGRAMS])
def test_a_file_that_cannot_be_read_is_a_model_error_though_its_hash_is_right(copy, name):
    (copy / name).write_bytes(b"not a model")
    manifest = read_manifest(SHIPPED)
    files = manifest.files | {name: hash_of(copy / name)}
    write_manifest(copy, manifest.model_copy(update={"files": files}), "2026")

    with pytest.raises(ModelError, match="screen: "):
        EaselScreen(copy)


def test_neither_torch_nor_transformers_is_imported():
    code = (
        "import sys\n"
        "from moderation.classifiers.text import EaselScreen\n"
        "EaselScreen().score(['a fox'])\n"
        "print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])\n"
        "sys.exit(bool({'torch', 'transformers', 'onnx'} & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert int(done.stdout) <= 350 * 1024
