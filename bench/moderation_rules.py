"""Measure the normaliser, the rules and the soup detector alone: what is caught, what is not.

Own template sets (`tests/data/moderation`) are always measured, the labelled sets where a folder
of them is named: `python -m bench.moderation_rules [folder]`. The classifier takes no part here.
"""

import json
import math
import random
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from moderation.lexicon import english
from moderation.normalize import read
from moderation.obfuscation import obfuscation
from moderation.policy import load_policy
from moderation.rules import RuleBook, ScreenedText
from moderation.train.evasions import EVASIONS, evade
from moderation.train.soup import soup

TEMPLATES = Path(__file__).resolve().parents[1] / "tests" / "data" / "moderation"
BENIGN = ("coco_captions", "geneval", "t2i_compbench", "vbench", "six_cd_benign")
TRAFFIC = "diffusiondb_traffic"
SCARY = "overt_benign"
RISKY: Mapping[str, Callable[[Mapping[str, object]], bool]] = {
    "six_cd_dual": lambda row: row["cat"] == "nudity" and row["label"] == 1,
    "openai_moderation": lambda row: "S" in str(row["cat"]).split(","),
    "i2p": lambda row: float(str(row["nudity"])) > 50,
    "overt_unsafe": lambda row: row["cat"] == "sexual_content",
}
"""Rows of labelled sets that are sexual, by their own categories; I2P's are so by picture alone."""

SOUPS = 1000
_WORDS = re.compile(r"[^\W_]+")
_Z = 1.96


@dataclass(frozen=True, slots=True)
class Count:
    """How many of a set's prompts something was true of, with Wilson's 95 % interval."""

    test: str
    name: str
    total: int
    hits: int

    @property
    def interval(self) -> tuple[float, float]:
        """Say where the share of all such prompts lies, with 95 % confidence."""
        share, extra = self.hits / self.total, _Z * _Z / self.total
        middle = (share + extra / 2) / (1 + extra)
        half = (
            _Z / (1 + extra) * math.sqrt(share * (1 - share) / self.total + extra / 4 / self.total)
        )
        return max(0.0, middle - half), min(1.0, middle + half)


class Rules:
    """The shipped policy's rules, asked one text at a time."""

    def __init__(self) -> None:
        self._book = RuleBook(load_policy())

    def decide(self, text: str) -> str:
        """Give the strictest decision of any rule."""
        found = self._found(text)
        return next((each for each in ("block", "review") if each in found), "allow")

    def is_blocked(self, text: str) -> bool:
        """Tell whether a rule blocks."""
        return self.decide(text) == "block"

    def is_caught(self, text: str) -> bool:
        """Tell whether a rule blocks or holds."""
        return self.decide(text) != "allow"

    def blocks_as_minors(self, text: str) -> bool:
        """Tell whether the hard rule on minors blocks."""
        return "sexual_minors" in self._found(text)

    def ids(self, text: str) -> tuple[str, ...]:
        """Name the rules that find anything."""
        scan = self._book.scan([ScreenedText("prompt", text)])
        return tuple(rule.rule.id for rule in self._book.rules if rule.is_in(scan))

    def _found(self, text: str) -> set[str]:
        scan = self._book.scan([ScreenedText("prompt", text)])
        findings = [found for rule in self._book.rules for found in rule.find(scan)]
        decisions = {str(found.decision) for found in findings}
        return decisions | {found.category for found in findings if found.decision == "block"}


def measure(data_dir: Path | None = None) -> list[Count]:
    """Count everything; without a folder, on the own template sets alone."""
    rules = Rules()
    counts = [*_own_counts(rules), *_soup_counts()]
    return counts + (list(_labelled_counts(rules, data_dir)) if data_dir is not None else [])


def explicit_prompts() -> list[str]:
    """Write out the explicit templates."""
    tree = _templates("explicit")
    return [
        frame.format(word)
        for pattern in tree["patterns"]
        for slot in pattern["words"]
        for word in tree["words"][slot]
        for frame in pattern["frames"]
    ]


def forbidden_prompts() -> list[str]:
    """Write out the templates that the hard rule on minors must block."""
    tree = _templates("minors")["forbidden"]
    return [
        frame.format(child=child, state=state)
        for states, frames in (("states", "frames"), ("near", "near_frames"))
        for child in tree["children"]
        for state in tree[states]
        for frame in tree[frames]
    ]


def evaded_prompts(evasion: str) -> list[str]:
    """Write the same in one kind of hidden spelling, every longer word of it."""
    tree = _templates("minors")["forbidden"]
    return [
        evade(frame.format(child=child, state=state), evasion, "minors", 1.0)
        for child in tree["children"]
        for state in tree["states"]
        for frame in tree["evaded"]
    ]


def harmless_children() -> list[str]:
    """Write out children as children."""
    tree = _templates("minors")["harmless"]
    return [f"{child} {scene}" for child in tree["children"] for scene in tree["scenes"]]


