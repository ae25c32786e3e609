"""Show a member's settings and styles, and say what became of a change."""

from collections.abc import Sequence

from bot.replies import Reply, ReplyField, ReplyKind, Visibility
from bot.settings_table import SETTINGS
from bot.wording.phrases import lines_of, shortened
from bot.wording.refusals import refused_words
from core.catalog import ModelProfile
from core.contracts.personal import STYLES_MAX, MemberSettings, NamedStyle
from core.contracts.verdicts import RefusalReason

_UNSURE = "The rules are not sure about these words: requests with them may wait for a moderator."

_STYLE_SHOWN = 200
"""Characters of a style's words in the list: enough to know it by."""


def settings_card(
    settings: MemberSettings, *, is_changed: bool = False, is_unsure: bool = False
) -> Reply:
    """List what is in force where a request does not say otherwise."""
    return _card(
        "Your settings are changed" if is_changed else "Your settings",
        lines_of(
            "They are in force where a request does not say otherwise. "
            "Change one by its name, as in /settings count 4, or all of them with /settings reset.",
            _UNSURE if is_unsure else None,
        ),
        [(f"{each.title} ({each.name})", each.write(settings)) for each in SETTINGS],
    )


def styles_card(
    own: Sequence[NamedStyle],
    profile: ModelProfile,
    in_force: str | None,
    *,
    saved: str | None = None,
    deleted: str | None = None,
    is_unsure: bool = False,
) -> Reply:
    """List a member's styles and those of the model in force."""
    title = "Your styles"
    if saved is not None:
        title = f"The style “{saved}” is kept"
    if deleted is not None:
        title = f"The style “{deleted}” is deleted"
    rows = [(each.name, shortened(each.text, _STYLE_SHOWN)) for each in own]
    rows += [(f"{name} (the model's)", adds.strip()) for name, adds in profile.styles.items()]
    return _card(
        title,
        lines_of(
            f"{len(own)} of {STYLES_MAX} are yours. Put one into a request with --style NAME, or "
            "into all of them with /style use NAME; keep a new one with /style save NAME WORDS.",
            f"In force: {in_force}." if in_force else None,
            _UNSURE if is_unsure else None,
        ),
        rows,
    )


def words_refused(reason: RefusalReason, words: str) -> Reply:
    """Say why a suffix or a style is not kept."""
    return refused_words(reason, words, "These words are not kept")


def _card(title: str, lines: tuple[str, ...], rows: Sequence[tuple[str, str]]) -> Reply:
    return Reply(
        kind=ReplyKind.CARD,
        visibility=Visibility.PRIVATE,
        title=title,
        lines=lines,
        fields=tuple(ReplyField(name=name, value=value) for name, value in rows),
    )
