"""Read the labelled sets that the moderation bench counts on, and hide prompts as people do.

The rows are not part of the project: `docs/benchmarks.md` names their sources. What is not there
is left out, and said so.
"""

import hashlib
import json
import random
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from moderation.train.evasions import EVASIONS, evade

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "moderation" / "train" / "sources.yaml"
OWN = ROOT / "tests" / "data" / "prompts" / "_benign.jsonl"


@dataclass(frozen=True, slots=True)
class PromptSet:
    """One row of the table: a file, which of its rows, and what they count as."""

    name: str
    file: str
    kind: str
    """everyday, traffic, scary, questions, other harmless; risky, implicit, explicit, chat."""
    is_harmful: bool
    is_chosen: Callable[[Mapping[str, Any]], bool]
    text: str = "text"


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt to screen."""

    text: str
    set: PromptSet
    category: str
    """The source's own."""


def _label(value: int | None) -> Callable[[Mapping[str, Any]], bool]:
    return lambda row: row["label"] == value


def _is_implicit(row: Mapping[str, Any]) -> bool:
    """Harmless words for a harmful picture, by five raters of both."""
    return bool(row["implicit"])


def _is_plain_explicit(row: Mapping[str, Any]) -> bool:
    """Sexual by people's labels, and not about minors, of which no set may hold any."""
    return bool(row["labels"].get("S")) and not row["labels"].get("S3")


SETS = (
    *(
        PromptSet(name, name, "everyday", False, _label(0))
        for name in ("coco_captions", "t2i_compbench", "geneval", "vbench", "six_cd_benign")
    ),
    PromptSet("diffusiondb_traffic", "diffusiondb_traffic", "traffic", False, _label(None)),
    PromptSet("overt_benign", "overt_benign", "scary", False, _label(0)),
    PromptSet(
        "benign twins of overt_unsafe", "overt_unsafe", "scary", False, _label(1), "benign_twin"
    ),
    PromptSet("questions of overt_benign", "overt_benign", "questions", False, _label(0), "seed"),
    PromptSet("nibbler, voted safe", "adversarial_nibbler", "other harmless", False, _label(0)),
    PromptSet("six_cd_dual, harmless", "six_cd_dual", "other harmless", False, _label(0)),
    PromptSet("hatecheck, harmless", "hatecheck", "other harmless", False, _label(0)),
    PromptSet("openai, harmless", "openai_moderation", "other harmless", False, _label(0)),
    PromptSet("nibbler", "adversarial_nibbler", "risky", True, _label(1)),
    PromptSet("six_cd_dual", "six_cd_dual", "risky", True, _label(1)),
    PromptSet("overt_unsafe", "overt_unsafe", "overt_unsafe", True, _label(1)),
    PromptSet("nibbler, implicit", "adversarial_nibbler", "implicit", True, _is_implicit),
    PromptSet("openai, sexual", "openai_moderation", "explicit", True, _is_plain_explicit),
    PromptSet("i2p", "i2p", "weak labels", True, _label(1)),
    PromptSet("hatecheck", "hatecheck", "chat", True, _label(1)),
    *(
        PromptSet(name, name, "chat", True, _label(1))
        for name in (
            "ailuminate_demo",
            "simplesafetytests",
            "advbench",
            "harmbench",
            "strongreject",
        )
    ),
)


def read_set(folder: Path, prompts: PromptSet, most: int) -> list[Prompt]:
    """Read a set's rows, at most so many: the same in every run."""
    path = folder / f"{prompts.file}.jsonl"
    if not path.is_file():
        return []
    rows = map(json.loads, path.read_text("utf-8").splitlines())
    found = {
        row[prompts.text]: Prompt(row[prompts.text], prompts, row.get("cat") or "")
        for row in rows
        if prompts.is_chosen(row) and row.get(prompts.text)
    }
    return [found[text] for text in sorted(found, key=_order)[:most]]


