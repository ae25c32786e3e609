"""Train the tokenizer on the captions, so that every word of the vocabulary is one token."""

import json
from collections.abc import Iterable
from pathlib import Path
from string import ascii_lowercase, digits

from tokenizers import pre_tokenizers, trainers

from worker.train.parts import Tokenizer, new_tokenizer

BEGIN, END = "<|startoftext|>", "<|endoftext|>"
MAX_LENGTH = 32
"""Tokens of a prompt, with the two at its ends: the longest caption has 20."""
VOCABULARY_SIZE = 2048
"""At the most; words that are no caption's fall apart into letters."""


def train_tokenizer(captions: Iterable[str], folder: Path) -> Tokenizer:
    """Learn the byte pairs of the captions and save the tokenizer."""
    blank = new_tokenizer()
    learner = blank.backend_tokenizer
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY_SIZE - len(ascii_lowercase + digits) - 2,
        min_frequency=2,
        special_tokens=[],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        end_of_word_suffix="</w>",
        show_progress=False,
    )
    learner.train_from_iterator((caption.lower() for caption in captions), trainer)
    learnt = json.loads(learner.to_str())["model"]
    pieces = [piece for piece in learnt["vocab"] if piece not in {BEGIN, END}]
    # A word may end in any letter, whether or not one of the captions' words does.
    endings = [f"{letter}</w>" for letter in ascii_lowercase + digits]
    known = dict.fromkeys([*pieces, *endings, BEGIN, END])
    words = {piece: index for index, piece in enumerate(known)}
    merges = [tuple(pair) for pair in learnt["merges"]]
    tokenizer = new_tokenizer(vocab=words, merges=merges, model_max_length=MAX_LENGTH)
    tokenizer.save_pretrained(folder)
    return tokenizer


def load_tokenizer(folder: Path) -> Tokenizer:
    """Read a tokenizer that was saved."""
    return new_tokenizer.from_pretrained(folder, local_files_only=True)
