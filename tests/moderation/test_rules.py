"""Each shipped rule against its prompts: hits, misses and near-misses, as data.

`tests/data/prompts/<rule id>.jsonl` holds one prompt a line: `text`, `expect` (hit, near_miss,
miss) and, where it matters, the terms of `--no`. A near-miss holds the rule's words, or letters
that look like them, in a harmless sense.
"""

import json
from collections import Counter
from pathlib import Path

import pytest

from core.contracts.verdicts import Decision
from moderation.policy import load_policy

PROMPTS = Path(__file__).parents[1] / "data" / "prompts"
RULES = {rule.id: rule for rule in load_policy().rules}


def rows_of(name: str) -> list[dict]:
    lines = (PROMPTS / f"{name}.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def cases():
    for rule_id in RULES:
        for row in rows_of(rule_id):
            shown = " --no ".join([row["text"], *row.get("negative", [])])
            yield pytest.param(rule_id, row, id=f"{rule_id}: {row['expect']}: {shown}")


def sources_of(verdict) -> set[str]:
    return {finding.source for finding in verdict.findings}


@pytest.mark.parametrize(("rule_id", "row"), [*cases()])
def test_a_rule_finds_what_it_is_for_and_nothing_near_it(rule_id, row, screen):
    negatives = [("negative", term) for term in row.get("negative", [])]

    verdict = screen(row["text"], *negatives)

    assert (f"rule:{rule_id}" in sources_of(verdict)) == (row["expect"] == "hit")


@pytest.mark.parametrize("rule_id", list(RULES))
def test_every_rule_has_hits_misses_and_near_misses(rule_id):
    counts = Counter(row["expect"] for row in rows_of(rule_id))

    assert counts["hit"] >= 3
    assert counts["near_miss"] >= 2
    assert counts["miss"] >= 1


def test_no_prompts_belong_to_a_rule_that_is_gone():
    names = {path.stem for path in PROMPTS.glob("*.jsonl") if not path.stem.startswith("_")}

    assert names == set(RULES)


@pytest.mark.parametrize("text", [row["text"] for row in rows_of("_benign")])
def test_an_everyday_prompt_passes_without_a_finding(text, screen):
    verdict = screen(text)

    assert verdict.findings == ()
    assert verdict.decision is Decision.ALLOW


@pytest.mark.parametrize("row", [pytest.param(row, id=row["why"]) for row in rows_of("_evasions")])
def test_an_obfuscated_prompt_is_blocked_like_the_plain_one(row, screen):
    verdict = screen(row["text"])

    assert verdict.decision is Decision.BLOCK
    assert verdict.category in {"sexual_explicit", "sexual_suggestive"}


@pytest.mark.parametrize("row", rows_of("_euphemisms"), ids=lambda row: row["text"])
def test_a_euphemism_is_caught_and_its_words_in_an_honest_sense_pass(row, screen):
    assert screen(row["text"]).decision is not Decision.ALLOW
    assert screen(row["near"]).findings == ()
