"""Parts of a policy are laid over it: organisation, community, channel; the floor holds everywhere."""

import pytest
from inline_snapshot import snapshot

from core.contracts.policies import Level
from core.contracts.verdicts import Decision
from core.errors import UserError
from moderation.engine import Gate
from moderation.policy import DEFAULT_POLICY
from moderation.policy_errors import PolicyError
from moderation.policy_explain import explain
from moderation.policy_file import effective, file_layer, part_layer
from moderation.policy_levels import FLOOR, Origin
from moderation.rules import ScreenedText
from tests.moderation.conftest import COMMUNITY, NOW

BASE = file_layer(DEFAULT_POLICY)


def community(source):
    return part_layer(Level.COMMUNITY, "community local", source)


def channel(source):
    return part_layer(Level.CHANNEL, "channel general", source)


def faults_of(*layers) -> str:
    with pytest.raises(PolicyError) as refused:
        effective((BASE, *layers))
    return "\n".join(refused.value.faults)


def decision(found, text):
    gate = Gate(found.policy)
    screened = [ScreenedText("prompt", text)]
    return gate.screen_rules(screened, community_id=COMMUNITY, now=NOW).decision


def test_the_narrowest_level_that_says_a_value_is_heard():
    found = effective(
        (
            BASE,
            community("{title: Club, max_prompt_chars: 900}"),
            channel("max_prompt_chars: 80"),
        )
    )

    assert (found.policy.title, found.policy.max_prompt_chars) == ("Club", 80)
    assert found.policy.review_timeout_h == 48


def test_a_mapping_is_merged_key_by_key():
    part = "categories: {gore_graphic: {action: review, thresholds: {review: 0.4, block: 0.8}}}"
    narrower = "categories: {gore_graphic: {thresholds: {block: 0.7}}}"

    gore = effective((BASE, community(part), channel(narrower))).policy.category("gore_graphic")

    assert gore.action is Decision.REVIEW
    assert (gore.thresholds.review, gore.thresholds.block) == (0.4, 0.7)
    assert gore.title == "Graphic gore"


def test_words_are_added_to_a_list_and_taken_out():
    whole = effective((BASE,))
    word = whole.policy.lists["shock"].terms[0]

    found = effective((BASE, community(f"lists: {{shock: {{add: [zorblax], remove: [{word}]}}}}")))

    terms = found.policy.lists["shock"].terms
    assert "zorblax" in terms
    assert word not in terms
    assert len(terms) == len(whole.policy.lists["shock"].terms)
    assert decision(found, "a zorblax") is Decision.REVIEW


def test_a_lists_own_phrases_keep_every_rule_from_a_match():
    part = "lists: {shock: {add: [zorblax], allow: [zorblax museum]}}"

    found = effective((BASE, community(part)))

    assert decision(found, "the zorblax museum") is Decision.ALLOW
    assert decision(found, "the zorblax museum and a zorblax") is Decision.REVIEW


def test_a_rule_is_changed_in_the_keys_that_are_given():
    part = "rules: [{id: shock.terms, decision: block}, {id: own.pets, kind: pattern, category: shock_disturbing, pattern: '\\bpet rock\\b'}]"

    found = effective((BASE, community(part)))

    rules = {rule.id: rule for rule in found.policy.rules}
    assert rules["shock.terms"].decision is Decision.BLOCK
    assert rules["shock.terms"].lists == ("shock",)
    assert decision(found, "my pet rock") is Decision.REVIEW


def test_a_rule_is_left_out():
    found = effective((BASE, community("without_rules: [shock.terms]")))

    assert "shock.terms" not in {rule.id for rule in found.policy.rules}


def test_a_channel_chooses_a_profile():
    found = effective((BASE, channel("profile: g")))

    assert found.policy.category("violence_weapons").action is Decision.BLOCK
    assert effective((BASE,)).policy.category("violence_weapons").action is Decision.REVIEW


def test_another_profile_takes_the_place_of_the_wider_levels():
    found = effective((BASE, community("profile: g"), channel("profile: 16-plus")))

    assert found.policy.category("violence_weapons").action is Decision.ALLOW
    assert found.policy.category("illegal_goods_activity").action is Decision.REVIEW


def test_the_version_names_the_content_of_all_levels():
    alone, over = effective((BASE,)), effective((BASE, community("title: Club")))

    assert alone.policy.version != over.policy.version
    assert effective((BASE, community("title: Club"))).policy.version == over.policy.version


@pytest.mark.parametrize(
    "part",
    [
        "categories: {sexual_minors: {action: review}}",
        "categories: {nonconsensual_intimate: {age_restricted_action: allow}}",
        "categories: {sexual_minors: {is_echoed: true}}",
        "categories: {sexual_minors: {severity: low}}",
        "lists: {minors: {remove: [child]}}",
        "lists: {nudify: {allow: [deepnude]}}",
        "rules: [{id: minors.sexual, within_words: 1}]",
        "rules: [{id: own, kind: pattern, category: sexual_minors, pattern: loli, mode: shadow}]",
        "without_rules: [nudifier.tool]",
        "profiles: {own: {sexual_minors: {action: allow}}}",
    ],
)
def test_the_floor_holds_at_every_level(part):
    assert "floor" in faults_of(community(part))
    assert "floor" in faults_of(community("title: Club"), channel(part))


