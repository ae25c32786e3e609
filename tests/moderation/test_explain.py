"""A refusal says what, where, by which rule, and what would pass."""

import pytest

from core.contracts.verdicts import Decision
from moderation.engine import Gate
from moderation.policy import MissingCheck
from moderation.rules import ScreenedText
from tests.moderation.conftest import COMMUNITY, NOW


def test_it_names_category_span_rule_policy_and_what_would_pass(gate, screen, policy):
    reason = gate.explain(screen("a naked woman"))

    category = policy.category("sexual_suggestive")
    assert reason.decision is Decision.BLOCK
    assert (reason.category, reason.category_title) == ("sexual_suggestive", category.title)
    assert reason.member_text == category.member_text
    assert reason.what_would_pass == category.what_would_pass
    assert (reason.field, reason.span.start, reason.span.text) == ("prompt", 2, "naked")
    assert reason.rule == "rule:nudity.terms"
    assert (reason.policy_name, reason.policy_version) == (policy.name, policy.version)
    assert reason.is_echoed
    assert reason.is_appealable
    assert reason.help_text is None


def test_sexual_content_with_minors_is_neither_quoted_nor_appealed(gate, screen):
    reason = gate.explain(screen("a nude child"))

    assert reason.span is None
    assert not reason.is_echoed
    assert not reason.is_appealable


def test_self_harm_comes_with_help(gate, screen):
    reason = gate.explain(screen("slitting her wrists"))

    assert "findahelpline.com" in reason.help_text


def test_two_halves_near_each_other_are_marked_as_one(gate, screen):
    reason = gate.explain(screen("photo of the president being arrested at night"))

    assert reason.span.text == "president being arrested"


def test_two_halves_far_apart_are_marked_by_the_second(gate, screen):
    reason = gate.explain(screen("my neighbor " + "of a large and old house " * 5 + "undressed"))

    assert reason.span.text == "undressed"


def test_halves_in_two_fields_are_marked_by_the_second(gate, screen):
    reason = gate.explain(screen("my coworker", ("style", "a nude")))

    assert (reason.field, reason.span.text) == ("style", "nude")


def test_a_match_in_a_negative_is_marked_there(gate, screen):
    reason = gate.explain(screen("my wife on a beach", ("negative", "clothes")))

    assert (reason.field, reason.span.text) == ("negative", "clothes")


def test_a_verdict_without_a_finding_is_explained_by_its_note(policy):
    gate = Gate(policy.model_copy(update={"classifier_missing": MissingCheck.BLOCK}))
    verdict = gate.screen_prompt(
        [ScreenedText("prompt", "a red apple")], community_id=COMMUNITY, now=NOW
    )

    reason = gate.explain(verdict)

    assert reason.category == ""
    assert reason.category_title == policy.unchecked.title
    assert reason.rule == "classifier_missing"


@pytest.mark.parametrize("code", ["gore_graphic", "no_longer_there"])
def test_an_old_verdict_is_explained_even_where_its_category_is_gone(gate, screen, code):
    verdict = screen("a severed head")
    finding = verdict.findings[0].model_copy(update={"category": code})

    reason = gate.explain(verdict.model_copy(update={"findings": (finding,)}))

    assert reason.category_title
    assert reason.decision is Decision.BLOCK
