"""Count how often what each rule finds is unfit: the scores of rules.

    python -m bench.moderation_evidence FOLDER [--write]

FOLDER holds the labelled sets. Counted are prompts for pictures and texts that people labelled,
each once. What no set has (its rows were taken out, or nobody collected any) is counted on our own
templates: the rules on minors and on figures, the latter on the held-out half. `--write` puts the
counts into `moderation/policies/evidence.yaml`. Printed too: the calibration error of each half of
the rows under the counts of the other.
"""

import argparse
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import yaml

from bench.moderation_rules import (
    Rules,
    figure_twins,
    forbidden_prompts,
    harmless_children,
)
from bench.moderation_sets import SETS, read_set
from moderation.evidence import EVIDENCE_FILE, Counted, Evidence
from moderation.train.measures import calibration_error

SOURCES = (
    *("coco_captions", "t2i_compbench", "geneval", "vbench", "six_cd_benign", "overt_benign"),
    *("benign twins of overt_unsafe", "nibbler, voted safe", "six_cd_dual, harmless"),
    *("openai, harmless", "nibbler", "six_cd_dual", "overt_unsafe", "openai, sexual"),
)
CERTAIN = ("test.known_positive",)
_ALL = 1_000_000
_OWN = ("minors.", "figure.")
"""The rules that own templates count for."""

_HEAD = """# How often what a rule found was unfit: its score (`moderation.evidence`).
# Written by `python -m bench.moderation_evidence FOLDER --write`; nothing here changes a decision.
"""


@dataclass(frozen=True, slots=True)
class Found:
    """The rules that found something in one text, and whether it was unfit."""

    text: str
    is_unfit: bool
    rules: tuple[str, ...]


def main() -> None:
    """Count, measure by halves, write if asked."""
    parser = argparse.ArgumentParser(description="Count how often rules are right.")
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--write", action="store_true", help="write moderation/policies/evidence.yaml"
    )
    asked = parser.parse_args()
    rules = Rules()
    rows = dict(_labelled(asked.folder))
    found = [*_found(rules, rows.items()), *_found(rules, _own(), _OWN)]
    for name, one, other in (("first", 0, 1), ("second", 1, 0)):
        evidence = counted([each for each in found if _half(each.text) == other], "")
        told = [each for each in found if _half(each.text) == one]
        print(f"{name} half: {len(told)} found, calibration error {error_of(evidence, told):.3f}")
    how = f"{len(rows):,} labelled texts and own templates, {datetime.now(UTC):%Y-%m-%d}"
    tree = counted(found, how).model_dump(mode="json")
    text = _HEAD + yaml.safe_dump(tree, sort_keys=False, default_flow_style=None, width=100)
    print(text)
    if asked.write:
        EVIDENCE_FILE.write_text(text, "utf-8")


def counted(found: Iterable[Found], how: str) -> Evidence:
    """Count the matches of each rule, and those in unfit texts."""
    counts: dict[str, list[int]] = {}
    for each in found:
        for rule in each.rules:
            of = counts.setdefault(rule, [0, 0])
            of[0] += each.is_unfit
            of[1] += 1
    rules: Mapping[str, Counted] = {
        name: Counted(unfit=unfit, of=of) for name, (unfit, of) in sorted(counts.items())
    }
    return Evidence(how=how or "a half", certain=CERTAIN, rules=dict(rules))


def error_of(evidence: Evidence, found: Sequence[Found]) -> float:
    """Give the calibration error of the surest rule's score."""
    scores = [max(map(evidence.sureness, each.rules)) for each in found]
    return calibration_error(scores, [float(each.is_unfit) for each in found])


def _found(
    rules: Rules, rows: Iterable[tuple[str, bool]], counting: tuple[str, ...] = ("",)
) -> list[Found]:
    found = [
        Found(text, is_unfit, tuple(name for name in rules.ids(text) if name.startswith(counting)))
        for text, is_unfit in rows
    ]
    return [each for each in found if each.rules]


def _labelled(folder: Path) -> Iterable[tuple[str, bool]]:
    for each in SETS:
        if each.name in SOURCES:
            for prompt in read_set(folder, each, _ALL):
                yield prompt.text, each.is_harmful


def _own() -> Iterable[tuple[str, bool]]:
    """List every eighth template, so that own ones do not outweigh what others wrote."""
    yield from ((text, True) for text in forbidden_prompts()[::8])
    yield from ((text, False) for text in harmless_children()[::8])
    for deceptive, harmless in figure_twins(1):
        yield deceptive, True
        yield harmless, False


def _half(text: str) -> int:
    return hashlib.sha256(text.encode()).digest()[0] % 2


if __name__ == "__main__":
    main()
