"""Look at the community's policy as its pages show it: what holds, who said so, what was done."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bot import wording
from bot.replies import Reply
from bot.usecases import policy_drafts
from bot.usecases.policy import shadow_card
from bot.usecases.policy_desk import Desk, may, require, sit_down
from bot.web_app.console.door import Visitor
from bot.web_app.console.frame import HOME
from bot.web_app.console.parts import Console
from core.contracts.policies import PolicyEvent, PolicyVersion, PolicyVersionId, Scope
from core.errors import AppError, UserError
from moderation.policy_diff import Difference
from moderation.policy_errors import PolicyError
from moderation.policy_explain import Explained, explain
from moderation.replay import Change

POLICY = f"{HOME}/policy"

VERSIONS_SHOWN = 15
EVENTS_SHOWN = 20
CHANGES_SHOWN = 200
"""Decisions that a replay lists; the rest is counted, and `easel policy replay` lists all."""


@dataclass(frozen=True, slots=True)
class Overview:
    """What the policy's first page shows."""

    desk: Desk
    versions: Sequence[PolicyVersion]
    events: Sequence[tuple[PolicyEvent, PolicyVersion | None]]
    shadow: Reply
    fault: str | None
    """Why the policy in force cannot be read, if it cannot."""
    source: str
    """What the editor begins with."""
    source_of: PolicyVersion | None
    channels: Sequence[str]
    """Channels that have a part of their own, which this page does not show."""
    may_propose: bool
    may_activate: bool


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of something that was asked of a text or a version."""

    said: Reply | None = None
    is_wrong: bool = False
    faults: Sequence[str] = ()
    """Each with its line, a caret and a hint."""
    differences: Sequence[Difference] = ()
    changes: Sequence[Change] = ()
    changes_left: int = 0


@dataclass(frozen=True, slots=True)
class OneVersion:
    """What the page of one version shows."""

    desk: Desk
    version: PolicyVersion
    differences: Sequence[Difference]
    loosens: Sequence[str]
    fault: Tried | None
    """It has faults by now: the levels above it changed."""
    may_activate: bool
    takes_another: bool
    """Somebody else has to put it in force."""
    tried: Tried = field(default_factory=Tried)


def desk_of(console: Console, visitor: Visitor, deed: str | None = None) -> Desk:
    """Sit down at the community's part; with a deed, if its policy lets the visitor.

    Raises:
        UserError: `policy_not_permitted`.
    """
    services, actor = console.services, visitor.actor
    if deed is not None:
        require(services, actor, deed)
    return sit_down(services, actor, Scope(community_id=console.community_id))


def overview(console: Console, visitor: Visitor) -> Overview:
    """Read what is in force, what was proposed and what was done."""
    desk = desk_of(console, visitor)
    with console.services.store.reading() as unit:
        versions = unit.policies.versions(desk.scope, limit=1000)
        events = unit.policies.events(desk.scope, limit=EVENTS_SHOWN)
        places = unit.policies.places(console.community_id)
    known: dict[PolicyVersionId | None, PolicyVersion] = {v.version_id: v for v in versions}
    source_of = desk.own_draft() or desk.held.active
    return Overview(
        desk=desk,
        versions=versions[:VERSIONS_SHOWN],
        events=[(event, known.get(event.version_id)) for event in events],
        shadow=shadow_card(desk, desk.held.shadow),
        fault=wording.policy_fault(desk.fault),
        source=source_of.source if source_of else "",
        source_of=source_of,
        channels=[place.channel_id for place in places if place.channel_id],
        may_propose=may(console.services, visitor.actor, "propose"),
        may_activate=may(console.services, visitor.actor, "activate"),
    )


def values(console: Console, visitor: Visitor, path: str) -> Sequence[Explained]:
    """List the values that hold at and below a path, each with the level that set it.

    Raises:
        PolicyError: the policy in force cannot be read.
        UserError: `policy_path_unknown`.
    """
    desk = desk_of(console, visitor)
    return explain(desk.effective(), path)


def checked(console: Console, visitor: Visitor, source: str) -> Tried:
    """Hold a text to everything that a version must be, and keep nothing."""
    desk = desk_of(console, visitor, "propose")
    try:
        found = policy_drafts.check(desk, source)
    except UserError as error:
        return wrong(error)
    card = wording.policy_checked(found.changes, found.loosens)
    return Tried(said=card, differences=found.changes)


def wrong(error: AppError) -> Tried:
    """Say what is wrong, with each fault of a policy at its place."""
    faults = tuple(error.faults) if isinstance(error, PolicyError) else ()
    said = wording.policy_faulty(len(faults)) if faults else wording.error(error)
    return Tried(said=said, is_wrong=True, faults=faults)


def one_version(
    console: Console, visitor: Visitor, number: str, tried: Tried | None = None
) -> OneVersion:
    """Read one version and what it would change now.

    Raises:
        NotFound: `policy_version_not_found`.
        UserError: `policy_version_invalid`.
    """
    desk = desk_of(console, visitor)
    version = desk.version(number)
    fault, found = None, None
    try:
        found = policy_drafts.changes_of(desk, version)
    except PolicyError as error:
        fault = wrong(error)
    loosens = found.loosens if found else ()
    return OneVersion(
        desk=desk,
        version=version,
        differences=found.changes if found else (),
        loosens=loosens,
        fault=fault,
        may_activate=may(console.services, visitor.actor, "activate"),
        takes_another=bool(loosens) and version.proposed_by == visitor.actor.member_id,
        tried=tried or Tried(),
    )


def tested(console: Console, visitor: Visitor, number: str) -> Tried:
    """Hold a version to its rules' examples."""
    desk = desk_of(console, visitor, "propose")
    version = desk.version(number)
    trial = policy_drafts.try_out(desk, version)
    return Tried(said=wording.policy_tried(version, trial), is_wrong=not trial.is_passed)


def replayed(console: Console, visitor: Visitor, number: str, days: float) -> Tried:
    """Decide again under a version what was asked in the community lately."""
    desk = desk_of(console, visitor, "propose")
    found = policy_drafts.replay_version(desk, desk.version(number), days=days)
    card = wording.policy_replayed(found.version, found.report, found.days, found.took_s)
    changes = found.report.changes
    return Tried(
        said=card.model_copy(update={"fields": ()}),  # They are the table below it.
        changes=changes[:CHANGES_SHOWN],
        changes_left=max(0, len(changes) - CHANGES_SHOWN),
    )
