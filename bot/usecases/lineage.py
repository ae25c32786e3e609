"""Draw the family of a picture: what it goes back to, and what went on from it.

Whoever may see a request sees it in the tree as `/show` shows it to them. What was asked for in
another channel by somebody else, or is not to be shown here, holds its place as a picture
elsewhere; what leads to nothing that may be seen is left out.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bot import permissions, wording
from bot.bootstrap import Services
from bot.replies import Reply
from bot.usecases.inputs import POSTED
from bot.usecases.show import is_verify_id, named_picture
from core import lineage
from core.contracts.actors import Actor, ReplyAddress
from core.contracts.ids import JobId, VerifyId
from core.contracts.jobs import Job, Picture
from core.contracts.registry import ProvenanceRecord
from core.errors import NotFound, UserError
from core.lineage import Family, Step
from core.storage import Unit
from core.workflow import WAITING, JobState

SHOWN = 40
"""Requests in one drawing: what is further off is counted."""

BACK = 12
"""Of those that one goes back to, how many are drawn where there are many."""

_TOLD = POSTED | WAITING | {JobState.WITHHELD}
"""States in which there is, was or will be something to see."""


@dataclass(frozen=True, slots=True)
class Kin:
    """One request of a drawn tree, with those that hang below it."""

    step: Step
    job: Job | None
    """None: it is not for the viewer to see here."""
    pictures: Sequence[tuple[Picture, bool]] = ()
    """Each with whether it still stands."""
    children: Sequence["Kin"] = ()
    left_out: int = 0
    """Requests that went on from it, or from what did, and are not drawn."""
    is_here: bool = False


@dataclass(frozen=True, slots=True)
class Tree:
    """A family as one viewer sees it."""

    top: Kin
    count: int
    """Requests in it, drawn or not."""
    is_whole: bool
    """False: there are more than anybody counted."""
    is_cut_above: bool
    """It goes back further than is drawn."""
    records: Mapping[VerifyId, ProvenanceRecord] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks, and from where."""

    actor: Actor
    address: ReplyAddress | None
    """None: from the machine itself, where everything is open."""

    def sees(self, job: Job) -> bool:
        """Tell whether a request is shown whole: to its author, to moderators and in its place."""
        if self.address is None:
            return True
        if not permissions.may_see(self.actor, job):
            return False
        if not permissions.fits_place(job, self.address):
            return False
        is_near = job.address.channel_id == self.address.channel_id
        return is_near or self.actor.is_moderator or permissions.is_author(self.actor, job)


def lineage_command(services: Services, actor: Actor, rest: str, address: ReplyAddress) -> Reply:
    """Do what stands after `/lineage`: a request's id, a picture's, or nothing for the last one.

    Raises:
        NotFound: `job_not_found` or `picture_not_found`, also where it is not theirs to see.
        UserError: `lineage_nothing_yet`; `age_restricted`.
    """
    with services.store.reading() as unit:
        job = _asked_for(unit, actor, rest)
        permissions.require_place(job, address)
        tree = tree_of(unit, Viewer(actor, address), job)
    return wording.lineage_card(tree)


def whole_tree(services: Services, operator: Actor, word: str) -> Tree:
    """Lay out a family for who runs this machine: nothing of their community is elsewhere.

    Raises:
        NotFound: `job_not_found` or `picture_not_found`, also where it is another community's.
    """
    with services.store.reading() as unit:
        named = is_verify_id(word)
        job_id = unit.pictures.get(VerifyId(word)).job_id if named else JobId(word)
        job = unit.jobs.get(job_id)
        if not permissions.is_of_community(operator, job):
            raise NotFound("job_not_found", value=word)
        return tree_of(unit, Viewer(operator, None), job, most=lineage.WALKED_MOST)


def tree_of(unit: Unit, viewer: Viewer, job: Job, *, most: int = SHOWN) -> Tree:
    """Lay out the family of a request that the viewer may see."""
    top = lineage.first_of(unit, job.job_id)
    family = lineage.family_of(unit, job.actor.community_id, top)
    if job.job_id not in family.steps:  # Further off than anybody walks: it alone, and below it.
        family = lineage.family_of(unit, job.actor.community_id, job.job_id)
    return _Layout(unit, viewer, job.job_id, family).drawn(most)


