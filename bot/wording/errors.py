"""Turn an error's code and facts into a sentence that says what to do."""

from collections.abc import Callable, Mapping

from bot.replies import Reply, ReplyKind, Visibility
from bot.wording.console_mistakes import CONSOLE
from bot.wording.mistakes import COMMANDS, GRAMMAR, PICTURES, Words
from bot.wording.outages import AWAY, DRAWING, INSIDE, SET_UP
from bot.wording.personal_mistakes import PERSONAL
from bot.wording.phrases import joined
from bot.wording.platform_mistakes import PLATFORMS
from bot.wording.policy_mistakes import POLICIES
from bot.wording.record_mistakes import RECORD
from bot.wording.review_mistakes import REVIEWS
from bot.wording.sanction_mistakes import SANCTIONS
from bot.wording.sanctions import KINDS, LADDER_S_OWN
from bot.wording.verify_mistakes import VERIFY
from core.errors import AppError

SENTENCES: dict[str, Words] = {
    **GRAMMAR,
    **PICTURES,
    **COMMANDS,
    **PERSONAL,
    **POLICIES,
    **SANCTIONS,
    **CONSOLE,
    **REVIEWS,
    **RECORD,
    **PLATFORMS,
    **VERIFY,
    **AWAY,
    **DRAWING,
    **SET_UP,
    **INSIDE,
}
"""Every code that can reach a person. A test walks the source tree for codes without one."""

_UNKNOWN = Words("Something went wrong", "The log has more under the code “{code}”.")

_NONE_ON_OFFER = "none"

_KINDS = {kind.value: word for kind, word in KINDS.items()}

_NAMED: dict[str, Callable[[object], str]] = {
    "until": lambda value: str(value or "moderators lift it"),
    "reason": lambda value: str(value or LADDER_S_OWN).rstrip("."),
    "kind": lambda value: _KINDS.get(str(value), str(value)),
}
"""How a fact of one name is written, wherever it stands."""


def error(error: AppError) -> Reply:
    """Say what went wrong and what to do, to the person concerned alone."""
    words = words_for(error.code, error.facts)
    return Reply(
        kind=ReplyKind.ERROR,
        visibility=Visibility.PRIVATE,
        title=words.title,
        lines=tuple(words.text.splitlines()),
    )


def words_for(
    code: str, facts: Mapping[str, str | float | list[str] | None] | None = None
) -> Words:
    """Fill an error's facts into the sentences for its code."""
    facts = facts or {}
    title, text = SENTENCES.get(code, _UNKNOWN)
    filled = _Facts({name: _written(name, value) for name, value in facts.items()}, code=code)
    text = text.format_map(filled)
    if suggestion := facts.get("suggestion"):
        asks = "The nearest here is" if code == "flag_elsewhere" else "Did you mean"
        mark = "." if code == "flag_elsewhere" else "?"
        text = f"{asks} {suggestion}{mark} {text}"
    return Words(title.format_map(filled), text)


class _Facts(dict[str, str]):
    """Leave a gap readable where an error came without a fact."""

    def __missing__(self, key: str) -> str:
        return f"({key})"


def _written(name: str, value: str | float | list[str] | None) -> str:
    if name in _NAMED:
        return _NAMED[name](value)
    match value:
        case list() if name == "faults":
            return "\n".join(value)
        case list():
            return joined(value) or _NONE_ON_OFFER
        case float():
            return f"{value:g}"
        case _:
            return str(value)
