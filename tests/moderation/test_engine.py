"""The gate decides, explains, and fails closed: each drill below ends in review or block."""

import threading
from collections.abc import Sequence
from typing import NamedTuple

import pytest
from structlog.testing import capture_logs

from core.contracts.generation import GenerationSpec
from core.contracts.verdicts import CheckState, Decision, Stage
from core.workflow import Outcome
from moderation.engine import Gate, outcome_of, texts_of
from moderation.policy import MissingCheck, Policy, Thresholds, load_policy
from moderation.rules import CompiledRule, RuleBook, ScreenedText
from tests.moderation.conftest import COMMUNITY, NOW

APPLE = [ScreenedText("prompt", "a red apple")]
NAKED = [ScreenedText("prompt", "a naked woman")]


class FakeClassifier:
    """Answer with the same scores for every input, and remember the inputs."""

    name = "fake"
    version = "1"

    def __init__(self, **scores: float) -> None:
        self.scores = scores
        self.asked: list[object] = []

    def score(self, inputs: Sequence[object]) -> list[dict[str, float]]:
        self.asked += inputs
        return [self.scores for _ in inputs]


class BrokenClassifier(FakeClassifier):
    def score(self, inputs):
        raise RuntimeError(inputs)


class HangingClassifier(FakeClassifier):
    def __init__(self) -> None:
        super().__init__()
        self.release = threading.Event()

    def score(self, inputs):
        self.release.wait(60)
        return [{} for _ in inputs]


class ShortClassifier(FakeClassifier):
    def score(self, inputs):
        return []


class FakeImage:
    mode, size = "RGB", (1, 1)

    def __init__(self, pixels: bytes = b"abc") -> None:
        self.pixels = pixels

    def tobytes(self) -> bytes:
        return self.pixels


def with_settings(policy: Policy, **settings: object) -> Policy:
    return policy.model_copy(update=settings)


@pytest.fixture(scope="module")
def thresholds(policy) -> Policy:
    """The shipped policy with thresholds for every category."""
    limits = Thresholds(review=0.5, block=0.9)
    categories = {
        code: category.model_copy(update={"thresholds": limits})
        for code, category in policy.categories.items()
    }
    return with_settings(policy, categories=categories)


def ask(gate: Gate, texts=APPLE, **options):
    return gate.screen_prompt(texts, community_id=COMMUNITY, now=NOW, **options)


def ask_image(gate: Gate, image: FakeImage | None = None):
    return gate.screen_image(image or FakeImage(), community_id=COMMUNITY, job_id=None, now=NOW)


