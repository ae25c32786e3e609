"""Leave what a use case said as a note for the next page."""

from bot.replies import Reply
from bot.web_app.console.frame import Note

_MOST = 400
"""Characters: the note waits in a cookie, and a browser drops one of more than 4 kB."""


def said(reply: Reply) -> Note:
    """Make a note of a reply's title and lines."""
    text = "\n".join(reply.lines)
    if len(text) > _MOST:
        text = f"{text[: _MOST - 1]}…"
    return Note.of("said", title=reply.title, text=text)
