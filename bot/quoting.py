"""Find quoted texts: quotes keep their words together and free of flags.

All double quote marks count, straight or typographic, in any mixture, as phones make them. A mark
after a letter or digit opens nothing: `12"` is a length.
"""

import re

_OPENING = re.compile(r'(?<!\w)["“”„‟](?=[^\s,])')

QUOTED = re.compile(rf'{_OPENING.pattern}[^"“”„‟]*["“”„‟]')
"""A quoted text with its marks."""


def unclosed_quote(text: str) -> str | None:
    """Find the quote that is opened and never closed: it reaches to the end of the text."""
    closed = 0
    for quoted in QUOTED.finditer(text):
        closed = quoted.end()
    # No mark stands behind an unclosed one, so it can only be found behind the last closed one.
    opening = _OPENING.search(text, closed)
    return None if opening is None else text[opening.start() :]
