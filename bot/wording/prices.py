"""Say what a request costs, before it is begun."""

from bot.replies import Action, Button, Reply, ReplyKind, Visibility
from bot.wording.phrases import lines_of
from bot.wording.recipes import recipe_line
from core.contracts.personal import Draft


def gpu_seconds(price_gpu_s: float) -> str:
    """Write an estimate no finer than it is."""
    if price_gpu_s < 1:
        return "less than a GPU-second"
    figure = f"{price_gpu_s:.1f}".removesuffix(".0") if price_gpu_s < 10 else f"{price_gpu_s:.0f}"  # noqa: PLR2004 - two digits are enough for an estimate.
    return f"about {figure} GPU-second{'' if figure == '1' else 's'}"


def price_asked(draft: Draft, left_gpu_s: float | None) -> Reply:
    """Ask before a large request is begun, its author alone."""
    left = None if left_gpu_s is None else f"{left_gpu_s:.0f} GPU-seconds are left to you today."
    price = gpu_seconds(draft.price_gpu_s)
    return Reply(
        kind=ReplyKind.CARD,
        visibility=Visibility.PRIVATE,
        title="This is a large request",
        lines=lines_of(
            recipe_line(draft.spec),
            f"It takes {price}, while others wait.",
            left,
            "Draw it? The question stands for 15 minutes.",
        ),
        buttons=(
            Button(action=Action.CONFIRM, label="Draw it", draft=draft.draft_id),
            Button(action=Action.CANCEL, label="Cancel", draft=draft.draft_id),
        ),
    )


def draft_declined(draft: Draft) -> Reply:
    """Say that nothing was begun."""
    return Reply(
        kind=ReplyKind.CARD,
        visibility=Visibility.PRIVATE,
        title="Not drawn",
        lines=("Nothing was begun, and nothing was counted.", recipe_line(draft.spec)),
    )
