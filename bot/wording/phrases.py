"""Join and shorten words the same way in every sentence."""

from collections.abc import Sequence

WORDS_DELETED = "its words are deleted, their time is over"
"""What stands for the prompt of a request whose words the community keeps no longer."""


def joined(names: Sequence[str], last: str = "and") -> str:
    """Write `a, b and c`."""
    if len(names) < 2:  # noqa: PLR2004 - one name needs no comma.
        return "".join(names)
    return f"{', '.join(names[:-1])} {last} {names[-1]}"


def shortened(text: str, room: int) -> str:
    """Cut a long text at its end."""
    return text if len(text) <= room else text[: room - 1].rstrip() + "…"


def lines_of(*lines: str | None) -> tuple[str, ...]:
    """Keep the lines that have something to say."""
    return tuple(line for line in lines if line)


def ended(text: str) -> str:
    """Close a text with a full stop, unless it closes itself."""
    text = text.strip()
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."