class TestVerdict:
    def test_it_records_what_was_decided_by_what(self, gate, policy):
        verdict = gate.screen_rules(NAKED, community_id=COMMUNITY, now=NOW)

        assert verdict.stage is Stage.RULES
        assert verdict.decision is Decision.BLOCK
        assert verdict.category == "sexual_suggestive"
        assert (verdict.policy_name, verdict.policy_version) == (policy.name, policy.version)
        assert verdict.decided_at == NOW
        (finding,) = verdict.findings
        assert finding.source == "rule:nudity.terms"
        assert (finding.span.start, finding.span.end, finding.span.text) == (2, 7, "naked")
        assert not finding.is_obfuscated
        (check,) = verdict.checks
        assert (check.name, check.version, check.state) == ("rules", policy.version, CheckState.RAN)

    def test_the_hash_is_of_the_texts_and_their_fields(self, gate):
        def hash_of(*texts: ScreenedText) -> str:
            return gate.screen_rules(texts, community_id=COMMUNITY, now=NOW).input_sha256

        first = hash_of(ScreenedText("prompt", "a"), ScreenedText("negative", "b"))

        assert first == hash_of(ScreenedText("prompt", "a"), ScreenedText("negative", "b"))
        assert first != hash_of(ScreenedText("prompt", "a"), ScreenedText("style", "b"))
        assert first != hash_of(ScreenedText("prompt", "ab"))

    def test_the_gravest_of_the_strictest_findings_is_named(self, screen):
        verdict = screen("gore, and a teenager, nude")

        assert verdict.category == "sexual_minors"
        assert verdict.deciding.category == "sexual_minors"
        assert {finding.category for finding in verdict.findings} >= {"gore_graphic"}

    def test_an_obfuscated_match_says_so_and_is_marked_as_typed(self, screen):
        verdict = screen("a n\u200ba\u200bked woman")

        assert verdict.deciding.is_obfuscated
        assert verdict.deciding.span.text == "n\u200ba\u200bked"

    def test_an_age_restricted_channel_follows_its_own_actions(self, screen):
        assert screen("a naked woman").decision is Decision.BLOCK
        assert screen("a naked woman", is_age_restricted=True).decision is Decision.REVIEW
        assert screen("an orgy", is_age_restricted=True).decision is Decision.BLOCK
        assert screen("a nude teenager", is_age_restricted=True).decision is Decision.BLOCK

    def test_a_finding_that_allows_is_kept_without_deciding(self, policy):
        category = policy.categories["gore_graphic"].model_copy(update={"action": Decision.ALLOW})
        categories = policy.categories | {"gore_graphic": category}
        gate = Gate(with_settings(policy, categories=categories))

        verdict = gate.screen_rules(
            [ScreenedText("prompt", "a severed head")], community_id=COMMUNITY, now=NOW
        )

        assert verdict.decision is Decision.ALLOW
        assert verdict.category is None
        assert [finding.category for finding in verdict.findings] == ["gore_graphic"]

    def test_a_prompt_full_of_hits_has_few_findings(self, screen):
        verdict = screen("gore " * 1000)

        assert len(verdict.findings) == 4


class TestTexts:
    def test_every_entrance_is_listed_once(self):
        spec = GenerationSpec(
            prompt="{red,blue} apple::2 sky", negative=("rain", "snow"), style="vivid"
        )

        texts = texts_of(spec, {"vivid": "bold colours"})

        assert [(text.field, text.text) for text in texts] == [
            ("prompt", "{red,blue} apple::2 sky"),
            ("permutation", "red apple::2 sky"),
            ("part", "red apple"),
            ("part", "sky"),
            ("permutation", "blue apple::2 sky"),
            ("part", "blue apple"),
            ("style", "vivid bold colours"),
            ("negative", "rain"),
            ("negative", "snow"),
        ]

    def test_a_plain_prompt_is_one_text(self):
        assert texts_of(GenerationSpec(prompt="a red apple")) == tuple(APPLE)

    def test_a_style_without_a_known_text_is_screened_by_its_name(self):
        texts = texts_of(GenerationSpec(prompt="a red apple", style="nude"))

        assert texts[-1] == ScreenedText("style", "nude")

    def test_a_term_of_no_is_apart_from_the_same_word_wanted(self):
        texts = texts_of(GenerationSpec(prompt="rain", negative=("rain",)))

        assert [text.field for text in texts] == ["prompt", "negative"]

    def test_a_match_in_a_permutation_is_marked_in_the_prompt(self, gate):
        texts = texts_of(GenerationSpec(prompt="a {naked,happy} woman"))

        verdict = gate.screen_rules(texts, community_id=COMMUNITY, now=NOW)

        (finding,) = verdict.findings
        assert finding.field == "prompt"
        assert (finding.span.start, finding.span.end) == (3, 8)

    def test_a_match_that_only_a_permutation_has_is_marked_there(self, gate):
        texts = texts_of(GenerationSpec(prompt="a {nu,ru}de woman"))

        verdict = gate.screen_rules(texts, community_id=COMMUNITY, now=NOW)

        (finding,) = verdict.findings
        assert finding.field == "permutation"
        assert finding.span.text.startswith("nude")

    @pytest.mark.parametrize(
        "spec",
        [
            pytest.param(GenerationSpec(prompt="a {child,cat} on a {nude,blue} bed"), id="choices"),
            pytest.param(GenerationSpec(prompt="a child::1 nude::2"), id="weighted parts"),
            pytest.param(GenerationSpec(prompt="a child", style="nude"), id="style"),
            pytest.param(GenerationSpec(prompt="a child", negative=("clothes",)), id="negative"),
        ],
    )
    def test_the_hard_rules_meet_across_the_fields(self, spec, gate):
        verdict = gate.screen_rules(texts_of(spec), community_id=COMMUNITY, now=NOW)

        assert verdict.category == "sexual_minors"
        assert verdict.decision is Decision.BLOCK


