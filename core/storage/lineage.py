"""Find what went on from what: requests from requests, pictures from pictures.

A request says which one it goes on from (a button below that one), and which picture it began with
(that button, or `--image` with a verify id). Both are looked for, in either direction; where the
rows of pictures were deleted with their member, the registry still has their ids.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, and_, select
from sqlalchemy.orm import Session

from core.contracts.ids import CommunityId, JobId, VerifyId
from core.storage.models import JobRow, PictureRow
from core.storage.registry_models import RegistryRow
from core.workflow import WAITING

_AT_ONCE = 500
"""Ids in one query: databases bound how many values a statement has."""

_Row = Row[*tuple[Any, ...]]  # A child's id, its parent's, how it came about, its picture.

RERUN = "rerun"
"""What `Job.action` says of a job that draws another's pictures again."""


class Link(NamedTuple):
    """That one request goes on from another."""

    parent: JobId
    child: JobId
    picture: VerifyId | None
    """The parent's picture that the child began with; None: it took up words alone."""
    asked_from: JobId | None
    """The request below which the child was asked for; not the parent where that was typed."""
    action: str

    @property
    def is_of_pixels(self) -> bool:
        """Tell whether what the child shows came from what the parent shows."""
        return self.picture is not None or self.action == RERUN


_IMAGE = JobRow.spec["image"].as_string()
_CHILD = select(JobRow.job_id, JobRow.parent_id, JobRow.action, _IMAGE)


class Lineage:
    """What went on from what in one store."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def above(self, job_id: JobId) -> list[Link]:
        """Find what a request goes on from: what it was asked from first, then its picture's."""
        row = self._session.execute(_CHILD.where(JobRow.job_id == job_id)).one_or_none()
        if row is None:
            return []
        drawn_in = {} if row[3] is None else self._jobs_of(VerifyId(row[3]))
        return sorted(_links(row, drawn_in), key=lambda link: link.parent != link.asked_from)

    def below(
        self, community_id: CommunityId, job_ids: Collection[JobId], *, limit: int
    ) -> list[Link]:
        """Find what went on from some requests, drawn or on its way.

        Args:
            community_id: Theirs; nobody goes on from another community's pictures.
            job_ids: Which requests.
            limit: How many rows are read of each kind, oldest first.
        """
        drawn_in = self._pictures_of(job_ids)
        rows = [
            *self._children(community_id, job_ids, JobRow.parent_id.in_, limit),
            *self._children(community_id, drawn_in, _drew_from, limit),
            *self._children(community_id, drawn_in, _will_draw_from, limit),
        ]
        links = (link for row in rows for link in _links(row, drawn_in))
        return list(dict.fromkeys(link for link in links if link.parent in job_ids))

    def _children(
        self,
        community_id: CommunityId,
        ids: Collection[str],
        are_of: Callable[[Sequence[str]], ColumnElement[bool]],
        limit: int,
    ) -> list[_Row]:
        query = _CHILD.where(JobRow.community_id == community_id)
        query = query.order_by(JobRow.created_at, JobRow.job_id).limit(limit)
        return [
            row
            for part in _parts(ids)
            for row in self._session.execute(query.where(are_of(part))).all()
        ]

    def _jobs_of(self, verify_id: VerifyId) -> dict[VerifyId, JobId]:
        return self._drawn(PictureRow.verify_id == verify_id, RegistryRow.verify_id == verify_id)

    def _pictures_of(self, job_ids: Collection[JobId]) -> dict[VerifyId, JobId]:
        found: dict[VerifyId, JobId] = {}
        for part in _parts(job_ids):
            found |= self._drawn(PictureRow.job_id.in_(part), RegistryRow.job_id.in_(part))
        return found

    def _drawn(
        self, of_pictures: ColumnElement[bool], of_records: ColumnElement[bool]
    ) -> dict[VerifyId, JobId]:
        """Name the requests of pictures; the registry knows those whose rows are gone."""
        records = select(RegistryRow.verify_id, RegistryRow.job_id).where(of_records)
        pictures = select(PictureRow.verify_id, PictureRow.job_id).where(of_pictures)
        rows = [*self._session.execute(records), *self._session.execute(pictures)]
        return {VerifyId(key): JobId(job_id) for key, job_id in rows if job_id is not None}


def _drew_from(verify_ids: Sequence[str]) -> ColumnElement[bool]:
    of_them = select(PictureRow.job_id).where(PictureRow.parent.in_(verify_ids))
    return JobRow.job_id.in_(of_them)


def _will_draw_from(verify_ids: Sequence[str]) -> ColumnElement[bool]:
    return and_(JobRow.state.in_(sorted(WAITING)), _IMAGE.in_(verify_ids))


def _links(row: _Row, drawn_in: Mapping[VerifyId, JobId]) -> Iterator[Link]:
    child, parent_id, action, image = row
    asked_from = None if parent_id is None else JobId(parent_id)
    began_in = None if image is None else drawn_in.get(VerifyId(image))
    if began_in is not None:
        yield Link(began_in, JobId(child), VerifyId(image), asked_from, action)
    if asked_from is not None and asked_from != began_in:
        yield Link(asked_from, JobId(child), None, asked_from, action)


def _parts(ids: Collection[str]) -> Iterator[list[str]]:
    ordered = sorted(ids)
    for start in range(0, len(ordered), _AT_ONCE):
        yield ordered[start : start + _AT_ONCE]
