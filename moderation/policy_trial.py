"""Hold a policy to what its rules must find and leave alone, and to a labelled set if one is given.

Each rule may carry examples; those of the shipped ones are in `policies/examples`, one file a
rule, which are the prompts that the tests hold them to.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.contracts.base import utc_now
from core.contracts.ids import CommunityId
from core.contracts.verdicts import Decision, Verdict
from core.errors import UserError
from moderation.engine import Gate
from moderation.policy import SHIPPED_POLICIES, Policy
from moderation.rules import NEGATIVE, ScreenedText

EXAMPLES = SHIPPED_POLICIES / "examples"
_NOBODYS = CommunityId("")


@dataclass(frozen=True, slots=True)
class Miss:
    """One example that a rule does not treat as it must."""

    rule: str
    expected: str
    text: str


@dataclass(frozen=True, slots=True)
class Trial:
    """What a test of a policy found."""

    examples: int
    misses: tuple[Miss, ...]
    labelled: int = 0
    caught: int = 0
    """Unsafe rows that are blocked or reviewed."""
    unsafe: int = 0
    blocked_safe: int = 0

    @property
    def is_passed(self) -> bool:
        """Tell whether every rule does as its examples say."""
        return not self.misses


@dataclass(frozen=True, slots=True)
class _Example:
    rule: str
    expected: str
    texts: tuple[ScreenedText, ...]


def try_policy(
    gate: Gate, examples: Path = EXAMPLES, labelled: Sequence[tuple[str, bool]] = ()
) -> Trial:
    """Run every rule's examples, and count what becomes of labelled texts (text, is it unsafe)."""
    policy = gate.policy
    misses, count = [], 0
    for each in (*_own(policy), *_shipped(policy, examples)):
        count += 1
        found = {finding.source for finding in _screen(gate, each.texts).findings}
        if (f"rule:{each.rule}" in found) != (each.expected == "hit"):
            misses.append(Miss(each.rule, each.expected, each.texts[0].text))
    decisions = [
        (is_unsafe, _screen(gate, (ScreenedText("prompt", text),)).decision)
        for text, is_unsafe in labelled
    ]
    unsafe = [decision for is_unsafe, decision in decisions if is_unsafe]
    safe = [decision for is_unsafe, decision in decisions if not is_unsafe]
    return Trial(
        examples=count,
        misses=tuple(misses),
        labelled=len(decisions),
        caught=sum(decision is not Decision.ALLOW for decision in unsafe),
        unsafe=len(unsafe),
        blocked_safe=sum(decision is Decision.BLOCK for decision in safe),
    )


def read_labelled(path: Path) -> list[tuple[str, bool]]:
    """Read a labelled set: one JSON object a line with `text` and `label` (unsafe or safe).

    Raises:
        UserError: `labelled_unreadable`, with the first line that is not of this form.
    """
    rows = []
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError("labelled_unreadable", value=path.name, left=0) from error
    for number, line in enumerate(lines, start=1):
        try:
            row = json.loads(line)
            rows.append((str(row["text"]), {"unsafe": True, "safe": False}[row["label"]]))
        except (ValueError, KeyError, TypeError) as error:
            raise UserError("labelled_unreadable", value=path.name, left=number) from error
    return rows


def _own(policy: Policy) -> Iterator[_Example]:
    for rule in policy.rules:
        for expected, texts in (
            ("hit", rule.examples.hits),
            ("near_miss", rule.examples.near_misses),
            ("miss", rule.examples.misses),
        ):
            for text in texts:
                yield _Example(rule.id, expected, (ScreenedText("prompt", text),))


def _shipped(policy: Policy, folder: Path) -> Iterator[_Example]:
    for rule in policy.rules:
        path = folder / f"{rule.id}.jsonl"
        lines: Iterable[str] = path.read_text("utf-8").splitlines() if path.is_file() else ()
        for line in lines:
            row = json.loads(line)
            negatives = [ScreenedText(NEGATIVE, term) for term in row.get("negative", [])]
            texts = (ScreenedText("prompt", row["text"]), *negatives)
            yield _Example(rule.id, row["expect"], texts)


def _screen(gate: Gate, texts: Sequence[ScreenedText]) -> Verdict:
    return gate.screen_rules(texts, community_id=_NOBODYS, now=utc_now())
