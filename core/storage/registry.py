"""Remember every labelled file: by its id, its bytes, its mark and what it looks like."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.contracts.ids import JobId, VerifyId
from core.contracts.provenance import Ingredient
from core.contracts.registry import (
    Fingerprints,
    Layer,
    MarkFacts,
    ProvenanceRecord,
    RecordKind,
    TimeState,
)
from core.errors import IllegalStep, NotFound
from core.storage.registry_models import RegistryRow

_FLAT = frozenset(ProvenanceRecord.model_fields) - {
    "mark",
    "fingerprints",
    "ingredients",
    "downgrades",
}


class Known(NamedTuple):
    """What a search by looks needs of one record."""

    verify_id: VerifyId
    created_at: datetime
    pdq: bytes
    pdq_quality: int
    phash: bytes


class Registry:
    """The registry of one store."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, record: ProvenanceRecord, thumbnail: bytes | None = None) -> None:
        """Record a labelled file, before anybody gets to see it.

        Raises:
            IllegalStep: `picture_exists`. The unit is spent; let the error end it.
        """
        looks = record.fingerprints
        row = RegistryRow(
            **{name: getattr(record, name) for name in _FLAT},
            mark_state=record.mark.state,
            mark_backend=record.mark.backend,
            mark_id=record.mark.mark_id,
            mark_key_version=record.mark.key_version,
            mark_strength_db=record.mark.strength_db,
            pdq=None if looks is None else bytes.fromhex(looks.pdq),
            pdq_quality=None if looks is None else looks.pdq_quality,
            phash=None if looks is None else bytes.fromhex(looks.phash),
            thumbnail=thumbnail,
            ingredients=[each.model_dump(mode="json") for each in record.ingredients],
            time_token=None,
            downgrades=[{"layer": each.value} for each in record.downgrades],
        )
        self._session.add(row)
        try:
            self._session.flush()
        except IntegrityError as error:
            raise IllegalStep("picture_exists", job_id=record.job_id or "") from error

    def get(self, verify_id: VerifyId) -> ProvenanceRecord:
        """Find a record by its public id.

        Raises:
            NotFound: `picture_not_found`.
        """
        return _to_record(self._row(verify_id))

    def find(self, verify_id: VerifyId) -> ProvenanceRecord | None:
        """Find a record by its public id, if there is one."""
        row = self._session.get(RegistryRow, verify_id)
        return None if row is None else _to_record(row)

    def named(self, verify_ids: Iterable[VerifyId]) -> dict[VerifyId, ProvenanceRecord]:
        """Find the records of some files, by their ids; those without one are left out."""
        query = select(RegistryRow).where(RegistryRow.verify_id.in_([*verify_ids]))
        return {
            record.verify_id: record for record in map(_to_record, self._session.scalars(query))
        }

    def by_sha256(self, sha256: str) -> ProvenanceRecord | None:
        """Find the file with exactly these bytes; the newest, should there be two."""
        query = (
            select(RegistryRow)
            .where(RegistryRow.sha256 == sha256)
            .order_by(RegistryRow.created_at.desc())
            .limit(1)
        )
        row = self._session.scalar(query)
        return None if row is None else _to_record(row)

    def of_job(self, job_id: JobId) -> list[ProvenanceRecord]:
        """List a job's files, oldest first."""
        query = (
            select(RegistryRow)
            .where(RegistryRow.job_id == job_id)
            .order_by(RegistryRow.created_at, RegistryRow.verify_id)
        )
        return [_to_record(row) for row in self._session.scalars(query)]

    def copies_of(self, verify_id: VerifyId) -> list[ProvenanceRecord]:
        """List the copies of a picture that were made to fit a platform, oldest first."""
        query = (
            select(RegistryRow)
            .where(RegistryRow.original == verify_id)
            .order_by(RegistryRow.created_at, RegistryRow.verify_id)
        )
        return [_to_record(row) for row in self._session.scalars(query)]

    def thumbnail(self, verify_id: VerifyId) -> bytes | None:
        """Read a file's thumbnail; None where it was forgotten or never made.

        Raises:
            NotFound: `picture_not_found`.
        """
        return self._row(verify_id).thumbnail

    def keep_thumbnail(self, verify_id: VerifyId, thumbnail: bytes) -> None:
        """Keep what a picture shows, once everybody may see it.

        Raises:
            NotFound: `picture_not_found`.
        """
        self._row(verify_id).thumbnail = thumbnail

    def forget_thumbnails(self, verify_ids: Sequence[VerifyId]) -> None:
        """Forget what some pictures show; hashes and ids stay, so that a label still verifies."""
        forget_thumbnails(self._session, verify_ids)

    def known_since(
        self, since: datetime | None, *, after: VerifyId | None = None, limit: int
    ) -> list[Known]:
        """List what has fingerprints, oldest first, from a moment on; copies look the same.

        Args:
            since: The moment, which is listed as well; None: from the first one on.
            after: Of what was made in that very moment, only what comes after this id: the next
                page, however many were made at once.
            limit: Fewer come only where there are no more.
        """
        row = RegistryRow
        query = select(row.verify_id, row.created_at, row.pdq, row.pdq_quality, row.phash)
        query = query.where(row.kind != RecordKind.COPY, row.pdq.is_not(None))
        if since is not None:
            query = query.where(row.created_at >= since)
        if after is not None:
            query = query.where((row.created_at > since) | (row.verify_id > after))
        query = query.order_by(row.created_at, row.verify_id).limit(limit)
        return [Known._make(each) for each in self._session.execute(query)]

    def without_time(self, *, limit: int) -> list[ProvenanceRecord]:
        """List the files for which a time stamp is still to be had, oldest first."""
        query = (
            select(RegistryRow)
            .where(RegistryRow.time_state == TimeState.PENDING)
            .order_by(RegistryRow.created_at)
            .limit(limit)
        )
        return [_to_record(row) for row in self._session.scalars(query)]

    def keep_time(self, verify_id: VerifyId, token: bytes) -> None:
        """Keep a time stamp over the hash of a file's posted bytes.

        Raises:
            NotFound: `picture_not_found`.
        """
        row = self._row(verify_id)
        row.time_token, row.time_state = token, TimeState.STAMPED

    def time_token(self, verify_id: VerifyId) -> bytes | None:
        """Read the time stamp that was had after a file left.

        Raises:
            NotFound: `picture_not_found`.
        """
        return self._row(verify_id).time_token

    def _row(self, verify_id: VerifyId) -> RegistryRow:
        row = self._session.get(RegistryRow, verify_id)
        if row is None:
            raise NotFound("picture_not_found", verify_id=verify_id)
        return row


