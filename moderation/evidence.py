"""Say how sure a rule's match is: how often what it found was unfit, counted once.

`policies/evidence.yaml` has the counts; `python -m bench.moderation_evidence` made them. They are
evidence, no more: what a match *asks for* is the policy's word, whatever its score, and no
threshold is ever held against a rule.
"""

from functools import cache

import yaml
from pydantic import Field, model_validator

from core.contracts.base import Contract
from moderation.policy import SHIPPED_POLICIES

EVIDENCE_FILE = SHIPPED_POLICIES / "evidence.yaml"

PRIOR = 8
"""How many matches of an average rule are added to those of each: few matches prove little."""


class Counted(Contract):
    """What became of one rule's matches."""

    unfit: int = Field(ge=0)
    of: int = Field(ge=1)

    @model_validator(mode="after")
    def _of_all(self) -> "Counted":
        if self.unfit > self.of:
            raise ValueError("more matches are unfit than there are")
        return self


class Evidence(Contract):
    """The counts of all rules that found anything."""

    how: str = Field(min_length=1, description="On what, and when.")
    certain: tuple[str, ...] = Field(description="Rules that cannot be wrong.")
    rules: dict[str, Counted] = Field(min_length=1)

    def sureness(self, rule_id: str) -> float:
        """Estimate how likely a match of a rule is unfit; one that was not measured is average."""
        if rule_id in self.certain:
            return 1.0
        average = sum(each.unfit for each in self.rules.values()) / sum(
            each.of for each in self.rules.values()
        )
        counted = self.rules.get(rule_id)
        if counted is None:
            return average
        return (counted.unfit + PRIOR * average) / (counted.of + PRIOR)


@cache
def shipped_evidence() -> Evidence:
    """Read the shipped counts, once."""
    return Evidence.model_validate(yaml.safe_load(EVIDENCE_FILE.read_text("utf-8")))


@cache
def sureness(rule_id: str) -> float:
    """Say how sure a match of a rule is; a rule of somebody's own is as sure as the average."""
    return round(shipped_evidence().sureness(rule_id), 3)
