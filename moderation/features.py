"""Keep of a decided request what it takes to decide it again: its readings, hits and scores."""

from collections.abc import Sequence

from core.contracts.features import Asked, Disagreement, Features
from core.contracts.ids import ChannelId, MemberId
from core.contracts.verdicts import CheckState, Verdict
from core.storage import Unit
from moderation.engine import Examined
from moderation.gates import Place
from moderation.normalize import read
from moderation.rules import ScreenedText

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
    has_failed = any(check.state in _UNFINISHED for check in verdict.checks)
    return place.fault is None and not has_failed


def remember(unit: Unit, features: Features, place: Place) -> None:
    """Record features, what their policy's rules match, and what a candidate says to them."""
    unit.features.add(features)
    if place.takes_note():
        unit.policies.keep_prints(features.policy_version, place.prints)
    candidate, judge = place.candidate, place.judge
    if candidate is None or judge is None:
        return
    decided = judge.decide(features)
    if (decided.decision, decided.category) == (features.decision, features.category):
        return
    unit.features.disagree(
        Disagreement(
            community_id=features.community_id,
            channel_id=features.channel_id,
            job_id=features.job_id,
            candidate=candidate.version_id,
            decision=features.decision,
            category=features.category,
            would_decide=decided.decision,
            would_name=decided.category,
            rule=decided.source,
            at=features.decided_at,
        )
    )


def _rules_in(verdict: Verdict) -> set[str]:
    sources = (finding.source for finding in verdict.findings)
    return {source.removeprefix("rule:") for source in sources if source.startswith("rule:")}


def _asked(examined: Examined) -> Asked:
    if examined.scores:
        return Asked.ANSWERED
    missing = (check.state is CheckState.MISSING for check in examined.verdict.checks)
    return Asked.MISSING if any(missing) else Asked.SPARED
