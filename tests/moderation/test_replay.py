"""A replay decides as the gate would, from features alone; only rules that differ look again."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from core.contracts.features import Asked
from core.contracts.policies import Level
from core.contracts.verdicts import Decision, Stage
from moderation.engine import Gate
from moderation.features import features_of
from moderation.inquiry import Subject, digest_of
from moderation.policy import DEFAULT_POLICY
from moderation.policy_file import effective, file_layer, part_layer
from moderation.replay import Judge, prints_of, replay
from moderation.rules import ScreenedText
from tests.moderation.conftest import COMMUNITY, NOW

BASE = file_layer(DEFAULT_POLICY)
PROMPTS = Path(__file__).parents[1] / "data" / "prompts"
PARTS = {
    "nothing": "title: Club",
    "an action": "categories: {gore_graphic: {action: review}, violence_weapons: {action: block}}",
    "off": "categories: {sexual_explicit: {action: allow}}",
    "words": "lists: {shock: {add: [apple]}, gore: {remove: [gore]}}",
    "an excuse": "lists: {teaching: {add: [knight]}, helping: {add: [poster]}}",
    "a phrase": "lists: {slurs: {allow: [a]}}",
    "a rule": "rules: [{id: own.red, kind: pattern, category: shock_disturbing, pattern: '\\bred\\b'}]",
    "a rule less": "without_rules: [explicit.terms, hate.symbols]",
    "a rule's own decision": "rules: [{id: gore.terms, decision: allow}]",
    "a rule in shadow": "rules: [{id: explicit.terms, mode: shadow}]",
    "a wider pair": "rules: [{id: harassment.known_person, within_words: 2}]",
    "a profile": "profile: 16-plus",
    "shadow": "mode: shadow",
    "everybody waits": "classifier_missing: review",
    "thresholds": "categories: {shock_disturbing: {thresholds: {review: 0.3, block: 0.9}}}",
    "thresholds that block": "categories: {gore_graphic: {thresholds: {review: 0.1, block: 0.2}}}",
}


class Opinionated:
    """Finds a little of everything in everything, by the words' lengths."""

    name, version = "opinionated", "1"

    def score(self, texts):
        return [
            {"shock_disturbing": len(text) % 7 / 7, "gore_graphic": len(text) % 5 / 5}
            for text in texts
        ]


SCORED = (
    "categories: {shock_disturbing: {thresholds: {review: 0.8, block: 0.95}}, "
    "gore_graphic: {thresholds: {review: 0.7, block: 0.75}}}"
)


def policy_with(*parts):
    layers = [part_layer(Level.COMMUNITY, "part", part) for part in parts]
    return effective((BASE, *layers)).policy


def prompts():
    rows = [
        json.loads(line)
        for path in sorted(PROMPTS.glob("*.jsonl"))
        for line in path.read_text("utf-8").splitlines()
    ]
    for row in rows[::3]:
        negatives = [ScreenedText("negative", term) for term in row.get("negative", [])]
        yield [ScreenedText("prompt", row["text"]), *negatives]


def examine(gate, texts, stage=Stage.PROMPT, is_age_restricted=False):
    subject = Subject(stage, COMMUNITY, None, NOW, digest_of(texts), is_age_restricted)
    return gate.examine(texts, subject)


def record(gate, texts, is_age_restricted=False, **stage):
    examined = examine(gate, texts, is_age_restricted=is_age_restricted, **stage)
    return features_of(
        examined,
        texts,
        channel_id="general",
        member_id="web:ada",
        is_age_restricted=is_age_restricted,
    )


@pytest.fixture(scope="module")
def past():
    """What was asked under a policy without and with a classifier, in both kinds of channel."""
    plain = Gate(policy_with())
    scored = Gate(policy_with(SCORED), classifier=Opinionated())
    asked = list(prompts())
    return {
        "plain": [
            (texts, is_it, record(plain, texts, is_it)) for texts in asked for is_it in (0, 1)
        ],
        "scored": [(texts, False, record(scored, texts)) for texts in asked],
    }