class TestMissingChecks:
    @pytest.mark.parametrize(
        ("setting", "decision", "note", "outcome"),
        [
            pytest.param(
                MissingCheck.RULES_ONLY,
                Decision.ALLOW,
                "classifier_missing_rules_only",
                Outcome.PROMPT_ALLOW,
                id="rules only",
            ),
            pytest.param(
                MissingCheck.REVIEW,
                Decision.REVIEW,
                "classifier_missing",
                Outcome.CHECK_UNAVAILABLE,
                id="review",
            ),
            pytest.param(
                MissingCheck.BLOCK,
                Decision.BLOCK,
                "classifier_missing",
                Outcome.PROMPT_BLOCK,
                id="block",
            ),
        ],
    )
    def test_a_missing_classifier_follows_the_policy_and_is_recorded(
        self, policy, setting, decision, note, outcome
    ):
        verdict = ask(Gate(with_settings(policy, classifier_missing=setting)))

        assert (verdict.decision, verdict.note) == (decision, note)
        assert verdict.checks[-1].state is CheckState.MISSING
        assert outcome_of(verdict) is outcome

    def test_a_missing_classifier_does_not_soften_a_rule(self, gate):
        verdict = ask(gate, NAKED)

        assert verdict.decision is Decision.BLOCK
        assert outcome_of(verdict) is Outcome.PROMPT_BLOCK

    @pytest.mark.parametrize(
        ("setting", "outcome"),
        [
            pytest.param(MissingCheck.RULES_ONLY, Outcome.OUTPUT_ALLOW, id="rules only"),
            pytest.param(MissingCheck.REVIEW, Outcome.CHECK_UNAVAILABLE, id="review"),
            pytest.param(MissingCheck.BLOCK, Outcome.OUTPUT_BLOCK, id="block"),
        ],
    )
    def test_a_missing_image_check_follows_the_policy(self, policy, setting, outcome):
        verdict = ask_image(Gate(with_settings(policy, image_check_missing=setting)))

        assert outcome_of(verdict) is outcome
        assert verdict.note.startswith("image_check_missing")

    def test_screening_by_rules_alone_asks_no_classifier(self, thresholds):
        classifier = FakeClassifier(gore_graphic=1.0)
        gate = Gate(thresholds, classifier=classifier)

        verdict = gate.screen_rules(APPLE, community_id=COMMUNITY, now=NOW)

        assert verdict.decision is Decision.ALLOW
        assert classifier.asked == []


