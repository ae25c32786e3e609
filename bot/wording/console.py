"""Word what the moderators' console says once of what was just done there."""

from collections.abc import Mapping

from bot.replies import Reply, ReplyKind, Visibility
from bot.wording.mistakes import Words

NOTES: dict[str, Words] = {
    "signed_in": Words("You are signed in", ""),
    "signed_out": Words("You are signed out", ""),
    "signed_out_everywhere": Words("You are signed out everywhere", "Every session has ended."),
    "settings_saved": Words("Saved", "Your settings are in force from now on."),
    "session_ended": Words("That session has ended", ""),
    "queue_done": Words("Nothing is left for you", "No item waits that you may decide."),
    "queue_paused": Words(
        "You take a pause", "Nothing new is offered until you end it in your account."
    ),
    "alike_decided": Words("{count} of {value} decided", "Each can be undone by itself."),
    "policy_proposed": Words(
        "Version {number} is proposed", "Nothing is in force yet: test and replay it first."
    ),
    "policy_unshadowed": Words(
        "No version is in shadow any more", "The policy in force alone is asked."
    ),
    "said": Words("{title}", "{text}"),
    "label_added": Words("Added to the labelled set", "The next retuning learns from it."),
}
"""Every note, by its code."""


def console_note(code: str, facts: Mapping[str, str | float]) -> Reply:
    """Say a note with its facts."""
    title, text = NOTES[code]
    return Reply(
        kind=ReplyKind.CARD,
        visibility=Visibility.PRIVATE,
        title=title.format_map(facts),
        lines=tuple(text.format_map(facts).splitlines()),
    )
