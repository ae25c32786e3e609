"""Name what was done to a picture since it was posted: in a sentence, and in figures."""

from collections.abc import Iterator

from bot.wording.phrases import joined
from core.contracts.examination import Box, Change, Examination

_DONE = {
    Change.CROPPED: "cropped",
    Change.RESIZED: "resized",
    Change.MIRRORED: "mirrored",
    Change.RE_ENCODED: "encoded anew",
    Change.FRAMED: "framed",
    Change.RECOLOURED: "recoloured",
    Change.EDITED_LOCALLY: "edited in one place",
    Change.METADATA_LOST: "stripped of its metadata",
    Change.BYTES_CHANGED: "altered outside its pixels",
}
"""Each as what was done to it, in the order in which it is told."""

_ACROSS = ("left", "middle", "right")
_DOWN = ("top", "middle", "bottom")


def done_to_it(examination: Examination) -> str:
    """Say in a few words what was done, as the end of “It was …”."""
    return joined([words for change, words in _DONE.items() if change in examination.changes])


def changes_in_figures(examination: Examination) -> str:
    """Say of each change that can be measured how much it was."""
    return "\n".join(_figures(examination))


def place_of(box: Box) -> str:
    """Say where the middle of a rectangle lies, in thirds of the picture."""
    down = _DOWN[_third(box.top + box.height / 2)]
    across = _ACROSS[_third(box.left + box.width / 2)]
    if down == across:
        return "in the middle"
    return f"at the {' '.join(word for word in (down, across) if word != 'middle')}"


def _figures(examination: Examination) -> Iterator[str]:
    kept, scale, placed = examination.kept, examination.scale, examination.placed
    if kept is not None:
        yield f"Cropped: {_percent(kept.share)} of the posted picture is left, {place_of(kept)}."
    if scale is not None:
        yield f"Resized: to {_percent(scale)} of the posted picture's sides."
    if placed is not None:
        yield f"Framed: the posted picture fills {_percent(placed.share)} of this one."
    if examination.region is not None:
        region = examination.region
        yield f"Edited: {_percent(region.share)} of this picture, {place_of(region)}."


def _third(middle: float) -> int:
    return min(2, int(middle * 3))


def _percent(share: float) -> str:
    return f"{share:.0%}" if share >= 0.01 else "less than 1%"  # noqa: PLR2004 - one in a hundred.
