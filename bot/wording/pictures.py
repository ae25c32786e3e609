"""Present single pictures the same way wherever they stand: with the label first."""

from collections.abc import Iterable, Mapping

from bot.replies import ReplyPicture
from bot.wording.phrases import WORDS_DELETED, joined
from core.contracts.ids import VerifyId
from core.contracts.jobs import Picture
from core.contracts.provenance import DigitalSourceType
from core.contracts.registry import ProvenanceRecord

LABEL = "AI-generated"
"""The visible words, as the EU's AI Act (Article 50) asks: clear, and at first sight."""

LABEL_EDITED = "AI-edited"
"""Of a member's own picture in which AI drew a part; both words are those of C2PA's UX guide."""

_LABELS = {
    DigitalSourceType.TRAINED_ALGORITHMIC_MEDIA: LABEL,
    DigitalSourceType.COMPOSITE_WITH_TRAINED_ALGORITHMIC_MEDIA: LABEL_EDITED,
}

_ENDINGS = {"image/jpeg": "jpg"}
"""Where a file's ending is not the second half of its media type."""


def label_of(source_type: DigitalSourceType) -> str:
    """Say in the visible words how a picture came about."""
    return _LABELS[source_type]


def labels_of(pictures: Iterable[ReplyPicture]) -> str:
    """Say it of several pictures, each word once; with none, what Easel does at all."""
    return joined([*dict.fromkeys(each.label for each in pictures)]) or LABEL


def file_name(verify_id: VerifyId, media_type: str) -> str:
    """Name a picture's file wherever it is served or saved: the last label that still stands.

    No word of the prompt is in it: a file travels further than the message that it came with.
    """
    ending = _ENDINGS.get(media_type) or media_type.partition("/")[2]
    return f"ai_{verify_id}.{ending}"


def shown(
    picture: Picture, records: Mapping[VerifyId, ProvenanceRecord] | None = None
) -> ReplyPicture:
    """Present a picture by its record; its bytes are fetched by who renders it.

    Args:
        picture: Which one.
        records: What the registry remembers, of this picture and perhaps of others.
    """
    record = (records or {}).get(picture.verify_id)
    label = LABEL if record is None else label_of(record.source_type)
    return ReplyPicture(
        verify_id=picture.verify_id,
        blob=picture.blob,
        file_name=file_name(picture.verify_id, picture.media_type),
        media_type=picture.media_type,
        width=picture.width,
        height=picture.height,
        alt_text=_alt_text(picture, label),
        label=label,
    )


def _alt_text(picture: Picture, label: str) -> str:
    """Begin with the label, for who can not see it; it was written before the label was known."""
    words = picture.alt_text.removeprefix(LABEL).removeprefix(LABEL_EDITED)
    if not words:
        return f"{label}: a picture; {WORDS_DELETED}"
    return label + (words if words != picture.alt_text else f": {words}")
