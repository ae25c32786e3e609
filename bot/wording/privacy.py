"""Tell a member what is kept of them, for how long, and what may be learnt from it."""

from bot.replies import Reply, ReplyField, ReplyKind, Visibility
from bot.wording.phrases import lines_of
from core.contracts.labels import Learning
from moderation.policy_house import Retention

LEARNING = {
    Learning.NOTHING: "Nothing of your requests is kept to learn from.",
    Learning.SCORES: "What was decided, what would have been right, and the check's scores; "
    "not your words.",
    Learning.WORDS: "Your words too, in plain spelling, where a moderator looked at a decision "
    "again.",
}
"""What each choice means, for the card and for autocomplete."""

BACK = "What the community says, whatever that is."
"""What `default` means."""


def privacy_card(
    own: Learning | None,
    default: Learning,
    retention: Retention,
    rows: int,
    *,
    are_words_kept: bool,
    is_changed: bool = False,
) -> Reply:
    """Show what a member agreed to, what follows from it, and how long things are kept."""
    in_force = own or default
    return Reply(
        kind=ReplyKind.CARD,
        visibility=Visibility.PRIVATE,
        title="Your privacy is changed" if is_changed else "Your privacy",
        lines=lines_of(
            "Where moderators find that a decision on a request of yours was wrong, the checks can "
            "learn from it. Say how much may be kept for that with /privacy nothing, "
            "/privacy scores or /privacy words; /privacy default leaves it to the community.",
            "Saying less deletes at once what was kept so far.",
            "The operator keeps nobody's words."
            if in_force is Learning.WORDS and not are_words_kept
            else None,
        ),
        fields=(
            ReplyField(name=f"Learning: {in_force}", value=LEARNING[in_force]),
            ReplyField(name="Who said so", value="you" if own else "the community's policy"),
            ReplyField(name="Requests of yours kept to learn from", value=str(rows)),
            ReplyField(name="Prompts are kept", value=_days(retention.prompts_days)),
            ReplyField(name="Pictures are kept", value=_days(retention.pictures_days)),
            ReplyField(name="Decisions are kept", value=_days(retention.verdicts_days)),
            ReplyField(
                name="What a check read of a request is kept", value=_days(retention.features_days)
            ),
        ),
    )


def _days(days: float | None) -> str:
    if days is None:
        return "for as long as the record"
    return "1 day" if days == 1 else f"{days:g} days"
