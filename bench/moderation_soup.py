"""Fit the detector of token soup, and measure it on what it was not fitted on.

    python -m bench.moderation_soup FOLDER [--write]

FOLDER holds the labelled sets. Each is halved by the hash of its rows: the first halves teach, with
the words of prompts that they hold, the others measure. Weights are printed, to be put into
`moderation.obfuscation`; `--write` writes the words. The held-out soups are made otherwise than the
ones that teach: from other pieces, around other phrases.
"""

import argparse
import hashlib
import json
import random
import re
import textwrap
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import astuple, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from moderation import obfuscation
from moderation.lexicon import Lexicon, english
from moderation.obfuscation import Soup, looks
from moderation.train.soup import soup

WORDS = Path(obfuscation.__file__).with_name("lexicon") / "prompts.txt"
TEACHING = ("diffusiondb_traffic", "coco_captions", "overt_benign", "i2p")
MEASURED = (*TEACHING, "six_cd_benign", "t2i_compbench", "vbench", "adversarial_nibbler")
PHRASES = Path(obfuscation.__file__).with_name("train") / "phrases"
FEWEST = 2
"""How often a word must have been seen."""

FALSE_ALARMS = 0.004
_JOINTS = ("](", "\\+", "**", ";)", "].", "!--", "<<", '"?')
_HEAD = """# Words that two prompts or captions hold, alphabetical: what token soup is told by.
# By `python -m bench.moderation_soup` from halves of DiffusionDB (CC0), COCO captions (CC-BY-4.0),
# OVERT (Apache-2.0), I2P (MIT) and from our own phrases. Single words, not their prompts.
"""
Array = NDArray[np.float64]


def main() -> None:
    """Fit, print weights, measure."""
    parser = argparse.ArgumentParser(description="Fit the detector of token soup.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--write", action="store_true", help="write the words of prompts")
    asked = parser.parse_args()
    sets = {name: _rows(asked.folder, name) for name in MEASURED}
    teaching = {name: [text for text in sets[name] if _is_first(text)] for name in TEACHING}
    if asked.write:
        words = _words(text for texts in teaching.values() for text in texts)
        WORDS.write_text(_HEAD + "\n".join(textwrap.wrap(" ".join(words), 100)) + "\n", "utf-8")
        english.cache_clear()
    lexicon = english()
    taught = _soups(lexicon, 7, [text for text in sets["adversarial_nibbler"] if len(text) < 60])
    taught += [text.title() for text in _soups(lexicon, 33, ["", ""], count=600)]
    benign = [seen for texts in teaching.values() for text in texts[:2500] for seen in looks(text)]
    weights = _fit(benign, [list(looks(text))[-1] for text in taught])
    for field, value in zip(fields(Soup), weights, strict=False):
        print(f"    {field.name}={value:.2f},")
    print(f"bias {weights[-1]:.2f}")
    held = {
        name: [text for text in texts if name not in TEACHING or not _is_first(text)]
        for name, texts in sets.items()
    }
    traffic = np.sort(_scores(held["diffusiondb_traffic"], weights))[::-1]
    border = float(traffic[int(FALSE_ALARMS * len(traffic))])
    print(f"border {border:.2f}")
    others = _soups(lexicon, 20, ["naked woman"])
    held |= {
        "held-out soups": others[:1000],
        "held-out soups, each Word So": _titled(others[:300]),
        "held-out soups behind a caption": _behind(held["coco_captions"], others[:400]),
        "held-out soups of words": others[5000:6000],
    }
    for name, texts in held.items():
        share = (_scores(texts, weights) > border).mean()
        now = np.mean([obfuscation.soup(text) > 0.5 for text in texts])
        print(f"{name:30} {len(texts):6} found {share:.4f}   as shipped {now:.4f}")


def _behind(captions: Sequence[str], soups: Sequence[str]) -> list[str]:
    return [f"{caption} {text}" for caption, text in zip(captions, soups, strict=False)]


def _titled(texts: Iterable[str]) -> list[str]:
    return [text.title() for text in texts]


def _rows(folder: Path, name: str) -> list[str]:
    lines = (folder / f"{name}.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line)["text"] for line in lines]


def _is_first(text: str) -> bool:
    return hashlib.sha256(text.encode()).digest()[0] % 2 == 0


def _words(texts: Iterable[str]) -> list[str]:
    counts: Counter[str] = Counter()
    own = [path.read_text("utf-8") for path in sorted(PHRASES.glob("*.yaml"))]
    for text in (*texts, *own):
        counts.update(set(re.findall("[a-z]{2,45}", text.lower())))
    return sorted(word for word, count in counts.items() if count >= FEWEST)


def _soups(lexicon: Lexicon, seed: int, carried: Sequence[str], *, count: int = 5000) -> list[str]:
    """Make soups of pieces, every other one around a phrase; and three fifths as many of words."""
    chance = random.Random(seed)
    pieces = [word[: chance.randrange(2, 8)] for word in lexicon.words()]
    whole = [word for word in lexicon.words() if len(word) > 2]
    made = [soup(pieces, chance, chance.choice(carried) if at % 2 else "") for at in range(count)]
    for at in range(count * 3 // 5):
        known = whole[: (1500, 6000, len(whole))[at % 3]]
        joint = (0.1, 0.4, 0.7, 0.7)[at % 4]
        made.append(_strung(known, joint, chance))
    return made


def _strung(words: Sequence[str], joint: float, chance: random.Random) -> str:
    """String whole words together as optimisers of chat models do, with signs and humps between."""
    text = chance.choice(words)
    for _ in range(chance.randrange(6, 18)):
        word = chance.choice(words)
        if chance.random() < joint:
            glue = chance.choice(_JOINTS)
            text += chance.choice((f" {glue} {word}", f"{glue}{word.title()}", f"{word.title()}"))
        else:
            text += f" {word}"
    return text


def _fit(benign: Sequence[Soup], soups: Sequence[Soup]) -> Array:
    """Fit a logistic regression by Newton's steps; the bias comes last."""
    rows = np.array([astuple(seen) for seen in (*benign, *soups)])
    x = np.c_[rows, np.ones(len(rows))]
    y = np.r_[np.zeros(len(benign)), np.ones(len(soups))]
    weights, ridge = np.zeros(x.shape[1]), np.diag([1e-4] * rows.shape[1] + [1e-9])
    for _ in range(30):
        told = 1 / (1 + np.exp(-x @ weights))
        slope = x.T @ (told - y) / len(y) + ridge @ weights
        bend = (x * (told * (1 - told))[:, None]).T @ x / len(y) + ridge
        weights -= np.linalg.solve(bend, slope)
    return weights


def _scores(texts: Sequence[str], weights: Array) -> Array:
    return np.array(
        [
            max(np.dot(astuple(seen), weights[:-1]) + weights[-1] for seen in looks(text))
            for text in texts
        ]
    )


if __name__ == "__main__":
    main()
