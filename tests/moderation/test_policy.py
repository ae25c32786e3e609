"""The shipped policy: whole, worded for people, above the floor, versioned by its content."""

import pytest
from pydantic import ValidationError

from core.contracts.verdicts import Decision
from moderation.policy import (
    CATEGORY_CODES,
    FLOOR_CATEGORIES,
    SHIPPED_POLICIES,
    MissingCheck,
    Policy,
    Previews,
    Severity,
    Thresholds,
    load_policy,
)
from moderation.term_files import read_terms


def test_it_is_the_pg13_policy_with_the_settings_that_the_readme_states(policy):
    assert policy.name == "easel-pg13"
    assert policy.title == "PG-13"
    assert policy.classifier_missing is MissingCheck.RULES_ONLY
    assert policy.image_check_missing is MissingCheck.RULES_ONLY
    assert policy.previews is Previews.REQUESTER
    assert policy.recipe_in_file is False
    assert policy.review_timeout_h == 48


def test_it_words_the_sixteen_categories_in_order(policy):
    assert tuple(policy.categories) == CATEGORY_CODES
    assert len(CATEGORY_CODES) == 16


def test_the_card_has_both_halves(policy):
    assert "knights" in policy.allowed_text
    assert "under 18" in policy.not_allowed_text


@pytest.mark.parametrize("code", FLOOR_CATEGORIES)
def test_the_hard_categories_block_everywhere(policy, code):
    category = policy.category(code)

    assert category.action is Decision.BLOCK
    assert category.severity is Severity.CRITICAL
    assert category.age_restricted_action is None


def test_sexual_content_with_minors_is_never_quoted_and_never_appealed(policy):
    category = policy.category("sexual_minors")

    assert not category.is_echoed
    assert not category.appealable


def test_self_harm_comes_with_a_place_to_turn_to(policy):
    assert "findahelpline.com" in policy.category("self_harm_eating").help_text


def test_the_floors_rules_come_first_and_belong_to_the_hard_categories(policy):
    floor = [rule for rule in policy.rules if rule.category in FLOOR_CATEGORIES]

    assert list(policy.rules[: len(floor)]) == floor
    assert {rule.category for rule in floor} == set(FLOOR_CATEGORIES)


def test_no_term_stands_twice_in_a_file():
    for path in (SHIPPED_POLICIES / "lists").glob("*.txt"):
        terms = read_terms(path)

        assert sorted(set(terms)) == sorted(terms), path.name


def test_every_term_file_is_used(policy):
    used = {words.file for words in policy.lists.values()}
    floor = (SHIPPED_POLICIES / "floor.yaml").read_text("utf-8")

    for path in (SHIPPED_POLICIES / "lists").glob("*.txt"):
        name = f"lists/{path.name}"
        assert name in used or name in floor


def test_a_policy_can_be_kept_and_read_back(policy):
    assert Policy.model_validate_json(policy.model_dump_json()) == policy


def test_the_version_ends_in_a_hash_of_the_content(policy, edited_policy):
    number, _, digest = policy.version.partition("+")

    assert number == "1.0.0"
    assert len(digest) == 8
    assert load_policy(edited_policy()).version == policy.version
    changed = load_policy(edited_policy(("Humiliating someone", "Mocking someone")))
    assert changed.version.startswith("1.0.0+")
    assert changed.version != policy.version


def test_the_version_covers_the_term_files(policy, edited_policy, tmp_path):
    path = edited_policy()
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "gore.txt").write_text("gore  # one term only\n\n")

    own = load_policy(path)

    assert own.lists["gore"].terms == ("gore",)
    assert own.version != policy.version


def test_terms_in_the_file_join_those_of_the_list(edited_policy):
    path = edited_policy(
        ("gore: {file: lists/gore.txt}", "gore: {file: lists/gore.txt, terms: [spilt ketchup]}")
    )

    assert "spilt ketchup" in load_policy(path).lists["gore"].terms


def test_thresholds_stand_in_order():
    with pytest.raises(ValidationError):
        Thresholds(review=0.9, block=0.5)
