"""Present single pictures the same way wherever they stand: with the label first."""

from bot.replies import ReplyPicture
from bot.wording.phrases import WORDS_DELETED, shortened
from core.contracts.jobs import Picture

LABEL = "AI-generated"
"""The visible words, as the EU's AI Act (Article 50) asks: clear, and at first sight."""

_FILE_WORDS = 5
"""Words of the prompt in a file's name, enough to find it again in a folder."""


def shown(picture: Picture) -> ReplyPicture:
    """Present a picture by its record; its bytes are fetched by who renders it."""
    words = "".join(letter if letter.isalnum() else " " for letter in picture.prompt).split()
    name = shortened("-".join(words[:_FILE_WORDS]).lower(), 60).strip("…") or "picture"
    return ReplyPicture(
        verify_id=picture.verify_id,
        blob=picture.blob,
        file_name=f"{name}-{picture.verify_id}.{picture.media_type.partition('/')[2]}",
        media_type=picture.media_type,
        width=picture.width,
        height=picture.height,
        alt_text=picture.alt_text or f"{LABEL}: a picture; {WORDS_DELETED}",
        label=LABEL,
    )
