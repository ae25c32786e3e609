"""Define how a community runs its house: who decides, what strikes lead to, what is kept."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from core.contracts.actors import Role
from core.contracts.base import Contract
from core.contracts.reviews import Ruling
from moderation.policy_refs import CategoryRef


class Mode(StrEnum):
    """Whether decisions are carried out."""

    ENFORCE = "enforce"
    SHADOW = "shadow"
    """Findings are recorded and hold nothing up, except where the floor forbids."""


class Penalty(StrEnum):
    """What a step of the ladder does to a member."""

    NOTE = "note"
    """Moderators see it; the member is told nothing."""
    WARN = "warn"
    SLOW = "slow"
    """Fewer requests for a while."""
    PAUSE = "pause"
    """No requests for a while."""
    BAN = "ban"


_PENALTIES = tuple(Penalty)

_FOR_A_WHILE = frozenset({Penalty.SLOW, Penalty.PAUSE})


class Roles(Contract):
    """The least role that each deed on the policy takes."""

    propose: Role = Field(default=Role.MODERATOR, description="Set, propose, test, replay, shadow.")
    activate: Role = Field(default=Role.ADMIN, description="Put in force and roll back.")
    review: Role = Field(default=Role.MODERATOR, description="Decide what is held.")
    sanction: Role = Field(
        default=Role.MODERATOR, description="Sanction and pardon members, short of bans."
    )
    ban: Role = Field(default=Role.ADMIN, description="Ban members; two of them lift a ban.")


class Deadlines(Contract):
    """Within how many hours a person should look, by the severity of the category."""

    critical: float = Field(default=1, gt=0)
    high: float = Field(default=4, gt=0)
    medium: float = Field(default=24, gt=0, description="Also where no category decided.")
    low: float = Field(default=48, gt=0)


class Reason(Contract):
    """Why people decide as they do; the author of a request is told."""

    ruling: Ruling
    title: str = Field(min_length=1, description="A few words, for the button.")
    member_text: str = Field(min_length=1, description="Told to the author.")


class Reviewing(Contract):
    """How people decide what is held, appealed or reported."""

    claim_minutes: float = Field(
        default=10, gt=0, le=1440, description="Who takes an item has it for so long."
    )
    undo_s: float = Field(
        default=60, ge=0, le=60, description="A decision takes effect after so many seconds."
    )
    sla_hours: Deadlines = Deadlines()
    second_person: tuple[CategoryRef, ...] = Field(
        default=(), description="Approving these takes two people, as the floor always does."
    )
    held_days: float = Field(
        default=7, gt=0, le=400, description="A held picture outlives its lapsed review so long."
    )
    cases_shown: int = Field(default=5, ge=0, le=50, description="Near past cases beside an item.")
    reasons: dict[Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")], Reason] = Field(
        default_factory=dict, description="By their codes; a ruling without any needs none."
    )

    def reasons_for(self, ruling: Ruling) -> dict[str, Reason]:
        """Pick the reasons that one may give for a ruling, in the policy's order."""
        return {code: each for code, each in self.reasons.items() if each.ruling is ruling}


class Step(Contract):
    """One step of the ladder."""

    at: float = Field(gt=0, description="Weight of live strikes from which it applies.")
    penalty: Penalty
    hours: float | None = Field(default=None, gt=0, description="How long; slow and pause need it.")

    @model_validator(mode="after")
    def _timed(self) -> Self:
        if (self.hours is not None) != (self.penalty in _FOR_A_WHILE):
            raise PydanticCustomError("hours_misplaced", "`hours` belong to slow and pause")
        return self


class Breaker(Contract):
    """What keeps a mistake in the policy from sanctioning a whole community."""

    per_hour: int = Field(
        default=20, ge=1, description="After so many in an hour the ladder rests for an hour."
    )


class Sanctions(Contract):
    """What refused requests add up to. The weight of each stands in its category (`strikes`)."""

    expire_days: float = Field(default=30, gt=0, description="A strike counts for so long.")
    steps: tuple[Step, ...] = Field(default=(), description="The ladder; empty: no sanctions.")
    breaker: Breaker = Breaker()
    taken_down: float = Field(
        default=1, ge=0, description="What a picture that is taken down adds, without a category."
    )

    @model_validator(mode="after")
    def _rising(self) -> Self:
        places = [step.at for step in self.steps]
        if places != sorted(set(places)):
            raise PydanticCustomError("ladder_falls", "each step stands above the one before")
        grades = [_PENALTIES.index(step.penalty) for step in self.steps]
        if grades != sorted(grades):
            raise PydanticCustomError("ladder_softens", "a step is milder than the one before")
        return self

    def step_at(self, weight: float) -> Step | None:
        """Find the highest step that so many strikes reach."""
        return next((step for step in reversed(self.steps) if step.at <= weight), None)

    def step_above(self, weight: float) -> Step | None:
        """Find the step that comes next."""
        return next((step for step in self.steps if step.at > weight), None)


class Retention(Contract):
    """For how many days things are kept; none: for as long as the record."""

    prompts_days: float | None = Field(default=None, gt=0)
    features_days: float = Field(
        default=30, gt=0, le=400, description="Normalised texts and scores, for replay."
    )
    pictures_days: float | None = Field(default=None, gt=0)
    verdicts_days: float | None = Field(default=None, gt=0)


class Labelling(Contract):
    """What a label has here beyond what every label has."""

    corner: bool = Field(
        default=False,
        description="Words in the picture's corner: `AI`, at 5 % of its shorter side.",
    )