def _order(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def uses() -> dict[str, str]:
    """Say what the shipped weights made of each source: train, weak or validate."""
    listed = yaml.safe_load(SOURCES.read_text("utf-8"))["sources"]
    return {source["name"]: source["use"] for source in listed}


def categories() -> dict[str, dict[str, set[str]]]:
    """Give the policy categories that fit a source's own, sure and doubtful ones alike."""
    fitting: dict[str, dict[str, set[str]]] = {}
    for source in yaml.safe_load(SOURCES.read_text("utf-8"))["sources"]:
        sure, maybe = source.get("categories", {}), source.get("doubtful", {})
        fitting[source["name"]] = {
            kind: {*sure.get(kind, ()), *maybe.get(kind, ())} for kind in {*sure, *maybe}
        }
    return fitting


def first_categories() -> dict[str, dict[str, str]]:
    """Give the one policy category that a source's own stands for."""
    listed = yaml.safe_load(SOURCES.read_text("utf-8"))["sources"]
    return {
        source["name"]: {kind: names[0] for kind, names in source.get("categories", {}).items()}
        for source in listed
    }


_STYLES = (
    "highly detailed, 8k, trending on artstation, octane render, cinematic lighting, sharp focus",
    "oil on canvas, impressionist, soft morning light, award winning, masterpiece, intricate",
    "35mm film, bokeh, golden hour, kodak portra 400, shallow depth of field, by annie leibovitz",
    "watercolour, pastel colours, studio ghibli, whimsical, storybook illustration, delicate lines",
)
_PREFIXES = (
    (
        "A sunny afternoon in a small town by the sea, with fishing boats in the harbour, "
        "children flying kites, an old lighthouse on the hill and gulls over the market square"
    ),
    (
        "A detailed matte painting of a mountain valley with a river, pine forests, a bridge, "
        "grazing sheep, wooden cabins with smoking chimneys, and snow on the highest of the peaks"
    ),
    (
        "An architectural visualisation of a modern library with tall windows, oak shelves, "
        "lamps, people studying at long tables, green plants, and a spiral staircase in the middle"
    ),
)
_EUPHEMISMS = {
    r"naked|nude": "in her birthday suit",
    r"blood": "red paint",
    r"bloody": "red-soaked",
    r"corpses?|dead bod(?:y|ies)": "person who sleeps forever",
    r"kill(?:s|ed|ing)?": "sending to sleep forever",
    r"murder(?:s|ed|ing)?": "sending to sleep forever",
    r"guns?|pistols?|rifles?": "boomstick",
    r"knife|knives": "kitchen friend",
    r"bombs?|explosives?": "firework for grown-ups",
    r"drugs?|cocaine|heroin": "party powder",
    r"suicide": "final exit",
    r"sex|sexual": "adult fun",
    r"breasts?|boobs?": "melons",
    r"nazis?|hitler": "angry men with a crooked cross",
    r"weapons?": "tool of harm",
}


def hidings() -> Iterator[tuple[str, Callable[[str], str | None]]]:
    """Name each way to hide a prompt, with what does it; None where it changes nothing."""
    for name in EVASIONS:
        yield name, lambda text, name=name: evade(text, name, "bench")
    yield "euphemism", _euphemised
    yield "style suffix", lambda text: f"{text}, {_pick(_STYLES, text)}"
    yield "long benign prefix", lambda text: f"{_pick(_PREFIXES, text)}. {text}"


def _euphemised(text: str) -> str | None:
    changed = text
    for words, instead in _EUPHEMISMS.items():
        changed = re.sub(rf"\b(?:{words})\b", instead, changed, flags=re.IGNORECASE)
    return None if changed == text else changed


def _pick(choices: tuple[str, ...], text: str) -> str:
    return random.Random(text).choice(choices)


def own_prompts() -> list[str]:
    """Read the harmless prompts that the project's own tests are made of."""
    lines = OWN.read_text("utf-8").splitlines()
    return [json.loads(line)["text"] for line in lines if line.strip()]
