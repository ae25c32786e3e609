"""The tokenizer knows the captions' words whole, and survives every other."""

import pytest

from worker.train.tokenizer import MAX_LENGTH, load_tokenizer, train_tokenizer

CAPTIONS = ["a red apple and a rocket on a blue background", "three foxes at night"] * 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A tokenizer that was trained and saved."""
    folder = tmp_path_factory.mktemp("tokenizer")
    train_tokenizer(CAPTIONS, folder)
    return folder


def test_a_caption_comes_back(folder):
    """Word by word, through the file."""
    tokenizer = load_tokenizer(folder)

    ids = tokenizer(CAPTIONS[0])["input_ids"]

    assert tokenizer.decode(ids, skip_special_tokens=True).strip() == CAPTIONS[0]
    assert len(ids) == len(CAPTIONS[0].split()) + 2


def test_an_unknown_word_falls_into_letters(folder):
    """An unknown piece would read as the end of the prompt."""
    tokenizer = load_tokenizer(folder)

    ids = tokenizer("a hyperrealistic xylophone 9")["input_ids"]

    assert ids.count(tokenizer.eos_token_id) == 1
    assert ids[-1] == tokenizer.eos_token_id


def test_prompts_are_filled_up_as_the_pipeline_does_it(folder):
    """CLIP's way: the end's own token to the full length."""
    tokenizer = load_tokenizer(folder)

    ids = tokenizer("a fox", padding="max_length", truncation=True)["input_ids"]

    assert len(ids) == MAX_LENGTH == tokenizer.model_max_length
    assert tokenizer.pad_token_id == tokenizer.eos_token_id == ids[-1]


def test_the_same_captions_give_the_same_tokenizer(folder, tmp_path):
    """In whatever order they come: else a run that was stopped would come to another model."""
    train_tokenizer(CAPTIONS[::-1], tmp_path)

    again, first = ((place / "tokenizer.json").read_bytes() for place in (tmp_path, folder))

    assert again == first
