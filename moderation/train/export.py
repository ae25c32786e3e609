"""Write a screen's folder: network, tokenizer, n-grams, and the description with their hashes."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from moderation.classifiers.ngrams import NGramModel
from moderation.classifiers.screen_files import (
    NETWORK,
    NGRAMS,
    TOKENIZER,
    Blend,
    ScreenManifest,
    hash_of,
    write_manifest,
)
from moderation.train.graph import write_graph
from moderation.train.manifest import OUTPUTS, UNTAUGHT
from moderation.train.network import Screen

NAME = "easel-screen"
LONGEST_TOKENS = 64


def export(
    folder: Path, screen: Screen, ngrams: NGramModel, tokenizer: Path, blends: Mapping[str, Blend]
) -> None:
    """Write everything anew."""
    folder.mkdir(parents=True, exist_ok=True)
    write_graph(screen, folder / NETWORK)
    ngrams.save(folder / NGRAMS)
    shutil.copyfile(tokenizer, folder / TOKENIZER)
    describe(folder, blends, date="unfinished")


def describe(folder: Path, blends: Mapping[str, Blend], date: str) -> ScreenManifest:
    """Write the description of a folder that has the three files."""
    manifest = ScreenManifest(
        name=NAME,
        version="",
        outputs=OUTPUTS,
        silent=tuple(sorted(UNTAUGHT)),
        longest_tokens=LONGEST_TOKENS,
        blends=dict(blends),
        files={name: hash_of(folder / name) for name in (NETWORK, NGRAMS, TOKENIZER)},
    )
    return write_manifest(folder, manifest, date)
