"""Lay out the buttons below a result: at most five rows of five, as Discord has them.

One picture has two rows: what can be made of it, and what can be done with the whole. Several
pictures have a row for enlarging and one for varying (two of each beyond five), and the whole's.
“About” is under all of them: beside the whole's where there is room, else in a row of its own, and
where no row is left in the place of “Details”, which what it tells then leads to.
"""

from collections.abc import Iterator, Sequence

from bot.replies import Action, Button
from core.contracts.jobs import Job, Picture

PER_ROW = 5
"""Buttons in one row of a Discord message."""

ROWS = 5
"""Rows of buttons below one."""

_OF_ONE = (
    Button(action=Action.UPSCALE, label="Upscale"),
    Button(action=Action.VARY_SUBTLE, label="Vary (subtle)"),
    Button(action=Action.VARY_STRONG, label="Vary (strong)"),
    Button(action=Action.VARY_REGION, label="Vary region", form=True),
    Button(action=Action.FAVOURITE, label="Favourite"),
)
DETAILS = Button(action=Action.DETAILS, label="Details")
"""Also below what “About” tells, as the way to the rest."""

_OF_THE_WHOLE = (
    Button(action=Action.REROLL, label="Draw again"),
    Button(action=Action.REMIX, label="Remix", form=True),
    DETAILS,
    Button(
        action=Action.DELETE,
        label="Delete",
        is_danger=True,
        needs_confirmation="Delete these pictures for everybody? This cannot be undone.",
    ),
    Button(
        action=Action.REPORT,
        label="Report",
        needs_confirmation="Report these pictures to the moderators?",
    ),
)
_ABOUT_ONE = Button(action=Action.ABOUT, label="About this image")
_ABOUT_SEVERAL = Button(action=Action.ABOUT, label="About these images")

REWRITE = Button(action=Action.REWRITE, label="Use the safe rewrite", form=True)
"""Where one was found. It opens as text: nothing is drawn that its author did not ask for."""

APPEAL = Button(action=Action.APPEAL, label="Ask a moderator", form=True)
"""Where the policy lets people ask, once."""

OF_THE_DETAILS = (Button(action=Action.RERUN, label="Draw again to compare"),)
"""Among the details, because it is the recipe that this puts to the test."""

ERASE = Button(action=Action.ERASE, label="Delete all of it", is_danger=True)
"""Below the question what goes; nothing is asked twice, for the question is long enough."""

DELETE_ONE = Button(action=Action.DELETE_ONE, label="Only these pictures", is_danger=True)
DELETE_ALL = Button(action=Action.DELETE_ALL, label="These and what came from them", is_danger=True)
"""Below the question what goes with pictures from which others were made."""

LABELS = tuple(
    button.label
    for button in (
        Button(action=Action.UPSCALE, label="U1"),
        Button(action=Action.VARY, label="V1"),
        *_OF_ONE,
        *_OF_THE_WHOLE,
        _ABOUT_ONE,
        *OF_THE_DETAILS,
        REWRITE,
        APPEAL,
        ERASE,
        DELETE_ONE,
        DELETE_ALL,
    )
)
"""What the buttons say, one of each kind, for the page that describes them."""


def result_buttons(job: Job, pictures: Sequence[Picture]) -> tuple[Button, ...]:
    """Offer what can be done with a job's pictures."""
    indexes = [picture.index for picture in pictures]
    rows = list(_rows_of_several(indexes) if len(indexes) > 1 else _rows_of_one(indexes))
    # Enlarging the same picture again would give the same again.
    whole = _OF_THE_WHOLE[1:] if job.spec.upscale is not None else _OF_THE_WHOLE
    rows.extend(_with_about(whole, len(indexes), ROWS - len(rows)))
    return tuple(
        button.model_copy(update={"row": row}) for row, line in enumerate(rows) for button in line
    )


def _with_about(
    whole: tuple[Button, ...], count: int, rows_left: int
) -> Iterator[tuple[Button, ...]]:
    """Put “About” where there is room for it: it is never left out."""
    about = _ABOUT_ONE if count == 1 else _ABOUT_SEVERAL
    if len(whole) < PER_ROW:
        yield (*whole, about)
    elif rows_left > 1:
        yield from (whole, (about,))
    else:
        yield tuple(about if button is DETAILS else button for button in whole)


def _rows_of_one(indexes: Sequence[int]) -> Iterator[tuple[Button, ...]]:
    for index in indexes:
        yield tuple(button.model_copy(update={"picture": index}) for button in _OF_ONE)


def _rows_of_several(indexes: Sequence[int]) -> Iterator[tuple[Button, ...]]:
    """Make `U1`, `U2`, … in rows, then `V1`, …, and hearts where there is room for them."""
    kinds = [(Action.UPSCALE, "U"), (Action.VARY, "V")]
    if len(indexes) <= PER_ROW:
        kinds.append((Action.FAVOURITE, "\u2665"))
    for action, letter in kinds:
        for start in range(0, len(indexes), PER_ROW):
            yield tuple(
                Button(action=action, label=f"{letter}{index + 1}", picture=index)
                for index in indexes[start : start + PER_ROW]
            )
