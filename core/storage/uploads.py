"""Keep the record of the pictures that members brought; their bytes lie in the blob store."""

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import func, literal, select
from sqlalchemy.orm import Session

from core.contracts.ids import CommunityId, MemberId, UploadId
from core.contracts.personal import Upload
from core.errors import NotFound
from core.storage.forgetting import on_hold
from core.storage.personal_models import UploadRow


class Uploads:
    """The uploaded pictures of one store."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, upload: Upload) -> None:
        """Record an upload: before its bytes are stored, so that none lie there unlisted."""
        self._session.add(UploadRow(**upload.model_dump(), deleted_at=None))
        self._session.flush()

    def get(self, upload_id: UploadId) -> Upload:
        """Find an upload, whether or not its bytes are still there.

        Raises:
            NotFound: `image_not_found`.
        """
        return _to_upload(self._row(upload_id))

    def is_deleted(self, upload_id: UploadId) -> bool:
        """Tell whether the bytes were deleted.

        Raises:
            NotFound: `image_not_found`.
        """
        return self._row(upload_id).deleted_at is not None

    def mark_deleted(self, upload_id: UploadId, now: datetime) -> None:
        """Record that the bytes are gone and forget what the file was called.

        Raises:
            NotFound: `image_not_found`.
        """
        row = self._row(upload_id)
        row.deleted_at = row.deleted_at or now
        row.file_name = ""

    def names_of(self, upload_ids: Iterable[str | None]) -> list[str]:
        """List what the files of some uploads were called; ids of anything else are passed by."""
        found = (self._session.get(UploadRow, each) for each in upload_ids if each is not None)
        return [row.file_name for row in found if row is not None and row.file_name]

    def count_since(self, community_id: CommunityId, member_id: MemberId, since: datetime) -> int:
        """Count what a member brought since a moment, deleted or not."""
        query = select(func.count()).where(
            UploadRow.community_id == community_id,
            UploadRow.member_id == member_id,
            UploadRow.created_at > since,
        )
        return self._session.scalar(query) or 0

    def standing_before(
        self, before: datetime, *, limit: int, kept: Collection[str] = ()
    ) -> list[Upload]:
        """List uploads from before a moment whose bytes were not deleted yet, oldest first.

        Left out are those that a hold keeps, by their member or among the `kept`.
        """
        query = (
            select(UploadRow)
            .where(
                UploadRow.created_at < before,
                UploadRow.deleted_at.is_(None),
                ~on_hold(UploadRow.community_id, UploadRow.member_id, literal("")),
                UploadRow.upload_id.not_in(kept),
            )
            .order_by(UploadRow.created_at)
            .limit(limit)
        )
        return [_to_upload(row) for row in self._session.scalars(query)]

    def _row(self, upload_id: UploadId) -> UploadRow:
        row = self._session.get(UploadRow, upload_id)
        if row is None:
            raise NotFound("image_not_found", value=upload_id)
        return row


def _to_upload(row: UploadRow) -> Upload:
    return Upload.model_validate(row, from_attributes=True)
