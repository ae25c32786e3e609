"""Define a policy: what a community allows, as data that people can read and change.

`load_policy` reads one from YAML (see docs/policy.md); an invalid file is refused whole. Two
categories have a floor that no policy can lower: their lists and rules are always added and
their decision is always to block.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self

import re2
from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from core.contracts.base import Contract
from core.contracts.labels import Learning
from core.contracts.verdicts import Decision
from moderation.lists import TERM, compile_pattern
from moderation.policy_house import Labelling, Mode, Retention, Reviewing, Roles, Sanctions
from moderation.policy_refs import CategoryRef, ListRef

SHIPPED_POLICIES = Path(__file__).resolve().parent / "policies"
DEFAULT_POLICY = SHIPPED_POLICIES / "default.yaml"

FLOOR_CATEGORIES = ("sexual_minors", "nonconsensual_intimate")
"""Always blocked, whatever a policy says: both are crimes, not tastes."""

CATEGORY_CODES = (
    "sexual_minors",
    "sexual_explicit",
    "sexual_suggestive",
    "nonconsensual_intimate",
    "gore_graphic",
    "violence_weapons",
    "self_harm_eating",
    "hate_extremism",
    "harassment_private_person",
    "deceptive_public_figure",
    "deceptive_document",
    "illegal_goods_activity",
    "privacy_data",
    "shock_disturbing",
    "ip_brand",
    "evasion_signal",
)
"""The stable codes of the taxonomy, in its order. A policy words them all and adds none."""


class MissingCheck(StrEnum):
    """What to do where a check that should run is not configured."""

    RULES_ONLY = "rules_only"
    REVIEW = "review"
    BLOCK = "block"


class Severity(StrEnum):
    """How grave a category is; among findings of one decision the gravest is named."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Previews(StrEnum):
    """Who sees the pictures of a running job before they are checked."""

    OFF = "off"
    REQUESTER = "requester"


def _sound_pattern(pattern: str) -> str:
    try:
        matches_nothing = compile_pattern(pattern).search("")
    except re2.error as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else error.args[0]
        raise PydanticCustomError(
            "bad_pattern", "not a regular expression: {reason}", {"reason": reason}
        ) from error
    if matches_nothing:
        raise PydanticCustomError("empty_pattern", "this pattern matches every text")
    return pattern


def _sound_term(term: str) -> str:
    if not TERM.fullmatch(term):
        raise PydanticCustomError(
            "dead_term", "the term `{term}` could never match", {"term": term}
        )
    return term


Pattern = Annotated[str, AfterValidator(_sound_pattern)]
Term = Annotated[str, AfterValidator(_sound_term)]


class Thresholds(Contract):
    """From which classifier score on a category is reviewed or blocked."""

    review: float = Field(gt=0, le=1)
    block: float = Field(gt=0, le=1)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.review > self.block:
            raise PydanticCustomError("thresholds_reversed", "`review` is above `block`")
        return self


class StandardCodes(Contract):
    """What other taxonomies call a category."""

    ailuminate: tuple[str, ...] = ()
    openai: tuple[str, ...] = ()


class Category(Contract):
    """One kind of content and what the community does about it."""

    title: str = Field(min_length=1, description="A few words, as people read them.")
    definition: str = Field(min_length=1, description="What belongs here, for moderators.")
    codes: StandardCodes = StandardCodes()
    severity: Severity
    action: Decision = Field(description="What a finding asks for, unless its rule says else.")
    age_restricted_action: Decision | None = Field(
        default=None, description="The action in age-restricted channels, where it differs."
    )
    appealable: bool = True
    is_echoed: bool = Field(default=True, description="False: the match is never quoted again.")
    member_text: str = Field(min_length=1, description="Told to the author of a refused request.")
    what_would_pass: str = Field(min_length=1, description="What to change.")
    help_text: str | None = Field(default=None, description="Where a person in need finds help.")
    thresholds: Thresholds | None = Field(
        default=None, description="For classifiers; a score without thresholds means review."
    )
    age_restricted_thresholds: Thresholds | None = Field(
        default=None, description="The thresholds in age-restricted channels, where they differ."
    )
    strikes: float = Field(default=0, ge=0, description="What a refusal adds to the ladder.")

    def thresholds_in(self, *, is_age_restricted: bool) -> Thresholds | None:
        """Pick the thresholds of a place."""
        if is_age_restricted and self.age_restricted_thresholds is not None:
            return self.age_restricted_thresholds
        return self.thresholds

    def action_in(self, *, is_age_restricted: bool) -> Decision:
        """Pick the action of a place."""
        if is_age_restricted and self.age_restricted_action is not None:
            return self.age_restricted_action
        return self.action


class CategoryChange(Contract):
    """What a profile changes about a category."""

    action: Decision | None = None
    age_restricted_action: Decision | None = None
    thresholds: Thresholds | None = None
    age_restricted_thresholds: Thresholds | None = None


class Unchecked(Contract):
    """What the author is told where no category decided: a check was missing or failed."""

    title: str = Field(min_length=1)
    member_text: str = Field(min_length=1)
    what_would_pass: str = Field(min_length=1)


