"""Say what a platform leaves of a label, form by form, and what has changed since."""

from collections.abc import Sequence

from bot.wording.phrases import ended, joined
from bot.wording.pictures import LABEL
from core.contracts.ids import VerifyId
from core.contracts.label_checks import (
    CheckedPlatform,
    Fate,
    FateChange,
    LabelCheck,
    RenditionCheck,
    Sign,
)

_PLATFORMS = {CheckedPlatform.DISCORD: "Discord", CheckedPlatform.SLACK: "Slack"}

_SIGNS = {
    Sign.BYTES: "bytes",
    Sign.C2PA: "signature",
    Sign.XMP: "metadata",
    Sign.MARK: "mark",
    Sign.FINGERPRINT: "fingerprint",
    Sign.VISIBLE: "words",
    Sign.ALT_TEXT: "alt text",
    Sign.FILE_NAME: "file name",
}

_FATES = {
    Fate.KEPT: "kept",
    Fate.BROKEN: "broken",
    Fate.LOST: "lost",
    Fate.NOT_GIVEN: "none given",
}


def platform_title(platform: CheckedPlatform) -> str:
    """Write a platform as it writes itself."""
    return _PLATFORMS[platform]


def sample_words(verify_id: VerifyId) -> str:
    """Say below which words a sample stands: the label first, as with any picture."""
    return f"{LABEL} · a sample that checks what becomes of labels here · verify {verify_id}"


def sample_alt_text() -> str:
    """Describe the sample to who can not see it."""
    return f"{LABEL}: a sample of coloured shapes that checks what becomes of labels here."


def label_checked(
    check: LabelCheck, before: LabelCheck | None, changes: Sequence[FateChange]
) -> list[str]:
    """Tell a check line by line, and in its last ones what has changed."""
    lines = [_title(check)]
    lines += [f"  {name}: {_rendition(each)}" for name, each in check.renditions.items()]
    if before is None:
        return [*lines, "This is the first check here: the next one is compared with it."]
    since = f"{before.checked_at:%Y-%m-%d}"
    if not changes:
        return [*lines, f"Nothing has changed since {since}."]
    return [*lines, f"Changed since {since}:", *(f"  {label_change(each)}" for each in changes)]


def label_change(change: FateChange) -> str:
    """Say one change plainly."""
    name = change.rendition
    if change.sign is None:
        return f"{name}: {'no longer offered.' if change.is_worse else 'offered now.'}"
    sign = _SIGNS[change.sign]
    return f"{name}: {sign} was {_FATES[change.before]}, is {_FATES[change.now]} now."


def label_past(check: LabelCheck, changes: Sequence[FateChange]) -> str:
    """Tell a check of the past in a line."""
    told = " ".join(map(label_change, changes))
    return f"{_title(check)} · {told or _summary(check)}"


def label_never_checked(platform: CheckedPlatform) -> str:
    """Say that there is no history yet."""
    return f"Labels were never checked in {_PLATFORMS[platform]}."


def sample_left(platform: CheckedPlatform, verify_id: VerifyId) -> str:
    """Say that a sample still stands in the channel."""
    return f"The sample {verify_id} still stands in {_PLATFORMS[platform]}; delete it there."


def _title(check: LabelCheck) -> str:
    moment = f"{check.checked_at:%Y-%m-%d %H:%M} UTC"
    return f"{_PLATFORMS[check.platform]} · {moment} · sample {check.verify_id}"


def _rendition(rendition: RenditionCheck) -> str:
    if not rendition.is_offered:
        return "not offered."
    frame = ""
    if rendition.media_type:
        size = f"{rendition.width}x{rendition.height}"
        frame = f"{rendition.media_type}, {size}, {rendition.size_bytes:,} bytes. "
    return frame + _fates(rendition)


def _fates(rendition: RenditionCheck) -> str:
    told = []
    for fate, word in _FATES.items():
        signs = [_SIGNS[sign] for sign, each in rendition.fates.items() if each is fate]
        if signs:
            told.append(f"{word}: {joined(signs)}")
    return ended("; ".join(told).capitalize())


def _summary(check: LabelCheck) -> str:
    """Count in how many of its files each layer is kept."""
    files = [each for each in check.renditions.values() if each.media_type]
    told = []
    for sign in (Sign.C2PA, Sign.XMP, Sign.MARK, Sign.FINGERPRINT):
        kept = sum(each.fates.get(sign) is Fate.KEPT for each in files)
        told.append(f"{_SIGNS[sign]} in {kept} of {len(files)}")
    return ended(f"Kept: {', '.join(told)}")