class TestClassifier:
    @pytest.mark.parametrize(
        ("score", "decision"),
        [
            pytest.param(0.49, Decision.ALLOW, id="below review"),
            pytest.param(0.5, Decision.REVIEW, id="at review"),
            pytest.param(0.89, Decision.REVIEW, id="below block"),
            pytest.param(0.9, Decision.BLOCK, id="at block"),
        ],
    )
    def test_thresholds_decide(self, thresholds, score, decision):
        verdict = ask(Gate(thresholds, classifier=FakeClassifier(gore_graphic=score)))

        assert verdict.decision is decision
        assert verdict.note is None
        assert verdict.checks[-1].name == "fake"
        if decision is not Decision.ALLOW:
            assert verdict.deciding.source == "classifier:fake@1"
            assert verdict.deciding.score == score

    def test_it_reads_the_plain_reading_and_no_negatives(self, thresholds):
        classifier = FakeClassifier()
        texts = [ScreenedText("prompt", "A r\u200bed apple"), ScreenedText("negative", "gore")]

        ask(Gate(thresholds, classifier=classifier), texts)

        assert classifier.asked == ["a red apple"]

    def test_it_reads_hidden_words_put_right_beside_what_was_typed(self, thresholds):
        classifier = FakeClassifier()

        ask(Gate(thresholds, classifier=classifier), [ScreenedText("prompt", "a b1ack h0rse")])

        assert classifier.asked == ["a b1ack h0rse", "a black horse"]

    def test_a_prompt_that_hides_meets_lower_thresholds(self, thresholds):
        gate = Gate(thresholds, classifier=FakeClassifier(gore_graphic=0.3))

        plain = ask(gate, [ScreenedText("prompt", "a black horse behind a wooden fence")])
        hiding = ask(gate, [ScreenedText("prompt", "a b1ack h0rse beh1nd a w00den f3nce")])

        assert plain.decision is Decision.ALLOW
        assert hiding.decision is Decision.REVIEW

    def test_an_image_is_judged_by_its_own_classifier(self, thresholds):
        image = FakeImage()
        classifier = FakeClassifier(gore_graphic=0.95)

        verdict = ask_image(Gate(thresholds, image_classifier=classifier), image)

        assert classifier.asked == [image]
        assert outcome_of(verdict) is Outcome.OUTPUT_BLOCK
        assert verdict.deciding.field == "picture"

    def test_an_images_hash_is_of_its_pixels(self, gate):
        assert ask_image(gate).input_sha256 == ask_image(gate, FakeImage(b"abc")).input_sha256
        assert ask_image(gate).input_sha256 != ask_image(gate, FakeImage(b"abd")).input_sha256


class ExplainingClassifier(FakeClassifier):
    """Find gore in each word of its list, and say which; two of them are surer than one."""

    words = ("axe", "stump")

    def score(self, inputs):
        found = [sum(word in text for word in self.words) for text in inputs]
        return [{"gore_graphic": (0.0, 0.6, 0.95)[count]} for count in found]

    def explain(self, text, category):
        places = sorted(text.find(word) for word in self.words if word in text)
        return [
            Range(at, at + len(word))
            for at in places
            for word in self.words
            if text.startswith(word, at)
        ]


class BadlyExplainingClassifier(ExplainingClassifier):
    def explain(self, text, category):
        raise KeyError(text)


class Range(NamedTuple):
    start: int
    end: int


class TestLocated:
    """What a classifier found is marked where its author typed it."""

    def found(self, prompt, thresholds, classifier=None, **options):
        gate = Gate(thresholds, classifier=classifier or ExplainingClassifier())
        texts = texts_of(GenerationSpec(prompt=prompt, **options))
        return gate.located(ask(gate, texts), texts).deciding

    def test_the_fewest_words_that_change_the_verdict_are_marked(self, thresholds):
        """Without the first word it would be a review, and no block."""
        finding = self.found("The \u200bAxe and the stump", thresholds)

        assert (finding.span.text, finding.also) == ("Axe", ())
        assert (finding.span.start, finding.span.end) == (5, 8)

    def test_all_words_are_marked_where_one_alone_changes_nothing(self, thresholds):
        limits = Thresholds(review=0.5, block=0.5)
        category = thresholds.categories["gore_graphic"].model_copy(update={"thresholds": limits})
        strict = with_settings(
            thresholds, categories=thresholds.categories | {"gore_graphic": category}
        )

        finding = self.found("the axe and the stump", strict)

        assert [finding.span.text, *(span.text for span in finding.also)] == ["axe", "stump"]

    def test_words_of_a_part_are_marked_in_the_prompt(self, thresholds):
        finding = self.found("a tree::1 an axe, a stump::2", thresholds)

        assert (finding.field, finding.span.start) == ("prompt", 13)

    def test_one_finding_stands_for_prompt_and_parts(self, thresholds):
        gate = Gate(thresholds, classifier=ExplainingClassifier())
        verdict = ask(gate, texts_of(GenerationSpec(prompt="{an axe,a stump}::1 a hill")))

        assert [(each.field, each.score) for each in verdict.findings] == [("prompt", 0.95)]

    def test_words_that_only_a_permutation_has_are_marked_there(self, thresholds):
        finding = self.found("an a{xe,pple} on a hill", thresholds)

        assert (finding.field, finding.span.text) == ("permutation", "axe")

    @pytest.mark.parametrize(
        "classifier",
        [
            pytest.param(BadlyExplainingClassifier(), id="it raises"),
            pytest.param(FakeClassifier(gore_graphic=0.95), id="it never can"),
        ],
    )
    def test_a_verdict_stands_without_its_marks(self, thresholds, classifier):
        finding = self.found("the axe and the stump", thresholds, classifier)

        assert (finding.decision, finding.span) == (Decision.BLOCK, None)

    def test_what_a_rule_found_is_left_as_it_is(self, thresholds):
        finding = self.found("a naked woman with an axe", thresholds)

        assert finding.source == "rule:nudity.terms"