@pytest.mark.parametrize("lowered", ["decision: review", "decision: allow", "mode: shadow"])
def test_a_wider_levels_own_rule_of_the_floor_is_not_lowered_by_a_part(lowered):
    """Which need not name the category that the rule has."""
    own = "{id: own.minors, kind: pattern, category: sexual_minors, pattern: lolita}"
    wider = community(f"rules: [{own}]")
    part = channel(f"title: Club\nrules:\n  - id: own.minors\n    {lowered}")

    [fault] = faults_of(wider, part).split("\n\n")

    assert fault.startswith("channel general:4:")
    assert "`sexual_minors` has a floor" in fault


def test_shadow_mode_leaves_the_floor_in_force():
    found = effective((BASE, community("mode: shadow")))
    gate = Gate(found.policy)

    def ask(text):
        return gate.screen_rules([ScreenedText("prompt", text)], community_id=COMMUNITY, now=NOW)

    assert ask("porn").decision is Decision.ALLOW
    assert ask("porn").note == "shadow_block"
    assert ask("porn").findings
    assert ask("child porn").decision is Decision.BLOCK


def test_faults_of_a_part_are_told_in_its_own_text():
    """Ten planted, ten told, whatever they are merged into."""
    part = """\
titel: Club
max_prompt_chars: 90000
profile: pg
categories:
  gore_grafic: {action: review}
  shock_disturbing: {thresholds: {review: 0.9, block: 0.2}}
  sexual_minors: {action: allow}
lists:
  shock: {add: [Ünique], remove: [unheard of]}
rules:
  - {id: shock.terms, lists: [shok]}
without_rules: [gore.term]
"""

    told = faults_of(community(part))

    assert told.count("hint: ") == 10
    assert told == snapshot("""\
community local:1:1: unknown key `titel`
    titel: Club
    ^
    hint: did you mean `title`?
community local:2:19: above 6000
    max_prompt_chars: 90000
                      ^
    hint: write a smaller number
community local:3:10: unknown profile `pg`
    profile: pg
             ^
    hint: did you mean `g`?
community local:5:3: unknown category `gore_grafic`
      gore_grafic: {action: review}
      ^
    hint: did you mean `gore_graphic`?
community local:6:34: `review` is above `block`
      shock_disturbing: {thresholds: {review: 0.9, block: 0.2}}
                                     ^
    hint: lower `review` or raise `block`
community local:7:27: `sexual_minors` has a floor that no policy can lower
      sexual_minors: {action: allow}
                              ^
    hint: `action` must be `block`
community local:9:17: the term `Ünique` could never match
      shock: {add: [Ünique], remove: [unheard of]}
                    ^
    hint: use lower-case ASCII letters, digits, spaces, hyphens; `*` only at the end
community local:9:35: the list `shock` has no term `unheard of`
      shock: {add: [Ünique], remove: [unheard of]}
                                      ^
    hint: see `/policy lists`
community local:11:31: unknown list `shok`
      - {id: shock.terms, lists: [shok]}
                                  ^
    hint: did you mean `shock`?
community local:12:17: unknown rule `gore.term`
    without_rules: [gore.term]
                    ^
    hint: did you mean `gore.terms`?\
""")


def test_a_part_that_says_nothing_is_refused():
    assert "says nothing" in faults_of(community("{}"))
    with pytest.raises(PolicyError):
        community("")


def test_the_explainer_names_the_level_of_each_value():
    found = effective(
        (BASE, community("categories: {gore_graphic: {action: review}}"), channel("profile: g"))
    )

    told = {each.path: each for each in explain(found)}

    assert told["categories.gore_graphic.action"].origin == Origin("community", "community local")
    assert told["categories.gore_graphic.title"].origin == Origin("organisation", "default.yaml")
    assert told["categories.violence_weapons.action"].origin == Origin(
        "channel", "profile g in channel general"
    )
    assert told["lists.minors"].origin == FLOOR
    assert told["rules.minors.sexual.kind"].origin == FLOOR
    assert told["max_prompt_chars"].value == "6000"
    assert told["recipe_in_file"].origin.level == "organisation"
    assert told["label.corner"].value == "false"


def test_the_explainer_takes_a_path_and_names_the_nearest():
    found = effective((BASE,))

    told = explain(found, "retention")
    with pytest.raises(UserError) as unknown:
        explain(found, "retenton")

    assert {each.path for each in told} == {
        "retention.prompts_days",
        "retention.features_days",
        "retention.pictures_days",
        "retention.verdicts_days",
    }
    assert unknown.value.facts["suggestion"] == "retention"
