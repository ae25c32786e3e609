"""Do what stands after `/policy`: show it to all, change it where the roles in it let one."""

import difflib
from collections.abc import Callable

from bot import wording
from bot.bootstrap import Services
from bot.replies import Reply
from bot.usecases import policy_changes, policy_drafts
from bot.usecases.policy_desk import Desk, require, sit_down
from core.contracts.actors import Actor, ReplyAddress
from core.contracts.features import Disagreement
from core.contracts.ids import ChannelId
from core.contracts.policies import PolicyDeed, PolicyVersion, Scope
from core.errors import UserError
from moderation.policy_explain import explain

HERE = "--here"
"""Means this channel's own part instead of the community's."""

_DAYS_MOST = 400
_HISTORY = 25
_REPEATED_MAX = 40
_CANDIDATES = ("rule:", "classifier:")
"""How the names of what is in shadow begin that is no version."""


def policy_command(services: Services, actor: Actor, rest: str, address: ReplyAddress) -> Reply:
    """Do what stands after `/policy`; without a word, show what is allowed.

    Raises:
        UserError: `policy_verb_unknown`, `policy_not_permitted`, and what each verb raises.
    """
    verb, rest = (*rest.split(maxsplit=1), "", "")[:2]
    verb = verb.casefold()
    if verb in {"", "show"}:
        return show(services, actor, address.channel_id)
    if verb not in VERBS:
        near = difflib.get_close_matches(verb[:_REPEATED_MAX], VERBS, n=1)
        raise UserError(
            "policy_verb_unknown",
            value=verb[:_REPEATED_MAX],
            allowed=[f"/policy {each}" for each in VERBS],
            suggestion=f"/policy {near[0]}" if near else None,
        )
    is_here = rest.split(maxsplit=1)[:1] == [HERE]
    if is_here:
        rest = rest.strip().removeprefix(HERE)
    channel_id = address.channel_id if is_here else ChannelId("")
    scope = Scope(community_id=actor.community_id, channel_id=channel_id)
    return run(services, actor, scope, verb, rest.strip())


def run(services: Services, actor: Actor, scope: Scope, verb: str, rest: str) -> Reply:
    """Do one verb at a scope's policy; the chat and the command line both come here."""
    deed, work = VERBS[verb]
    require(services, actor, deed)
    return work(sit_down(services, actor, scope), rest)


def show(services: Services, actor: Actor, channel_id: ChannelId) -> Reply:
    """Show what is allowed in a channel, in the community's own words."""
    place = services.gates.place(actor.community_id, channel_id)
    card = wording.policy_card(place.gate.policy)
    fault = wording.policy_fault(place.fault) if actor.is_moderator else None
    return card.model_copy(update={"lines": (fault, *card.lines)}) if fault else card


def _set(desk: Desk, rest: str) -> Reply:
    path, value = (*rest.split(maxsplit=1), "", "")[:2]
    return _proposed(policy_drafts.set_value(desk, path, value))


def _propose(desk: Desk, rest: str) -> Reply:
    return _proposed(policy_drafts.propose(desk, rest))


def _proposed(found: policy_drafts.Proposed, *, is_new: bool = True) -> Reply:
    return wording.policy_proposed(found.version, found.changes, found.loosens, is_new=is_new)


def _diff(desk: Desk, rest: str) -> Reply:
    return _proposed(policy_drafts.changes_of(desk, desk.version(rest)), is_new=False)


def _test(desk: Desk, rest: str) -> Reply:
    version = desk.version(rest)
    return wording.policy_tried(version, policy_drafts.try_out(desk, version))


def _lists(desk: Desk, rest: str) -> Reply:
    lists = desk.standing().lists
    if not rest:
        return wording.policy_lists(lists)
    if rest not in lists:
        near = difflib.get_close_matches(rest[:_REPEATED_MAX], lists, n=1)
        suggestion = f"/policy lists {near[0]}" if near else None
        raise UserError(
            "policy_list_unknown",
            value=rest[:_REPEATED_MAX],
            allowed=list(lists),
            suggestion=suggestion,
        )
    return wording.policy_list(rest, lists[rest])


