"""Walk over what went on from what, however it is knotted: each request is met once.

A family that is larger than anybody draws is walked so far and no further, and says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from core.contracts.ids import CommunityId, JobId, VerifyId
from core.storage import Unit
from core.storage.lineage import Link

WALKED_MOST = 2000
"""Requests of one family that are looked at."""

HIGHEST = 500
"""Requests that are gone back over: a chain of buttons pressed for days is shorter."""


@dataclass(frozen=True, slots=True)
class Step:
    """One request of a family and how it came there."""

    job_id: JobId
    parent: JobId | None
    """None: the family begins with it."""
    picture: VerifyId | None
    """The parent's picture that it began with; None: it took up words alone."""
    action: str
    depth: int


@dataclass(frozen=True, slots=True)
class Family:
    """All that went on from one request, parents before their children."""

    steps: Mapping[JobId, Step]
    is_whole: bool
    """False: there is more than was walked over."""


def first_of(unit: Unit, job_id: JobId) -> JobId:
    """Go back to the request that a family began with."""
    met = {job_id}
    while len(met) < HIGHEST:
        above = [link.parent for link in unit.lineage.above(job_id)]
        if not above or above[0] in met:
            break
        job_id = above[0]
        met.add(job_id)
    return job_id


def family_of(
    unit: Unit, community_id: CommunityId, root: JobId, *, most: int = WALKED_MOST
) -> Family:
    """Walk down from a request, level by level.

    One that goes on from two of the family hangs below the one that it was asked from.
    """
    steps = {root: Step(root, None, None, "", 0)}
    level, depth = {root}, 0
    while level and len(steps) < most:
        depth += 1
        links = unit.lineage.below(community_id, level, limit=most)
        found = {link.child for link in links}
        level = set()
        for link in links:
            is_elsewhere = link.asked_from not in {None, link.parent}
            hangs_there = is_elsewhere and (link.asked_from in steps or link.asked_from in found)
            if link.child in steps or hangs_there or len(steps) >= most:
                continue
            steps[link.child] = Step(link.child, link.parent, link.picture, link.action, depth)
            level.add(link.child)
    return Family(steps, is_whole=len(steps) < most)


def came_from(
    unit: Unit, community_id: CommunityId, root: JobId, *, most: int = WALKED_MOST
) -> list[JobId]:
    """List the requests whose pictures came from a request's pictures, nearest first.

    What took up words alone shows nothing of them, nor does what went on from that.
    """
    found: dict[JobId, None] = {root: None}
    level = {root}
    while level and len(found) < most:
        links: list[Link] = unit.lineage.below(community_id, level, limit=most)
        level = {link.child for link in links if link.is_of_pixels and link.child not in found}
        found |= dict.fromkeys(sorted(level))
    return [job_id for job_id in found if job_id != root][:most]