@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
def test_a_replay_decides_as_the_gate_would(past, part):
    """With the old rules' hits on record, and without."""
    draft = policy_with(part)
    gate = Gate(draft)
    before = policy_with()
    judges = [Judge(draft, {before.version: prints_of(before)}), Judge(draft)]

    for texts, is_age_restricted, features in past["plain"]:
        verdict = examine(gate, texts, is_age_restricted=is_age_restricted).verdict
        for judge in judges:
            decided = judge.decide(features)
            if features.classifier is Asked.SPARED and decided.is_unscored:
                continue  # No classifier was due then; one is now.
            assert decided.decision is verdict.decision, texts


@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
def test_scores_on_record_stand_for_the_classifier(past, part):
    draft = policy_with(SCORED, part)
    gate = Gate(draft, classifier=Opinionated())
    judge = Judge(
        draft,
        {
            features.policy_version: prints_of(policy_with(SCORED))
            for _, _, features in past["scored"][:1]
        },
    )

    for texts, _, features in past["scored"]:
        verdict = examine(gate, texts).verdict
        decided = judge.decide(features)
        if decided.is_unscored:
            assert features.classifier is Asked.SPARED
            continue
        assert decided.decision is verdict.decision, texts


def test_only_rules_that_differ_look_at_texts_again(past):
    before = policy_with()
    prints = {before.version: prints_of(before)}
    recorded = [features for _, _, features in past["plain"]]

    same = replay(recorded, policy_with(PARTS["an action"]), prints)
    other = replay(recorded, policy_with(PARTS["a rule"]), prints)

    assert same.looked_again == 0
    assert same.changes
    assert other.looked_again == len(recorded)
    assert len(Judge(policy_with(PARTS["a rule"]), prints)._book(before.version).rules) == 1


def test_the_report_lists_each_changed_decision():
    gate = Gate(policy_with())
    shock = policy_with().lists["shock"].terms[0]
    texts = [
        [ScreenedText("prompt", text)] for text in ("a red apple", f"a pile of {shock}", "porn")
    ]
    recorded = [record(gate, each) for each in texts]

    report = replay(
        recorded,
        policy_with(
            "categories: {shock_disturbing: {action: block}, sexual_explicit: {action: allow}}"
        ),
    )

    assert report.total == 3
    assert report.counts() == {
        (Decision.REVIEW, Decision.BLOCK): 1,
        (Decision.BLOCK, Decision.ALLOW): 1,
    }
    first, second = report.changes
    assert (first.text, first.before_category) == (f"a pile of {shock}", "shock_disturbing")
    assert (first.after.category, first.after.source) == ("shock_disturbing", "rule:shock.terms")
    assert second.after.is_unscored
    assert report.unscored == 1


def test_what_is_never_quoted_is_not_in_the_report():
    before = policy_with("lists: {shock: {add: [child porn]}}")
    texts = [ScreenedText("prompt", "child porn")]
    features = record(Gate(before), texts)
    milder = features.__class__(
        **{
            **{name: getattr(features, name) for name in features.__slots__},
            "decision": Decision.ALLOW,
        }
    )

    [change] = replay([milder], before).changes

    assert change.after.category == "sexual_minors"
    assert change.text == ""


def test_features_name_rules_and_readings():
    texts = [ScreenedText("prompt", "P0rn"), ScreenedText("negative", "gore")]

    features = record(Gate(policy_with()), texts)

    assert features.rules == ["explicit.terms"]
    assert ("prompt", 0, "porn") in features.texts
    assert ("negative", 1, "gore") in features.texts
    assert features.decided_at == NOW
    assert features.decided_at < NOW + timedelta(days=1)


def test_prints_see_words_and_not_what_follows_from_them():
    before = prints_of(policy_with())

    def changed(part):
        after = prints_of(policy_with(part))
        return {rule_id for rule_id in after if after[rule_id] != before.get(rule_id)}

    assert changed(PARTS["an action"]) == set()
    assert changed(PARTS["a rule's own decision"]) == set()
    assert changed(PARTS["a rule in shadow"]) == set()
    assert "hate.symbols" in changed("lists: {teaching: {add: [knight]}}")
    assert changed("lists: {shock: {add: [apple]}}") == {"shock.terms"}
