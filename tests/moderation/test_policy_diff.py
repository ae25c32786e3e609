"""What changes between two policies is said value by value, and what loosens grave ones is known."""

import pytest

from core.contracts.policies import Level
from moderation.policy import CATEGORY_CODES, DEFAULT_POLICY
from moderation.policy_diff import differences, loosened
from moderation.policy_file import effective, file_layer, part_layer

BASE = file_layer(DEFAULT_POLICY)
LIMITS = "categories: {hate_extremism: {thresholds: {review: 0.3, block: 0.6}}}"


def policy_with(*parts):
    return effective((BASE, *(part_layer(Level.COMMUNITY, "part", part) for part in parts))).policy


def between(before, after):
    return loosened(policy_with(*before), policy_with(*before, after))


WORD = policy_with().lists["hate"].terms[0]


@pytest.mark.parametrize(
    ("part", "named"),
    [
        pytest.param(
            "categories: {sexual_explicit: {action: review}}", "sexual_explicit", id="action"
        ),
        pytest.param(
            "categories: {sexual_explicit: {age_restricted_action: allow}}",
            "sexual_explicit",
            id="age",
        ),
        pytest.param(
            "categories: {hate_extremism: {severity: low}}", "hate_extremism", id="severity"
        ),
        pytest.param(
            "categories: {hate_extremism: {thresholds: {block: 0.7}}}",
            "hate_extremism",
            id="threshold",
        ),
        pytest.param(
            "categories: {hate_extremism: {thresholds: null}}", "hate_extremism", id="none"
        ),
        pytest.param(f"lists: {{hate: {{remove: ['{WORD}']}}}}", "hate_extremism", id="term"),
        pytest.param("lists: {hate: {allow: [flag]}}", "hate_extremism", id="allowed in a list"),
        pytest.param("lists: {aiding: {add: [castle]}}", "sexual_explicit", id="excuse"),
        pytest.param("without_rules: [hate.symbols]", "hate_extremism", id="rule removed"),
        pytest.param("rules: [{id: hate.slurs, decision: allow}]", "hate_extremism", id="decision"),
        pytest.param("rules: [{id: hate.slurs, mode: shadow}]", "hate_extremism", id="rule's mode"),
        pytest.param("rules: [{id: hate.slurs, allow: [castle]}]", "hate_extremism", id="allow"),
        pytest.param(
            "rules: [{id: hate.slurs, unless: [teaching]}]", "hate_extremism", id="unless"
        ),
        pytest.param("rules: [{id: hate.slurs, lists: [shock]}]", "hate_extremism", id="lists"),
        pytest.param(
            "rules: [{id: harassment.known_person, within_words: 1}]",
            "harassment_private_person",
            id="nearer",
        ),
        pytest.param("mode: shadow", "everything", id="shadow"),
        pytest.param("sanctions: {steps: []}", "everything", id="no ladder"),
        pytest.param(
            "sanctions: {steps: [{at: 3, penalty: note}, {at: 5, penalty: warn},"
            " {at: 8, penalty: pause, hours: 12}]}",
            "everything",
            id="shorter pause",
        ),
        pytest.param(
            "sanctions: {steps: [{at: 3, penalty: note}, {at: 5, penalty: warn},"
            " {at: 9, penalty: ban}]}",
            "everything",
            id="higher step, though a ban",
        ),
        pytest.param("sanctions: {expire_days: 29}", "everything", id="shorter strikes"),
        pytest.param("sanctions: {breaker: {per_hour: 19}}", "everything", id="earlier breaker"),
        pytest.param("sanctions: {taken_down: 0.5}", "everything", id="lighter reports"),
        pytest.param(
            "categories: {hate_extremism: {strikes: 2}}", "hate_extremism", id="lighter strikes"
        ),
        pytest.param("roles: {ban: moderator}", "everything", id="who bans"),
        pytest.param("roles: {activate: member}", "everything", id="roles"),
        pytest.param("review: {second_person: []}", "harassment_private_person", id="two"),
    ],
)
def test_loosening_a_grave_category_is_seen(part, named):
    assert named in between((LIMITS,), part)


@pytest.mark.parametrize(
    "part",
    [
        "title: Club",
        "categories: {gore_graphic: {action: allow}}",
        "categories: {hate_extremism: {member_text: Not here.}}",
        "categories: {hate_extremism: {thresholds: {block: 0.5}}}",
        "lists: {hate: {add: [zorblax]}}",
        "lists: {shock: {allow: [castle]}}",
        "without_rules: [gore.terms]",
        "rules: [{id: harassment.known_person, within_words: 20}]",
        "rules: [{id: own.words, kind: terms, category: hate_extremism, lists: [shock]}]",
        "roles: {propose: admin}",
        "sanctions: {expire_days: 60, breaker: {per_hour: 21}, taken_down: 2}",
        "sanctions: {steps: [{at: 2, penalty: note}, {at: 5, penalty: pause, hours: 24}]}",
        "categories: {hate_extremism: {strikes: 5}, gore_graphic: {strikes: 0}}",
        f"review: {{second_person: [{', '.join(CATEGORY_CODES)}]}}",
        "review: {undo_s: 5, reasons: {odd: {ruling: reject, title: Odd, member_text: Odd.}}}",
        "classifier_missing: block",
    ],
)
def test_what_is_stricter_or_not_grave_takes_one_person(part):
    assert between((LIMITS,), part) == []


def test_a_rule_in_shadow_is_free_to_change():
    """Nothing came of it, so nothing grows milder; put in force, it counts."""
    quiet = "rules: [{id: hate.slurs, mode: shadow}]"
    louder = "rules: [{id: hate.slurs, mode: enforce}]"

    assert between((LIMITS, quiet), "without_rules: [hate.slurs]") == []
    assert between((LIMITS, quiet), "rules: [{id: hate.slurs, decision: allow}]") == []
    assert between((LIMITS, quiet), louder) == []
    assert between((LIMITS, quiet, louder), quiet) == ["hate_extremism"]


def test_no_difference_is_none():
    assert differences(policy_with(), policy_with()) == []


def test_a_difference_says_before_and_after():
    after = policy_with("title: Club", "lists: {shock: {add: [zorblax]}}", "profile: g")

    told = {each.path: (each.before, each.after) for each in differences(policy_with(), after)}

    assert told["title"] == ("PG-13", "Club")
    assert told["lists.shock.terms"] == ("", "+zorblax")
    assert told["profile"] == ("null", "g")
    assert told["categories.violence_weapons.action"] == ("review", "block")