def forget_thumbnails(session: Session, verify_ids: Collection[VerifyId]) -> None:
    """Forget what some pictures show, with their copies and whatever shows them beside others.

    Whoever records that a picture is deleted does so by the same transaction.
    """
    row, whole = RegistryRow, (RecordKind.GRID, RecordKind.ANIMATION)
    jobs = select(row.job_id).where(row.verify_id.in_(verify_ids), row.job_id.is_not(None))
    beside = select(row.verify_id).where(row.job_id.in_(jobs), row.kind.in_(whole))
    shows = [
        column.in_(wanted)
        for column in (row.verify_id, row.original)
        for wanted in (verify_ids, beside)
    ]
    session.execute(
        update(row)
        .where(or_(*shows))
        .values(thumbnail=None)
        .execution_options(synchronize_session="fetch")
    )


def _to_record(row: RegistryRow) -> ProvenanceRecord:
    return ProvenanceRecord(
        **{name: getattr(row, name) for name in _FLAT},
        mark=MarkFacts(
            state=row.mark_state,
            backend=row.mark_backend,
            mark_id=None if row.mark_id is None else VerifyId(row.mark_id),
            key_version=row.mark_key_version,
            strength_db=row.mark_strength_db,
        ),
        fingerprints=_looks(row),
        ingredients=tuple(Ingredient.model_validate(each) for each in row.ingredients),
        downgrades=tuple(Layer(each["layer"]) for each in row.downgrades),
    )


def _looks(row: RegistryRow) -> Fingerprints | None:
    if row.pdq is None or row.pdq_quality is None or row.phash is None:
        return None
    return Fingerprints(pdq=row.pdq.hex(), pdq_quality=row.pdq_quality, phash=row.phash.hex())
