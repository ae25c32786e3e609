"""What is kept of a request, and what rules in shadow say to it."""

import pytest

from core.contracts.verdicts import Decision, Stage
from core.storage import Store
from moderation.engine import Gate
from moderation.features import features_of, remember
from moderation.gates import Gates
from moderation.inquiry import Subject, digest_of
from moderation.policy_trial import try_policy
from moderation.rules import ScreenedText
from tests.moderation.conftest import COMMUNITY, NOW
from tests.moderation.test_gates import LOCAL, put
from tests.moderation.test_replay import policy_with

QUIET = """
rules:
  - {id: own.fox, kind: pattern, category: ip_brand, pattern: '\\bred fox\\b', mode: shadow}
"""
LOUD = QUIET.replace("shadow", "enforce")


@pytest.fixture
def store(tmp_path):
    made = Store(f"sqlite:///{tmp_path / 'easel.db'}")
    made.migrate()
    yield made
    made.close()


def heard(store, gate, part, text, candidate="rule:own.fox"):
    """Screen a text where a part is in force; say the verdict and what is listed of it."""
    put(store, LOCAL, part)
    place = Gates(store, gate).place(COMMUNITY, "general")
    texts = [ScreenedText("prompt", text)]
    subject = Subject(Stage.RULES, COMMUNITY, None, NOW, digest_of(texts))
    examined = place.gate.examine(texts, subject)
    features = features_of(
        examined, texts, channel_id="general", member_id="web:ada", is_age_restricted=False
    )
    with store.unit() as unit:
        remember(unit, features, place)
        return examined.verdict, unit.features.disagreements(COMMUNITY, candidate)[1]


def test_a_rule_in_shadow_changes_nothing_and_is_heard(store, gate):
    """Its match is in the verdict, asking for nothing; enforced, it would have held the request."""
    verdict, [one] = heard(store, gate, QUIET, "a red fox in the snow")

    assert (verdict.decision, verdict.category, verdict.note) == (Decision.ALLOW, None, None)
    assert [each.source for each in verdict.findings] == ["rule:own.fox"]
    assert verdict.deciding is None
    assert (one.decision, one.would_decide) == (Decision.ALLOW, Decision.REVIEW)
    assert (one.would_name, one.rule) == ("ip_brand", "rule:own.fox")

    verdict, rows = heard(store, gate, LOUD, "a red fox in the snow")
    assert (verdict.decision, verdict.category) == (Decision.REVIEW, "ip_brand")
    assert rows == [one]


@pytest.mark.parametrize(
    ("part", "text"),
    [
        pytest.param(QUIET, "a blue bird", id="it does not match"),
        pytest.param(QUIET, "a red fox, porn", id="others refuse anyhow"),
        pytest.param(f"{QUIET}mode: shadow\n", "a red fox", id="the whole policy is in shadow"),
        pytest.param(QUIET.replace("mode", "decision: allow, mode"), "a red fox", id="it allows"),
    ],
)
def test_a_rule_that_would_change_nothing_is_not_listed(store, gate, part, text):
    assert heard(store, gate, part, text)[1] == []


def test_a_refusal_never_names_a_rule_in_shadow():
    """Nor does it pass for one that has settled the matter, so that the classifier is spared."""
    policy = policy_with(QUIET.replace("mode", "decision: block, mode"))
    texts = [ScreenedText("prompt", f"a red fox in {policy.lists['shock'].terms[0]}")]

    gate = Gate(policy)
    verdict = gate.screen_prompt(texts, community_id=COMMUNITY, now=NOW)

    assert verdict.decision is Decision.REVIEW
    assert verdict.note == "classifier_missing_rules_only"
    assert gate.explain(verdict).rule == "rule:shock.terms"


def test_a_rule_in_shadow_is_held_to_its_examples():
    part = QUIET.replace("mode", "examples: {hits: [a red fox, a red dog]}, mode")

    trial = try_policy(Gate(policy_with(part)))

    own = [each.text for each in trial.misses if each.rule == "own.fox"]
    assert own == ["a red dog"]
