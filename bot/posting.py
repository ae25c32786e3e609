"""Let no picture leave that the registry does not know: no row, no post.

A row is written in the same transaction as its picture, so that one without is a picture that was
never labelled, or whose record was tampered with. Every door that hands out bytes asks here.
"""

from collections.abc import Iterable

from bot.replies import ReplyPicture
from core.contracts.ids import VerifyId
from core.contracts.jobs import Picture
from core.contracts.registry import ProvenanceRecord
from core.errors import NotFound
from core.storage import Unit


def require_rows(
    unit: Unit, pictures: Iterable[Picture | ReplyPicture]
) -> dict[VerifyId, ProvenanceRecord]:
    """Let labelled pictures pass; return what is remembered of each.

    Raises:
        NotFound: `picture_unlabelled`: one has no row, or its row is about other bytes.
    """
    return {each.verify_id: _row(unit, each) for each in pictures}


def _row(unit: Unit, picture: Picture | ReplyPicture) -> ProvenanceRecord:
    record = unit.registry.find(picture.verify_id)
    is_of_these_bytes = not isinstance(picture, Picture) or (
        record is not None and record.sha256 == picture.sha256
    )
    if record is None or not is_of_these_bytes:
        raise NotFound("picture_unlabelled", verify_id=picture.verify_id)
    return record
