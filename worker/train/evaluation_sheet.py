"""Lay out a sheet of samples, because numbers do not see everything."""

import math
import textwrap
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from worker.train.evaluation import Pixels
from worker.train.evaluation_cases import HELD_OUT, PAIR, SHAPE, SINGLE, Case

Draw = Callable[[Sequence[str], Sequence[int]], list[Pixels]]
"""Draws one picture for each prompt, from each seed."""

SIZE_MAX = 1_000_000
"""Bytes that a sheet may have: it lies in the repository."""

FURTHER = (
    "two dogs on the grass",
    "three rockets",
    "four stars at night",
    "a small cat on a blue background",
    "a big apple on a yellow background",
    "a blue house",
    "a green car on the beach",
    "a purple frog",
    "a rocket in outer space",
    "a house at night",
    "a balloon in the sky",
    "a penguin on the beach",
    "a panda on a pink to light blue gradient",
    "an apple on a red background",
)
"""What no case asks for: counts, sizes, tints, places, gradients, a thing on its own colour."""

_COLUMNS = 14
_PER_KIND = 14
_SIDES = (96, 80, 72, 64)  # Pixels a side of each sample, until the sheet is small enough.
_LABEL = 23  # Two lines.
_GAP = 3
_INK, _PAPER = (40, 40, 40), (245, 245, 245)
_LETTERS = 5  # Pixels that a letter of the built-in font takes, on average.


def draw_sheet(draw: Draw, pictures: Mapping[Case, Pixels], path: Path) -> None:
    """Show every concept alone, some pairs and shapes, and a few further prompts.

    Args:
        draw: Draws the further prompts.
        pictures: Those of the evaluation's cases.
        path: Where the sheet goes, as PNG.
    """
    shown = [
        (case.prompt, picture)
        for case, picture in pictures.items()
        if case.kind == SINGLE and case.background == "white"
    ]
    for kind in (PAIR, HELD_OUT, SHAPE):
        of_kind = [(case.prompt, made) for case, made in pictures.items() if case.kind == kind]
        shown += of_kind[:_PER_KIND]
    shown += zip(FURTHER, draw(FURTHER, range(len(FURTHER))), strict=True)
    for side in _SIDES:
        _sheet(shown, side).save(path, optimize=True)
        if path.stat().st_size < SIZE_MAX:
            break


def _sheet(shown: Sequence[tuple[str, Pixels]], side: int) -> Image.Image:
    rows = math.ceil(len(shown) / _COLUMNS)
    across, down = side + _GAP, side + _LABEL + _GAP
    sheet = Image.new("RGB", (_COLUMNS * across + _GAP, rows * down + _GAP), _PAPER)
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(9)
    for place, (words, pixels) in enumerate(shown):
        left, top = _GAP + place % _COLUMNS * across, _GAP + place // _COLUMNS * down
        picture = Image.fromarray(pixels).resize((side, side), Image.Resampling.LANCZOS)
        sheet.paste(picture, (left, top))
        draw.text((left, top + side), _label(words, side), fill=_INK, font=font, spacing=1)
    return sheet.quantize(256, dither=Image.Dither.NONE)


def _label(words: str, width: int) -> str:
    short = words.replace(" background", "").removeprefix("a ").removeprefix("an ")
    return "\n".join(textwrap.wrap(short, width // _LETTERS, max_lines=2, placeholder="…"))
