"""Say how much drawing people have asked for, had, and can expect."""

from pydantic import Field

from core.contracts.base import Contract


class Load(Contract):
    """What waits."""

    count: int = Field(ge=0, description="Jobs that still owe an answer.")
    gpu_s: float = Field(ge=0, description="GPU-seconds that they were expected to take.")


class Pace(Contract):
    """How quickly a model has drawn lately."""

    step_s: float | None = Field(
        default=None, description="GPU-seconds a step of one picture; None: it never drew."
    )
    enlarging_s: float | None = Field(
        default=None, description="GPU-seconds for enlarging one picture; None: it never did."
    )
