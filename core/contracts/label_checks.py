"""Say what a platform left of the label of a sample that was posted there and fetched back."""

from enum import StrEnum
from typing import NamedTuple

from pydantic import Field

from core.contracts.base import Contract, Moment
from core.contracts.ids import VerifyId
from core.contracts.registry import Layer


class CheckedPlatform(StrEnum):
    """Where a sample can be posted."""

    DISCORD = "discord"
    SLACK = "slack"


class Sign(StrEnum):
    """What a label can be known by; the layers that a file carries, and what goes around them."""

    BYTES = "bytes"
    """The very bytes that were posted."""
    C2PA = Layer.C2PA.value
    XMP = Layer.XMP.value
    MARK = Layer.MARK.value
    FINGERPRINT = Layer.FINGERPRINT.value
    VISIBLE = Layer.VISIBLE.value
    """The words in the message."""
    ALT_TEXT = "alt_text"
    FILE_NAME = "file_name"


class Fate(StrEnum):
    """What became of one sign."""

    KEPT = "kept"
    BROKEN = "broken"
    """It is there, but no longer says the same: a manifest on other bytes, a text cut short."""
    LOST = "lost"
    NOT_GIVEN = "not_given"
    """The sample had none: marks are turned off, for one."""


class RenditionCheck(Contract):
    """One form in which a platform hands the sample out; the message itself is one too."""

    is_offered: bool = Field(default=True, description="False: the platform has no such form.")
    media_type: str = Field(default="", description="By its bytes; empty for the message.")
    width: int = 0
    height: int = 0
    size_bytes: int = 0
    fates: dict[Sign, Fate] = Field(default_factory=dict)


class LabelCheck(Contract):
    """One look at what a platform leaves of a label."""

    check_id: str
    platform: CheckedPlatform
    verify_id: VerifyId = Field(description="The sample's.")
    renditions: dict[str, RenditionCheck] = Field(
        description="By name: `original`, `preview` …, and `message` for what goes around the file."
    )
    checked_at: Moment


class FateChange(NamedTuple):
    """What has become of a sign of one rendition since an earlier check."""

    rendition: str
    sign: Sign | None
    """None: the rendition itself came or went."""
    before: Fate
    now: Fate

    @property
    def is_worse(self) -> bool:
        """Tell whether something that was whole no longer is."""
        return self.before is Fate.KEPT


def changes_between(before: LabelCheck, now: LabelCheck) -> tuple[FateChange, ...]:
    """List what a platform does differently; what a sample was not given is none of its doing."""
    changes: list[FateChange] = []
    for name in dict.fromkeys((*before.renditions, *now.renditions)):
        old = before.renditions.get(name, _NONE)
        new = now.renditions.get(name, _NONE)
        if old.is_offered is not new.is_offered:
            changes.append(FateChange(name, None, _offer(old), _offer(new)))
        for sign, fate in new.fates.items():
            was = old.fates.get(sign, Fate.NOT_GIVEN)
            if Fate.NOT_GIVEN not in {was, fate} and was is not fate:
                changes.append(FateChange(name, sign, was, fate))
    return tuple(changes)


_NONE = RenditionCheck(is_offered=False)


def _offer(rendition: RenditionCheck) -> Fate:
    return Fate.KEPT if rendition.is_offered else Fate.LOST