class TestFailsClosed:
    """What fails, is away or talks nonsense never lets a prompt through."""

    @pytest.mark.parametrize(
        ("classifier", "note"),
        [
            pytest.param(BrokenClassifier(), "check_failed", id="it raises"),
            pytest.param(ShortClassifier(), "check_failed", id="it forgets an input"),
            pytest.param(FakeClassifier(gore_graphic=float("nan")), "check_failed", id="NaN"),
            pytest.param(FakeClassifier(gore_graphic=7.0), "check_failed", id="no probability"),
            pytest.param(FakeClassifier(cats=0.1), "unknown_category", id="unknown category"),
        ],
    )
    def test_a_classifier_that_cannot_be_trusted_means_review(self, thresholds, classifier, note):
        verdict = ask(Gate(thresholds, classifier=classifier))

        assert verdict.decision is Decision.REVIEW
        assert verdict.note == note
        assert outcome_of(verdict) is Outcome.CHECK_UNAVAILABLE

    def test_a_score_without_thresholds_means_review(self, policy):
        category = policy.categories["gore_graphic"].model_copy(update={"thresholds": None})
        categories = policy.categories | {"gore_graphic": category}
        unset = with_settings(policy, categories=categories)

        verdict = ask(Gate(unset, classifier=FakeClassifier(gore_graphic=0.0)))

        assert (verdict.decision, verdict.note) == (Decision.REVIEW, "thresholds_missing")

    def test_a_classifier_that_hangs_means_review_in_bounded_time(self, thresholds):
        classifier = HangingClassifier()

        verdict = ask(Gate(thresholds, classifier=classifier, timeout_s=0.01))

        classifier.release.set()
        assert (verdict.decision, verdict.note) == (Decision.REVIEW, "check_failed")
        assert verdict.checks[-1].state is CheckState.TIMED_OUT

    def test_what_rules_refuse_needs_no_classifier(self, thresholds):
        classifier = FakeClassifier(gore_graphic=1.0)

        verdict = ask(Gate(thresholds, classifier=classifier), NAKED)

        assert (verdict.decision, verdict.category) == (Decision.BLOCK, "sexual_suggestive")
        assert classifier.asked == []

    def test_a_failing_classifier_does_not_soften_a_rule(self, thresholds):
        verdict = ask(
            Gate(thresholds, classifier=BrokenClassifier()),
            [ScreenedText("prompt", "a school shooting")],
        )

        assert (verdict.decision, verdict.category) == (Decision.REVIEW, "violence_weapons")
        assert verdict.note == "check_failed"

    def test_a_rule_that_raises_means_review_and_the_others_still_look(self, gate, monkeypatch):
        find = CompiledRule.find

        def fail_one(rule, scan, **options):
            if rule.source == "rule:gore.terms":
                raise ZeroDivisionError
            return find(rule, scan, **options)

        monkeypatch.setattr(CompiledRule, "find", fail_one)

        harmless = gate.screen_rules(APPLE, community_id=COMMUNITY, now=NOW)
        blocked = gate.screen_rules(NAKED, community_id=COMMUNITY, now=NOW)

        assert (harmless.decision, harmless.note) == (Decision.REVIEW, "check_failed")
        assert outcome_of(harmless) is Outcome.RULES_REVIEW
        assert ("rule:gore.terms", CheckState.FAILED) in {
            (check.name, check.state) for check in harmless.checks
        }
        assert blocked.decision is Decision.BLOCK

    def test_a_scan_that_raises_means_review(self, gate, monkeypatch):
        def fail(book, readings):
            raise MemoryError

        monkeypatch.setattr(RuleBook, "scan_readings", fail)

        verdict = ask(gate)

        assert (verdict.decision, verdict.note) == (Decision.REVIEW, "check_failed")
        assert verdict.checks[0].state is CheckState.FAILED
        assert outcome_of(verdict) is Outcome.CHECK_UNAVAILABLE

    def test_a_text_that_cannot_be_read_means_review(self, thresholds, monkeypatch):
        def fail(text):
            raise RecursionError(text)

        monkeypatch.setattr("moderation.engine.read", fail)

        verdict = ask(Gate(thresholds, classifier=FakeClassifier()))

        assert (verdict.decision, verdict.note) == (Decision.REVIEW, "check_failed")

    def test_a_broken_image_check_means_review(self, thresholds):
        verdict = ask_image(Gate(thresholds, image_classifier=BrokenClassifier()))

        assert outcome_of(verdict) is Outcome.CHECK_UNAVAILABLE

    def test_an_image_that_cannot_be_read_means_review(self, thresholds):
        class Truncated(FakeImage):
            def tobytes(self) -> bytes:
                raise OSError("image file is truncated")

        verdict = ask_image(Gate(thresholds, image_classifier=FakeClassifier()), Truncated())

        assert (verdict.decision, verdict.note) == (Decision.REVIEW, "check_failed")

    def test_the_log_of_a_failure_does_not_quote_the_prompt(self, thresholds):
        with capture_logs() as logs:
            ask(Gate(thresholds, classifier=BrokenClassifier()))

        (entry,) = logs
        assert entry["event"] == "classifier_failed"
        assert entry["error"] == "RuntimeError"
        assert "apple" not in str(entry)


