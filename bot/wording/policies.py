"""Show drafts of a policy, what they would change, what was done about them: to those who may."""

from collections.abc import Iterable, Mapping, Sequence

from bot.replies import Reply, ReplyField, ReplyKind, Visibility
from bot.wording.pages import FIELDS_MOST
from bot.wording.phrases import joined, lines_of, shortened
from core.contracts.features import Disagreement, ShadowTally
from core.contracts.policies import InForce, PolicyDeed, PolicyEvent, PolicyVersion, Scope
from core.contracts.verdicts import Decision
from moderation.policy import WordList
from moderation.policy_diff import Difference
from moderation.policy_explain import Explained
from moderation.policy_trial import Trial
from moderation.replay import Change, Report

_VALUE_SHOWN = 200
_CLASSIFIERS_MOST = 3
"""Each version of a classifier is one of its own: the latest are of interest."""
_ROOM = 5000
"""Characters of a card's fields: with title and paragraphs it stays under 6000."""

POLICY_DEEDS = {
    PolicyDeed.PROPOSED: "proposed",
    PolicyDeed.TESTED: "tested",
    PolicyDeed.REPLAYED: "replayed",
    PolicyDeed.ACTIVATED: "put in force",
    PolicyDeed.ROLLED_BACK: "back in force",
    PolicyDeed.SHADOWED: "put in shadow",
    PolicyDeed.UNSHADOWED: "taken out of shadow",
    PolicyDeed.EXPORTED: "exported",
}

WAS = {Decision.ALLOW: "passed", Decision.REVIEW: "was held", Decision.BLOCK: "was refused"}
_WERE = {Decision.ALLOW: "passed", Decision.REVIEW: "were held", Decision.BLOCK: "were refused"}
WOULD = {
    Decision.ALLOW: "would pass",
    Decision.REVIEW: "would be held",
    Decision.BLOCK: "would be refused",
}


def policy_proposed(
    version: PolicyVersion,
    changes: Sequence[Difference],
    loosens: Sequence[str],
    *,
    is_new: bool = True,
) -> Reply:
    """Say what a version would change, and what it takes to put it in force."""
    number = version.number
    return _card(
        f"Version {number} is proposed" if is_new else f"What version {number} changes",
        lines_of(
            f"For {_where(version.scope)}. Nothing is in force yet." if is_new else None,
            _second_person(loosens),
            f"Next: /policy test {number}, /policy replay {number}, /policy activate {number}"
            if is_new
            else None,
        ),
        [(each.path, _changed(each)) for each in changes],
    )


def policy_checked(changes: Sequence[Difference], loosens: Sequence[str]) -> Reply:
    """Say that a text has no fault, and how much it would change; nothing of it is kept."""
    count = len(changes)
    return _card(
        "It has no fault",
        lines_of(
            f"It would change {count:,} {'value' if count == 1 else 'values'}. Nothing is kept yet."
            if count
            else "It would change nothing: this is what holds already.",
            _second_person(loosens),
        ),
        (),
    )


def policy_faulty(count: int) -> Reply:
    """Say that a text has faults, which are shown at their places."""
    told = "It has a fault" if count == 1 else f"It has {count:,} faults"
    return _card(told, ("Nothing was kept.",), ())


def policy_tried(version: PolicyVersion, trial: Trial) -> Reply:
    """Say which examples a version fails, and what becomes of a labelled set."""
    return _card(
        f"Version {version.number} passes its examples"
        if trial.is_passed
        else f"Version {version.number} fails {len(trial.misses)} of its examples",
        lines_of(
            f"{trial.examples} examples of its rules were screened.",
            f"Of {trial.unsafe} unsafe labelled texts {trial.caught} are caught; of "
            f"{trial.labelled - trial.unsafe} safe ones {trial.blocked_safe} are refused. "
            "Only rules were asked."
            if trial.labelled
            else None,
        ),
        [
            (each.rule, f"{each.expected.replace('_', '-')}: {shortened(each.text, _VALUE_SHOWN)}")
            for each in trial.misses
        ],
    )


