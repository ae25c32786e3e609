"""Part a long card into pages, each of which every platform shows whole.

The limits are those of Discord's embeds, the tightest of the platforms:
https://docs.discord.com/developers/resources/message#embed-object-embed-limits
"""

from collections.abc import Sequence

from bot.replies import Reply, ReplyField

FIELDS_MOST = 25
NAME_MOST = 256
"""Characters of a field's name, and of a title."""

VALUE_MOST = 1024
LINES_MOST = 4096
"""Characters of all paragraphs together."""

CHARACTERS_MOST = 6000
"""Characters of a whole card."""


def size_of(card: Reply) -> int:
    """Count a card's characters as the platforms do: its title, paragraphs and fields."""
    return len(card.title) + len("\n".join(card.lines)) + sum(map(_size, card.fields))


def paged(fields: Sequence[ReplyField], room: int) -> list[tuple[ReplyField, ...]]:
    """Part fields into pages, in their order and as few as there can be.

    Args:
        fields: In order; each of them fits a page.
        room: Characters of a page that are left for them.
    """
    pages: list[tuple[ReplyField, ...]] = []
    page: list[ReplyField] = []
    for field in fields:
        is_full = len(page) == FIELDS_MOST or sum(map(_size, [*page, field])) > room
        if page and is_full:
            pages.append(tuple(page))
            page = []
        page.append(field)
    return [*pages, tuple(page)] if page else pages


def _size(field: ReplyField) -> int:
    return len(field.name) + len(field.value)
