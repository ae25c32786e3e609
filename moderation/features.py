"""Keep of a decided request what it takes to decide it again: its readings, hits and scores."""

from collections.abc import Iterator, Sequence

from core.contracts.features import Asked, Disagreement, Features
from core.contracts.ids import ChannelId, MemberId
from core.contracts.verdicts import CheckState, Verdict
from core.storage import Unit
from moderation.engine import Examined
from moderation.gates import Place
from moderation.inquiry import rank
from moderation.normalize import read
from moderation.policy import Policy
from moderation.policy_house import Mode
from moderation.replay import Decided
from moderation.rules import ScreenedText, asked_by

_UNFINISHED = frozenset({CheckState.FAILED, CheckState.TIMED_OUT})


def features_of(
    examined: Examined,
    texts: Sequence[ScreenedText],
    *,
    channel_id: ChannelId,
    member_id: MemberId,
    is_age_restricted: bool,
) -> Features:
    """Write down what a verdict was made of, normalised."""
    verdict = examined.verdict
    numbered = {text.text: at for at, text in enumerate(texts)}
    return Features(
        verdict_id=verdict.verdict_id,
        job_id=verdict.job_id,
        community_id=verdict.community_id,
        channel_id=channel_id,
        member_id=member_id,
        is_age_restricted=is_age_restricted,
        decision=verdict.decision,
        category=verdict.category,
        policy_version=verdict.policy_version,
        input_sha256=verdict.input_sha256,
        texts=[
            (text.field, numbered[text.text], guess.text)
            for text in texts
            for guess in read(text.text).guesses
        ],
        rules=sorted(_rules_in(verdict)),
        scores=[dict(each) for each in examined.scores],
        classifier=_asked(examined),
        decided_at=verdict.decided_at,
    )


def is_whole(verdict: Verdict, place: Place) -> bool:
    """Tell whether a verdict is the policy's own: no check failed, and the policy was readable."""
    return place.fault is None and is_finished(verdict)


def is_finished(verdict: Verdict) -> bool:
    """Tell whether every check of a verdict came to an end of its own."""
    return not any(check.state in _UNFINISHED for check in verdict.checks)


def remember(unit: Unit, features: Features, place: Place) -> None:
    """Record features, what their policy's rules match, and what is in shadow says to them."""
    unit.features.add(features)
    if place.takes_note():
        unit.policies.keep_prints(features.policy_version, place.prints)
    for one in (*_of_the_candidate(features, place), *_of_rules(features, place.gate.policy)):
        unit.features.disagree(one)


def disagreement(features: Features, candidate: str, would: Decided) -> Disagreement:
    """Write down what a candidate would have made of a request."""
    return Disagreement(
        community_id=features.community_id,
        channel_id=features.channel_id,
        job_id=features.job_id,
        candidate=candidate,
        decision=features.decision,
        category=features.category,
        would_decide=would.decision,
        would_name=would.category,
        rule=would.source,
        at=features.decided_at,
    )


def _of_the_candidate(features: Features, place: Place) -> Iterator[Disagreement]:
    if place.candidate is None or place.judge is None:
        return
    decided = place.judge.decide(features)
    if (decided.decision, decided.category) != (features.decision, features.category):
        yield disagreement(features, place.candidate.version_id, decided)


def _of_rules(features: Features, policy: Policy) -> Iterator[Disagreement]:
    """Ask each rule in shadow that matched whether it alone would have made it stricter."""
    for rule in policy.rules if policy.mode is Mode.ENFORCE else ():
        if rule.is_enforced or rule.id not in features.rules:
            continue
        asked = asked_by(rule, policy, is_age_restricted=features.is_age_restricted)
        if rank(asked) > rank(features.decision):
            source = f"rule:{rule.id}"
            yield disagreement(features, source, Decided(asked, rule.category, source))


def _rules_in(verdict: Verdict) -> set[str]:
    sources = (finding.source for finding in verdict.findings)
    return {source.removeprefix("rule:") for source in sources if source.startswith("rule:")}


def _asked(examined: Examined) -> Asked:
    if examined.scores:
        return Asked.ANSWERED
    missing = (check.state is CheckState.MISSING for check in examined.verdict.checks)
    return Asked.MISSING if any(missing) else Asked.SPARED