def policy_replayed(version: PolicyVersion, report: Report, days: float, took_s: float) -> Reply:
    """Say which decisions of the last days would be others."""
    count = len(report.changes)
    told = [
        f"{number:,} that {(WAS if number == 1 else _WERE)[before]} {WOULD[after]}"
        for (before, after), number in sorted(report.counts().items())
    ]
    return _card(
        f"Version {version.number} would change {count:,} of {report.total:,} decisions",
        lines_of(
            f"Of the last {days:g} days, decided again in {took_s:.1f} s. Nothing was changed.",
            f"{joined(told)}." if told else None,
            f"{report.unscored:,} of them would go on to the classifier, which was not asked then."
            if report.unscored
            else None,
            "Not asked again: what a person decided about held requests.",
            f"See all: easel policy replay {version.number} --json"
            if count > FIELDS_MOST
            else None,
        ),
        [(each.job_id or "-", _replayed(each)) for each in report.changes],
    )


def policy_activated(version: PolicyVersion | None, loosens: Sequence[str], *, back: bool) -> Reply:
    """Say what is in force now."""
    what = "The wider policy alone is" if version is None else f"Version {version.number} is"
    return _card(
        f"{what} in force{' again' if back else ''}",
        lines_of(
            f"For {_where(version.scope)}, in every process within seconds." if version else None,
            f"It loosens {joined(list(loosens))}; two people decided it." if loosens else None,
            "Undo it with /policy rollback." if not back else None,
        ),
        (),
    )


def policy_history(
    scope: Scope, versions: Sequence[PolicyVersion], events: Sequence[PolicyEvent], held: InForce
) -> Reply:
    """List what was done about a scope's versions, newest first."""
    numbers = {version.version_id: version for version in versions}
    active = held.active
    rows = []
    for event in events:
        version = numbers.get(event.version_id) if event.version_id else None
        what = f"version {version.number}" if version else "no version"
        note = f" · {version.note}" if version and event.deed is PolicyDeed.PROPOSED else ""
        by = f"{POLICY_DEEDS[event.deed]} by {event.name}"
        sha = f" · {version.sha256[:8]}" if version else ""
        rows.append((f"{event.at:%Y-%m-%d %H:%M} UTC", f"{what} {by}{sha}{note}"))
    return _card(
        f"The policy's history for {_where(scope)}",
        (
            f"In force: version {active.number}."
            if active
            else "In force: the wider policy alone, no version of its own.",
        ),
        rows,
    )


def policy_explained(path: str, values: Sequence[Explained], fault: str | None = None) -> Reply:
    """Name each value and the level that set it."""
    return _card(
        f"What holds here: {path}" if path else "What holds here",
        lines_of(
            "Name a part of it to see more, as in /policy explain categories.gore_graphic."
            if len(values) > FIELDS_MOST
            else None,
            policy_fault(fault),
        ),
        [
            (each.path, f"{each.value} · {each.origin.level} {each.origin.name}".strip())
            for each in values
        ],
    )


def policy_lists(lists: Mapping[str, WordList]) -> Reply:
    """List the lists by name, with how many words they have."""
    rows = [
        (name, f"{len(words.terms)} terms, {len(words.patterns)} patterns")
        for name, words in lists.items()
    ]
    return _card("The policy's lists", ("See one with /policy lists NAME.",), rows, is_long=True)


def policy_list(name: str, words: WordList) -> Reply:
    """Show one list's words."""
    parts = {"terms": words.terms, "patterns": words.patterns, "allowed": words.allow}
    rows = [(key, shortened(", ".join(each), 1000)) for key, each in parts.items() if each]
    return _card(f"The list “{name}”", (), rows)


def policy_exported(name: str, source: str) -> Reply:
    """Show a policy's text, to be kept as a file."""
    return _card(f"The policy's text: {name}", tuple(shortened(source, 4000).splitlines()), ())


