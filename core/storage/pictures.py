"""Keep the record of finished pictures; their bytes lie in the blob store."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Date, Executable, Float, bindparam, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.contracts.ids import JobId, VerifyId
from core.contracts.jobs import Picture
from core.errors import IllegalStep, NotFound
from core.storage.models import DrawnDayRow, JobRow, PictureRow
from core.storage.registry import forget_thumbnails
from core.storage.statements import ready_insert, table_of
from core.workflow import JobState

_JOBS, _DAYS = table_of(JobRow).c, table_of(DrawnDayRow).c


def _adding_up(insert: Any) -> Executable:  # Either database's own kind of insert.
    author_of = select(
        _JOBS.community_id,
        bindparam("day", type_=Date),
        _JOBS.member_id,
        bindparam("took_s", type_=Float),
    ).where(_JOBS.job_id == bindparam("job_id"))
    started = insert.from_select(["community_id", "day", "member_id", "gpu_s"], author_of)
    added: Executable = started.on_conflict_do_update(
        index_elements=["community_id", "day", "member_id"],
        set_={"gpu_s": _DAYS.gpu_s + started.excluded.gpu_s},
    )
    return added


_POSTED = (JobState.PUBLISHED, JobState.DELIVERED)

_AT_ONCE = 500
"""Ids in one query: databases bound how many values a statement has."""

_ADD_UP = ready_insert(DrawnDayRow, _adding_up)


class Pictures:
    """The pictures of one store."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, picture: Picture) -> None:
        """Record a picture of a job, and add it to what its author had drawn that day.

        Raises:
            IllegalStep: `picture_exists`: another worker finished this job first. The unit is
                spent; let the error end it.
        """
        same = picture.model_dump(exclude={"difference"})
        difference = picture.difference and picture.difference.model_dump(mode="json")
        self._session.add(PictureRow(**same, difference=difference, deleted_at=None))
        try:
            self._session.flush()
        except IntegrityError as error:
            raise IllegalStep("picture_exists", job_id=picture.job_id) from error
        _ADD_UP.run(
            self._session,
            job_id=picture.job_id,
            day=picture.created_at.date(),
            # An engine that knows no device time still knows how long a picture took.
            took_s=picture.gpu_s or picture.duration_s,
        )

    def of_job(self, job_id: JobId) -> list[Picture]:
        """List a job's pictures by index, deleted ones too: the record outlives the bytes."""
        query = select(PictureRow).where(PictureRow.job_id == job_id).order_by(PictureRow.index)
        return [_to_picture(row) for row in self._session.scalars(query)]

    def of_jobs(self, job_ids: Collection[JobId]) -> dict[JobId, list[tuple[Picture, bool]]]:
        """List the pictures of many jobs by index, each with whether it still stands."""
        found: dict[JobId, list[tuple[Picture, bool]]] = {}
        ordered = sorted(job_ids)
        for start in range(0, len(ordered), _AT_ONCE):
            part = ordered[start : start + _AT_ONCE]
            query = select(PictureRow).where(PictureRow.job_id.in_(part)).order_by(PictureRow.index)
            for row in self._session.scalars(query):
                stands = row.deleted_at is None
                found.setdefault(JobId(row.job_id), []).append((_to_picture(row), stands))
        return found

    def get(self, verify_id: VerifyId) -> Picture:
        """Find a picture by its public id.

        Raises:
            NotFound: `picture_not_found`.
        """
        return _to_picture(self._row(verify_id))

    def by_sha256(self, sha256: str) -> Picture | None:
        """Find the picture whose posted bytes have this hash; the newest, should there be two."""
        query = (
            select(PictureRow)
            .where(PictureRow.sha256 == sha256)
            .order_by(PictureRow.created_at.desc())
            .limit(1)
        )
        row = self._session.scalar(query)
        return None if row is None else _to_picture(row)

    def standing_in(self, folder: str, verify_ids: Sequence[VerifyId]) -> set[VerifyId]:
        """Pick those whose bytes the record says lie right under a folder of the blob store."""
        found: set[VerifyId] = set()
        for start in range(0, len(verify_ids), _AT_ONCE):
            query = select(PictureRow.verify_id, PictureRow.blob).where(
                PictureRow.verify_id.in_(verify_ids[start : start + _AT_ONCE]),
                PictureRow.deleted_at.is_(None),
            )
            found.update(
                VerifyId(verify_id)
                for verify_id, blob in self._session.execute(query)
                if blob == f"{folder}/{verify_id}"
            )
        return found

    def shown_among(self, verify_ids: Sequence[VerifyId]) -> set[VerifyId]:
        """Pick those that can still be seen where they were posted."""
        found: set[VerifyId] = set()
        for start in range(0, len(verify_ids), _AT_ONCE):
            query = (
                select(PictureRow.verify_id)
                .join(JobRow, JobRow.job_id == PictureRow.job_id)
                .where(
                    PictureRow.verify_id.in_(verify_ids[start : start + _AT_ONCE]),
                    PictureRow.deleted_at.is_(None),
                    JobRow.state.in_(_POSTED),
                )
            )
            found.update(map(VerifyId, self._session.scalars(query)))
        return found

    def set_blob(self, verify_id: VerifyId, blob: str) -> None:
        """Say where the bytes lie now.

        Raises:
            NotFound: `picture_not_found`.
        """
        self._row(verify_id).blob = blob

    def mark_deleted(self, verify_id: VerifyId, now: datetime) -> None:
        """Record that the bytes are gone, for good; the first time stands.

        What the registry remembers of how it looked goes with it, but for the fingerprints.

        Raises:
            NotFound: `picture_not_found`.
        """
        row = self._row(verify_id)
        row.deleted_at = row.deleted_at or now
        forget_thumbnails(self._session, [verify_id])

    def is_deleted(self, verify_id: VerifyId) -> bool:
        """Tell whether the bytes were deleted.

        Raises:
            NotFound: `picture_not_found`.
        """
        return self._row(verify_id).deleted_at is not None

    def _row(self, verify_id: VerifyId) -> PictureRow:
        row = self._session.get(PictureRow, verify_id)
        if row is None:
            raise NotFound("picture_not_found", verify_id=verify_id)
        return row


def _to_picture(row: PictureRow) -> Picture:
    return Picture.model_validate(row, from_attributes=True)
