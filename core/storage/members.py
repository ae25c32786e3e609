"""Find members by what they asked for: nobody signs up, so requests say who there is."""

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from core.contracts.actors import Actor
from core.contracts.ids import CommunityId, MemberId
from core.storage.models import JobRow
from core.storage.statements import run, table_of

RECENT = 1000
"""A community's newest requests, among which a display name is looked for."""

_JOBS = table_of(JobRow).c
_WHO = select(_JOBS.community_id, _JOBS.member_id, _JOBS.display_name, _JOBS.role)
_OF_COMMUNITY = (
    _WHO.where(_JOBS.community_id == bindparam("community_id"))
    .order_by(_JOBS.created_at.desc(), _JOBS.job_id.desc())
    .limit(RECENT)
)
_OF_MEMBER = (
    _WHO.where(
        _JOBS.community_id == bindparam("community_id"), _JOBS.member_id == bindparam("member_id")
    )
    .order_by(_JOBS.created_at.desc(), _JOBS.job_id.desc())
    .limit(1)
)


class Members:
    """The members of one store, each as their newest request knows them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, community_id: CommunityId, member_id: MemberId) -> Actor | None:
        """Find a member by their id; None: nobody of that id ever asked for anything here."""
        values = {"community_id": community_id, "member_id": member_id}
        row = run(self._session, _OF_MEMBER, **values).one_or_none()
        return None if row is None else Actor.model_validate(row, from_attributes=True)

    def recent(self, community_id: CommunityId) -> list[Actor]:
        """List who asked lately, once each, the latest first."""
        found: dict[str, Actor] = {}
        for row in run(self._session, _OF_COMMUNITY, community_id=community_id):
            if row.member_id not in found:
                found[row.member_id] = Actor.model_validate(row, from_attributes=True)
        return list(found.values())
