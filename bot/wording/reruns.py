"""Say whether a picture that was drawn again came out the same, and if not, why."""

from collections.abc import Sequence

from bot.wording.phrases import joined
from core.contracts.jobs import Cause, Difference, Picture

_CAUSES = {
    Cause.ORIGINAL_GONE: "the first picture was deleted, so there is nothing to compare with",
    Cause.ORIGINAL_CHANGED: "the first picture's file is not the one that was posted",
    Cause.SIZE: "the first picture has another size",
    Cause.MARK: "the key of the first picture's mark is gone, so there is nothing to compare with",
    Cause.WEIGHTS: "the model's weights are not those of then",
    Cause.SCHEDULER: "another scheduler drew it then",
    Cause.STEPS: "another number of steps, or another guidance, drew it then",
    Cause.ENVIRONMENT: "another device or other library versions drew it then",
    Cause.COMPANY: "the first was drawn outside reproducible mode, where pictures that are drawn "
    "beside it can change last digits",
}


def difference_lines(pictures: Sequence[Picture]) -> tuple[str, ...]:
    """Write one line for each picture that was held against an earlier one."""
    compared = [each for each in pictures if each.difference is not None]
    return tuple(
        _line(each.difference, f"Picture {each.index + 1}: " if len(compared) > 1 else "")
        for each in compared
        if each.difference is not None
    )


def _line(difference: Difference, whose: str) -> str:
    causes = joined([_CAUSES[cause] for cause in difference.causes])
    said = _said(difference, causes)
    return f"{whose}{said}" if whose else said[0].upper() + said[1:]


def _said(difference: Difference, causes: str) -> str:
    original, total = difference.original, f"{difference.values:,}"
    if not difference.values:
        return f"not compared with {original}: {causes}."
    if difference.is_identical:
        return f"identical to {original}: 0 of {total} values differ."
    share = 100 * difference.differing / difference.values
    digits = f"{share:.1f}" if share >= 0.1 else f"{share:.2g}"  # noqa: PLR2004 - one digit then tells nothing.
    most = f"at most {difference.largest} of 255"
    reason = f" The reason: {causes}." if causes else ""
    return f"differs from {original}: {digits} % of {total} values, {most}.{reason}"