class WordList(Contract):
    """Terms and patterns under one name; `file` names a list of terms beside the policy."""

    file: str | None = None
    terms: tuple[Term, ...] = ()
    patterns: tuple[Pattern, ...] = ()
    allow: tuple[Term, ...] = Field(
        default=(), description="Phrases inside which no rule sees a match of this list."
    )


class Examples(Contract):
    """What a rule must find, and what it must leave alone: `easel policy test` asks."""

    hits: tuple[str, ...] = ()
    near_misses: tuple[str, ...] = ()
    misses: tuple[str, ...] = ()


class _Rule(Contract):
    id: str = Field(pattern=r"^[a-z][a-z0-9_.]*$")
    category: CategoryRef
    decision: Decision | None = Field(default=None, description="None: the category's action.")
    mode: Mode = Field(
        default=Mode.ENFORCE, description="In shadow it asks for nothing; its matches are kept."
    )
    allow: tuple[Term, ...] = Field(
        default=(), description="Phrases that make a match inside them harmless."
    )
    unless: tuple[ListRef, ...] = Field(
        default=(), description="Lists whose words, in the same text, make the match harmless."
    )
    in_negatives: bool = Field(
        default=False, description="True: also matches within one term of `--no`."
    )
    examples: Examples = Examples()

    @field_validator("decision", "mode")
    @classmethod
    def _not_below_the_floor(
        cls, value: Decision | Mode | None, info: ValidationInfo
    ) -> Decision | Mode | None:
        # Here and not in the text: a part may change a rule whose category a wider level says.
        category = info.data.get("category")
        if category in FLOOR_CATEGORIES and value not in {None, Decision.BLOCK, Mode.ENFORCE}:
            facts = {"category": category, "key": info.field_name}
            raise PydanticCustomError("floor_lowered", "lowers the floor of {category}", facts)
        return value

    @property
    def is_enforced(self) -> bool:
        """Tell whether anything comes of what it finds."""
        return self.mode is Mode.ENFORCE


class TermsRule(_Rule):
    """Match any term of some lists."""

    kind: Literal["terms"]
    lists: tuple[ListRef, ...] = Field(min_length=1)


class PatternRule(_Rule):
    """Match one regular expression (re2) on the normalised text."""

    kind: Literal["pattern"]
    pattern: Pattern


class PairRule(_Rule):
    """Match where a term of `first` and one of `second` meet in one request."""

    kind: Literal["pair"]
    first: tuple[ListRef, ...] = Field(min_length=1)
    second: tuple[ListRef, ...] = Field(min_length=1)
    within_words: int | None = Field(
        default=None, ge=1, description="How far apart in one text; None: anywhere in the request."
    )
    removed: tuple[ListRef, ...] = Field(
        default=(), description="Lists that stand for `second` when `--no` takes them away."
    )


Rule = Annotated[TermsRule | PatternRule | PairRule, Field(discriminator="kind")]


class Policy(Contract):
    """One community's rules of the house, whole and versioned."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    version: str = Field(
        pattern=r"^\d+\.\d+\.\d+(\+[0-9a-f]{8})?$",
        description="Semantic version; the loader adds the hash of the content.",
    )
    title: str = Field(min_length=1)
    allowed_text: str = Field(min_length=1, description="The card's ALLOWED, in plain words.")
    not_allowed_text: str = Field(min_length=1, description="The card's NOT ALLOWED.")
    mode: Mode = Mode.ENFORCE
    classifier_missing: MissingCheck
    image_check_missing: MissingCheck
    previews: Previews = Previews.REQUESTER
    recipe_in_file: bool = Field(
        default=False, description="Write prompt and seed into the picture's file."
    )
    review_timeout_h: float = Field(gt=0, description="A held request expires after this long.")
    max_prompt_chars: int = Field(default=6000, ge=1, le=6000)
    unchecked: Unchecked
    roles: Roles = Roles()
    review: Reviewing = Reviewing()
    sanctions: Sanctions = Sanctions()
    retention: Retention = Retention()
    label: Labelling = Labelling()
    consent: Learning = Field(
        default=Learning.SCORES, description="What is learnt from members who did not say."
    )
    profile: str | None = Field(default=None, description="Which of the profiles is in force.")
    profiles: dict[str, dict[CategoryRef, CategoryChange]] = Field(default_factory=dict)
    categories: dict[str, Category]
    lists: dict[str, WordList] = Field(default_factory=dict)
    rules: tuple[Rule, ...] = Field(min_length=1)

    def category(self, code: str) -> Category:
        """Find a category by its code; KeyError means that no policy has it."""
        return self.categories[code]


class Floor(Contract):
    """The lists and rules that every policy has, in `policies/floor.yaml`."""

    lists: dict[str, WordList]
    rules: tuple[Rule, ...] = Field(min_length=1)


def load_policy(path: Path | None = None) -> Policy:
    """Read and check a policy file; None means the shipped PG-13 policy.

    Raises:
        PolicyError: the file is refused, with every fault in it.
    """
    from moderation.policy_file import read_policy

    return read_policy(path or DEFAULT_POLICY)