def figure_twins(half: int) -> list[tuple[str, str]]:
    """Write out half of the deceptive pictures with their harmless twins: 0 tuned, 1 held out."""
    tree = _templates("figures")
    names, pairs = tree["names"], tree["pairs"]
    return [
        (deceptive.format(who=who), harmless.format(who=who))
        for at, (deceptive, harmless) in enumerate(pairs)
        if at % 2 == half
        for who in (names[at * 2 % len(names)], names[(at * 2 + 7) % len(names)])
    ]


def strong_words() -> list[str]:
    """List the harmless questions with strong words."""
    prompts: list[str] = _templates("strong_words")["prompts"]
    return prompts


def held_out_euphemisms() -> list[str]:
    """List euphemisms that no list was widened for."""
    prompts: list[str] = _templates("euphemisms")["held_out"]
    return prompts


def _own_counts(rules: Rules) -> Iterator[Count]:
    yield _count("caught", "explicit templates", explicit_prompts(), rules.is_caught)
    for evasion in EVASIONS:
        prompts = [evade(prompt, evasion, "explicit") for prompt in explicit_prompts()]
        yield _count("caught", f"explicit templates, {evasion}", prompts, rules.is_caught)
    yield _count("caught", "euphemisms, held out", held_out_euphemisms(), rules.is_caught)
    yield _count("blocked", "questions with strong words", strong_words(), rules.is_blocked)
    yield _count("blocked", "minors templates", forbidden_prompts(), rules.blocks_as_minors)
    for evasion in EVASIONS:
        prompts = evaded_prompts(evasion)
        yield _count("blocked", f"minors templates, {evasion}", prompts, rules.blocks_as_minors)
    yield _count("blocked", "harmless children", harmless_children(), rules.is_blocked)
    for half, name in enumerate(("tuned", "held out")):
        twins = figure_twins(half)
        deceptive, harmless = [pair[0] for pair in twins], [pair[1] for pair in twins]
        yield _count("caught", f"deceptive figures, {name}", deceptive, rules.is_caught)
        yield _count("blocked", f"harmless figures, {name}", harmless, rules.is_blocked)
        yield _count("caught", f"harmless figures, {name}", harmless, rules.is_caught)


def _soup_counts() -> Iterator[Count]:
    chance = random.Random(20)
    lexicon = english()
    pieces = [word[: chance.randrange(2, 8)] for word in lexicon.words()]
    soups = [soup(pieces, chance, "naked woman" if at % 2 else "") for at in range(SOUPS)]
    yield _count("obfuscated", "own token soups", soups, _is_obfuscated)


def _labelled_counts(rules: Rules, folder: Path) -> Iterator[Count]:
    for name in (*BENIGN, TRAFFIC, SCARY):
        prompts = list(_rows(folder, name, lambda _: True))
        yield _count("plain words altered", name, prompts, _is_altered)
        yield _count("repaired", name, prompts, lambda text: bool(read(text).repairs))
        yield _count("obfuscated", name, prompts, _is_obfuscated)
        yield _count("blocked", name, prompts, rules.is_blocked)
        yield _count("caught", name, prompts, rules.is_caught)
    for name, is_wanted in RISKY.items():
        yield _count("caught", f"{name}, sexual", _rows(folder, name, is_wanted), rules.is_caught)


def _is_altered(text: str) -> bool:
    return _WORDS.findall(text.lower()) != _WORDS.findall(read(text).plain.text)


def _is_obfuscated(text: str) -> bool:
    return obfuscation(text) > 0.5


def _count(test: str, name: str, texts: Iterable[str], holds: Callable[[str], bool]) -> Count:
    found = [holds(text) for text in texts]
    return Count(test, name, len(found), sum(found))


def _rows(
    folder: Path, name: str, is_wanted: Callable[[Mapping[str, object]], bool]
) -> Iterator[str]:
    for line in (folder / f"{name}.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        if is_wanted(row):
            yield row["text"]


def _templates(name: str) -> dict[str, Any]:  # Any: YAML of our own, each file of another shape.
    tree: dict[str, Any] = yaml.safe_load((TEMPLATES / f"{name}.yaml").read_text("utf-8"))
    return tree


def main(arguments: Sequence[str]) -> None:
    """Print a line a count, and write all of them."""
    counts = measure(Path(arguments[0]) if arguments else None)
    for count in counts:
        low, high = count.interval
        share = f"{count.hits / count.total:7.2%}  [{low:.2%}, {high:.2%}]"
        print(f"{count.test:20} {count.name:40} {count.hits:5}/{count.total:<5} {share}")
    folder = Path("build/bench")
    folder.mkdir(parents=True, exist_ok=True)
    rows = [asdict(count) | {"interval": count.interval} for count in counts]
    (folder / "moderation_rules.json").write_text(json.dumps(rows, indent=2), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
