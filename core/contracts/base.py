"""Give every contract the same strict, frozen base."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict


class Contract(BaseModel):
    """Refuse unknown fields and changes after construction; never quote the input in an error."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        ser_json_bytes="base64",
        val_json_bytes="base64",
        hide_input_in_errors=True,
    )


def _aware_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return moment.astimezone(UTC)


Moment = Annotated[datetime, AfterValidator(_aware_utc)]
"""An aware time, kept in UTC."""


def utc_now() -> datetime:
    """Read the wall clock, aware and in UTC."""
    return datetime.now(UTC)
