"""Say what goes to a platform in a label check, and what comes back of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from core.contracts.ids import VerifyId

PAUSE_AT_MOST_S = 60.0
"""A platform that wants to be left alone for longer is asked again another day."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A labelled picture that is like any posted one, and says that it is a sample."""

    verify_id: VerifyId
    data: bytes
    file_name: str
    words: str
    """The first line of the message."""
    alt_text: str


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a platform gives back of a sample."""

    renditions: Mapping[str, bytes | None]
    """By name; None where the platform does not offer that form."""
    words: str
    alt_text: str
    file_name: str
    is_left: bool
    """The sample still stands there: that was asked for, or deleting it failed."""


class SamplePoster(Protocol):
    """Post a sample, fetch it back in every form there is, and delete it.

    What was posted is deleted also where fetching fails.

    Raises:
        UserError: `platform_token_refused`, `platform_channel_unknown`,
            `platform_permission_missing` or `platform_refused`.
        Unavailable: `platform_away` or `platform_busy`.
    """

    def __call__(self, sample: Sample) -> Fetched:
        """Do all of it."""
