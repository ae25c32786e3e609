"""Describe a take-down that goes on to all that came from a picture."""

from pydantic import Field

from core.contracts.base import Contract, Moment
from core.contracts.ids import CommunityId, JobId, MemberId


class Takedown(Contract):
    """What is to be deleted with a request's pictures: written first, carried out after."""

    takedown_id: str
    community_id: CommunityId
    job_id: JobId = Field(description="The root: it and what came from it goes.")
    by: MemberId = Field(description="Who wanted it; `system` where it has no person.")
    only_of: MemberId | None = Field(
        description="Only this member's requests are reached; None: everybody's."
    )
    jobs: int = Field(default=0, ge=0, description="Requests that it has ended, the root too.")
    pictures: int = Field(default=0, ge=0, description="Pictures of theirs that it deleted.")
    begun_at: Moment
    ended_at: Moment | None = Field(default=None, description="None: it is still to go on.")