def _replay(desk: Desk, rest: str) -> Reply:
    number, days = (*rest.split(maxsplit=1), "", "")[:2]
    found = policy_drafts.replay_version(desk, desk.version(number), days=days_of(days))
    return wording.policy_replayed(found.version, found.report, found.days, found.took_s)


def days_of(text: str) -> float:
    """Read for how many days back a replay goes.

    Raises:
        UserError: `policy_days_invalid`.
    """
    if not text:
        return policy_drafts.REPLAY_DAYS
    bare = text.partition(" ")[0]
    if not (bare.isascii() and bare.isdigit() and 0 < int(bare[:4]) <= _DAYS_MOST):
        raise UserError("policy_days_invalid", value=text[:_REPEATED_MAX])
    return int(bare)


def _activate(desk: Desk, rest: str) -> Reply:
    version = desk.version(rest)
    loosens = policy_changes.activate(desk, version)
    return wording.policy_activated(version, loosens, back=False)


def _rollback(desk: Desk, _rest: str) -> Reply:
    version = policy_changes.roll_back(desk)
    return wording.policy_activated(version, (), back=True)


def _history(desk: Desk, _rest: str) -> Reply:
    with desk.services.store.reading() as unit:
        events = unit.policies.events(desk.scope, limit=_HISTORY)
        versions = unit.policies.versions(desk.scope, limit=1000)
    return wording.policy_history(desk.scope, versions, events, desk.held)


def _explain(desk: Desk, rest: str) -> Reply:
    return wording.policy_explained(rest, explain(desk.effective(), rest), desk.fault)


def _export(desk: Desk, rest: str) -> Reply:
    version = desk.version(rest) if rest or desk.held.active is None else desk.held.active
    desk.record(PolicyDeed.EXPORTED, version, {})
    return wording.policy_exported(f"version {version.number}", version.source)


def _shadow(desk: Desk, rest: str) -> Reply:
    if rest == "off":
        policy_drafts.put_in_shadow(desk, None)
        return wording.policy_shadowed(None, 0, (), is_new=True)
    if rest.startswith(_CANDIDATES):
        with desk.services.store.reading() as unit:
            total, rows = unit.features.disagreements(desk.scope.community_id, rest)
        return wording.policy_heard(rest, total, rows)
    if rest:
        version = desk.version(rest)
        policy_drafts.put_in_shadow(desk, version)
        return wording.policy_shadowed(version, 0, (), is_new=True)
    return shadow_card(desk, desk.held.shadow)


def shadow_card(desk: Desk, version: PolicyVersion | None) -> Reply:
    """Say what the version in shadow disagreed about, and what else is in shadow."""
    community_id = desk.scope.community_id
    rules = [f"rule:{rule.id}" for rule in desk.standing().rules if not rule.is_enforced]
    total, rows = 0, list[Disagreement]()
    with desk.services.store.reading() as unit:
        if version is not None:
            total, rows = unit.features.disagreements(community_id, version.version_id)
        others = {
            rule: unit.features.disagreements(community_id, rule, limit=0)[0] for rule in rules
        }
        tallies = unit.shadows.tallies(community_id)
    beside = wording.in_shadow(tallies, others)
    return wording.policy_shadowed(version, total, rows, is_new=False, beside=beside)


_Work = Callable[[Desk, str], Reply]

VERBS: dict[str, tuple[str, _Work]] = {
    "explain": ("propose", _explain),
    "lists": ("propose", _lists),
    "set": ("propose", _set),
    "propose": ("propose", _propose),
    "import": ("propose", _propose),
    "diff": ("propose", _diff),
    "test": ("propose", _test),
    "replay": ("propose", _replay),
    "shadow": ("propose", _shadow),
    "activate": ("activate", _activate),
    "rollback": ("activate", _rollback),
    "history": ("propose", _history),
    "export": ("propose", _export),
}
"""What each word after `/policy` does, and which of the policy's roles it takes."""