class TestOutcome:
    @pytest.mark.parametrize(
        ("stage", "decision", "note", "outcome"),
        [
            (Stage.RULES, Decision.ALLOW, None, Outcome.RULES_PASS),
            (Stage.RULES, Decision.REVIEW, None, Outcome.RULES_REVIEW),
            (Stage.RULES, Decision.REVIEW, "check_failed", Outcome.RULES_REVIEW),
            (Stage.RULES, Decision.BLOCK, None, Outcome.RULES_BLOCK),
            (Stage.PROMPT, Decision.ALLOW, None, Outcome.PROMPT_ALLOW),
            (Stage.PROMPT, Decision.REVIEW, "check_failed", Outcome.CHECK_UNAVAILABLE),
            (Stage.PROMPT, Decision.BLOCK, None, Outcome.PROMPT_BLOCK),
            (Stage.IMAGE, Decision.ALLOW, None, Outcome.OUTPUT_ALLOW),
            (Stage.IMAGE, Decision.REVIEW, "check_failed", Outcome.CHECK_UNAVAILABLE),
            (Stage.IMAGE, Decision.BLOCK, None, Outcome.OUTPUT_BLOCK),
        ],
    )
    def test_each_verdict_is_one_outcome(self, gate, stage, decision, note, outcome):
        verdict = gate.screen_rules(APPLE, community_id=COMMUNITY, now=NOW).model_copy(
            update={"stage": stage, "decision": decision, "note": note}
        )

        assert outcome_of(verdict) is outcome

    def test_a_review_that_a_rule_asks_for_is_a_review_whatever_is_missing(self, gate, thresholds):
        by_rule = ask(gate, [ScreenedText("prompt", "a school shooting")])
        gate_with_eyes = Gate(thresholds, image_classifier=FakeClassifier(gore_graphic=0.6))

        assert by_rule.note == "classifier_missing_rules_only"
        assert outcome_of(by_rule) is Outcome.PROMPT_REVIEW
        assert outcome_of(ask_image(gate_with_eyes)) is Outcome.OUTPUT_REVIEW


def test_loading_twice_gives_the_same_version(policy):
    assert load_policy().version == policy.version