def policy_shadowed(
    version: PolicyVersion | None,
    total: int,
    rows: Sequence[Disagreement],
    *,
    is_new: bool,
    beside: Sequence[str] = (),
) -> Reply:
    """Say which version is asked beside the one in force, where it disagrees, and what else is."""
    if version is None:
        return _card(
            "No version is in shadow", ("Put one there with /policy shadow NUMBER.", *beside), ()
        )
    return _card(
        f"Version {version.number} is in shadow",
        (
            "It is asked beside the policy in force, and changes nothing."
            if is_new
            else f"It disagreed {total:,} times; the newest are below."
            if total
            else "It disagreed about nothing yet.",
            *beside,
        ),
        [(each.job_id or "-", _disagreed(each)) for each in rows],
    )


def in_shadow(tallies: Sequence[ShadowTally], rules: Mapping[str, int]) -> tuple[str, ...]:
    """List the classifiers and rules in shadow, with how often they disagreed."""
    told = [
        f"{each.candidate} disagreed about {each.disagreed:,} of {each.asked:,} prompts since "
        f"{each.since:%Y-%m-%d}, the last on {each.last_at:%Y-%m-%d}"
        f"{f'; it failed on {each.failed:,}' if each.failed else ''}."
        for each in tallies[:_CLASSIFIERS_MOST]
    ]
    told += [f"{rule} disagreed about {count:,} prompts." for rule, count in rules.items()]
    names = [*(each.candidate for each in tallies), *rules]
    return (*told, f"See which, as in /policy shadow {names[0]}.") if told else ()


def policy_heard(candidate: str, total: int, rows: Sequence[Disagreement]) -> Reply:
    """Say where a rule or classifier in shadow disagrees."""
    return _card(
        f"In shadow: {shortened(candidate, _VALUE_SHOWN)}",
        (
            f"It disagreed {total:,} times in 90 days; the newest are below."
            if total
            else "It disagreed about nothing that is still kept.",
        ),
        [(each.job_id or "-", _disagreed(each)) for each in rows],
    )


def _disagreed(one: Disagreement) -> str:
    named = one.would_name or one.category or "nothing found"
    score = "" if one.would_score is None else f" ({one.would_score:.2f})"
    return f"{WAS[one.decision]}, {WOULD[one.would_decide]}: {named}{score}"


def policy_fault(fault: str | None) -> str | None:
    """Warn those who run the house that everything is held."""
    if fault is None:
        return None
    return (
        f"The policy in force cannot be read ({fault}), so every request here is held. "
        "Roll back, or put another version in force."
    )


def _changed(one: Difference) -> str:
    shown = f"{shortened(one.before or 'nothing', 90)} → {shortened(one.after or 'nothing', 90)}"
    return f"{shown} (looser)" if one.loosens else shown


def _replayed(one: Change) -> str:
    source = one.after.source.removeprefix("rule:")
    why = one.after.category or one.before_category
    told = f"{WAS[one.before]}, {WOULD[one.after.decision]}"
    return " · ".join(lines_of(told, why, source, shortened(one.text, 80)))


def _second_person(loosens: Sequence[str]) -> str | None:
    if not loosens:
        return None
    return f"It loosens {joined(list(loosens))}: somebody else must put it in force."


def _where(scope: Scope) -> str:
    if scope.channel_id:
        return f"the channel {scope.channel_id}"
    return f"the community {scope.community_id}" if scope.community_id else "the organisation"


def _card(
    title: str,
    lines: Iterable[str],
    rows: Sequence[tuple[str, str]],
    *,
    is_long: bool = False,
) -> Reply:
    fields, room = [], _ROOM
    for name, value in rows[: None if is_long else FIELDS_MOST]:
        room -= len(name) + len(value)
        if room < 0 and not is_long:
            break
        fields.append(ReplyField(name=name, value=value or "-"))
    left = len(rows) - len(fields)
    return Reply(
        kind=ReplyKind.CARD,
        visibility=Visibility.PRIVATE,
        title=title,
        lines=lines_of(*lines, f"{left:,} more are not shown here." if left else None),
        fields=tuple(fields),
    )