def find(unit: Unit, actor: Actor, word: str) -> Job:
    """Find the request that an id names, its own or a picture's.

    Raises:
        NotFound: `job_not_found` or `picture_not_found`.
    """
    picture = named_picture(unit, actor, word)
    job_id = picture.job_id if picture else JobId(word)
    return permissions.visible_job(unit, actor, job_id)


def _asked_for(unit: Unit, actor: Actor, rest: str) -> Job:
    words = rest.lower().split(maxsplit=1)
    if words:
        return find(unit, actor, words[0])
    own = unit.jobs.recent(
        actor.community_id, member_id=actor.member_id, states=sorted(POSTED), limit=1
    )
    if not own:
        raise UserError("lineage_nothing_yet")
    return own[0]


class _Layout:
    """Choose what of a family is drawn."""

    def __init__(self, unit: Unit, viewer: Viewer, here: JobId, family: Family) -> None:
        self._unit = unit
        self._here = here
        self._family = family
        jobs = unit.jobs.named(family.steps)
        self._seen = {
            job_id: job for job_id, job in jobs.items() if job_id == here or viewer.sees(job)
        }
        self._below: dict[JobId | None, list[JobId]] = {}
        for step in family.steps.values():
            self._below.setdefault(step.parent, []).append(step.job_id)
        self._kept = self._worth_showing(jobs)

    def drawn(self, most: int) -> Tree:
        """Draw what is nearest to the request that was asked about."""
        path = self._path_to(self._here)
        top = path[-BACK:][0] if len(path) > most // 2 else path[0]
        shown = self._chosen(top, path[path.index(top) :], most)
        pictures = self._unit.pictures.of_jobs([each for each in shown if each in self._seen])
        ids = [picture.verify_id for of_one in pictures.values() for picture, _ in of_one]
        return Tree(
            top=self._kin(top, shown, pictures),
            count=len(self._kept),
            is_whole=self._family.is_whole,
            is_cut_above=top != path[0],
            records=self._unit.registry.named(ids),
        )

    def _worth_showing(self, jobs: Mapping[JobId, Job]) -> set[JobId]:
        """Keep what there is something to see of, and whatever leads there."""
        kept: set[JobId] = set()
        for step in reversed(list(self._family.steps.values())):
            job = jobs.get(step.job_id)
            is_told = job is not None and (
                job.state in _TOLD if step.job_id in self._seen else job.state in POSTED
            )
            if is_told or step.job_id == self._here or step.job_id in kept:
                kept.add(step.job_id)
                if step.parent is not None:
                    kept.add(step.parent)
        return kept

    def _path_to(self, job_id: JobId) -> list[JobId]:
        path = [job_id]
        while (parent := self._family.steps[path[-1]].parent) is not None:
            path.append(parent)
        return path[::-1]

    def _chosen(self, top: JobId, path: Sequence[JobId], most: int) -> set[JobId]:
        """Take the way to the one that was asked about, what came of it, then its kin."""
        shown = set(path)
        for start in (self._here, top):
            for job_id in self._walk(start):
                if len(shown) >= most:
                    return shown
                shown.add(job_id)
        return shown

    def _walk(self, start: JobId) -> Iterator[JobId]:
        """Go down level by level."""
        level: Collection[JobId] = [start]
        while level:
            yield from level
            level = [child for job_id in level for child in self._children(job_id)]

    def _children(self, job_id: JobId) -> list[JobId]:
        return [child for child in self._below.get(job_id, []) if child in self._kept]

    def _kin(
        self,
        job_id: JobId,
        shown: set[JobId],
        pictures: Mapping[JobId, list[tuple[Picture, bool]]],
    ) -> Kin:
        children = self._children(job_id)
        hidden = [child for child in children if child not in shown]
        return Kin(
            step=self._family.steps[job_id],
            job=self._seen.get(job_id),
            pictures=pictures.get(job_id, ()),
            children=[self._kin(child, shown, pictures) for child in children if child in shown],
            left_out=sum(1 for child in hidden for _ in self._walk(child)),
            is_here=job_id == self._here,
        )
