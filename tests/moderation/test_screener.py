"""One prompt in, one record out, whatever the line holds."""

import pytest

from core.contracts.verdicts import Decision
from moderation.classifiers.base import UNSAFE
from moderation.engine import Gate
from moderation.evidence import sureness
from moderation.policy import Thresholds
from moderation.screener import Screener
from tests.moderation.conftest import NOW
from tests.moderation.test_engine import ExplainingClassifier, FakeClassifier, with_settings


@pytest.fixture(scope="module")
def limited(policy):
    """The shipped policy with known thresholds."""
    limits = Thresholds(review=0.5, block=0.9)
    categories = {
        code: category.model_copy(update={"thresholds": limits})
        for code, category in policy.categories.items()
    }
    return with_settings(policy, categories=categories)


@pytest.fixture
def screener(limited):
    return Screener(Gate(limited, classifier=ExplainingClassifier()))


def test_a_harmless_prompt_is_told_with_all_that_was_asked(screener, limited):
    told = screener.screen(b"a red apple", 7, NOW)

    assert (told.line, told.decision, told.category, told.about) == (7, Decision.ALLOW, None, None)
    assert (told.policy, told.policy_version) == (limited.name, limited.version)
    assert told.model == "fake@1"
    assert (told.scores["gore_graphic"], told.unsafe) == (0.0, 0.0)
    assert (told.rules, told.spans) == ((), ())


def test_what_a_rule_refuses_is_as_sure_as_the_rule_is_and_marked(screener):
    told = screener.screen(b"a naked woman")

    assert (told.decision, told.category) == (Decision.BLOCK, "sexual_suggestive")
    sure = sureness("nudity.terms")
    assert (told.scores, told.unsafe) == ({"sexual_suggestive": sure}, sure)
    assert told.rules == ("nudity.terms",)
    assert [(span.start, span.text) for span in told.spans][:1] == [(2, "naked")]
    assert told.model is None  # Nothing dearer had to be asked.


def test_a_rule_that_asks_for_a_review_is_no_surer_than_it_is(screener):
    told = screener.screen(b"a school shooting")

    assert told.decision is Decision.REVIEW
    assert told.scores["violence_weapons"] == sureness("violence.terms")


def test_a_rule_blocks_however_seldom_it_is_right(limited, monkeypatch):
    monkeypatch.setattr("moderation.rules.sureness", lambda _: 0.01)

    told = Screener(Gate(limited, classifier=FakeClassifier())).screen(b"a naked woman")

    assert (told.decision, told.scores) == (Decision.BLOCK, {"sexual_suggestive": 0.01})


def test_the_words_of_what_may_not_be_echoed_are_left_out(screener):
    told = screener.screen(b"a nude teenager")

    assert told.category == "sexual_minors"
    minors = [span.text for span in told.spans if span.category == "sexual_minors"]
    assert minors
    assert set(minors) == {None}


def test_what_the_classifier_finds_is_scored_and_marked_when_asked(limited):
    gate = Gate(limited, classifier=ExplainingClassifier())

    quick = Screener(gate).screen(b"an axe and a stump")
    thorough = Screener(gate, is_located=True).screen(b"an axe and a stump")

    assert (quick.decision, quick.unsafe) == (Decision.BLOCK, 0.95)
    assert quick.scores["gore_graphic"] == 0.95
    assert quick.spans == ()
    assert [span.text for span in thorough.spans] == ["axe"]


def test_unsafe_is_told_of_prompts_that_pass_too(limited):
    """What ranks prompts must rank those below every threshold."""
    classifier = FakeClassifier(gore_graphic=0.1, **{UNSAFE: 0.3})

    told = Screener(Gate(limited, classifier=classifier)).screen(b"a red apple")

    assert (told.decision, told.unsafe, told.scores["gore_graphic"]) == (Decision.ALLOW, 0.3, 0.3)


@pytest.mark.parametrize(
    ("line", "decision", "about"),
    [
        pytest.param(b"", Decision.ALLOW, "empty", id="empty"),
        pytest.param(b" \t\r\n", Decision.ALLOW, "empty", id="blank"),
        pytest.param(b"a castle\r\n", Decision.ALLOW, None, id="carriage return"),
        pytest.param(b"a \xff naked woman", Decision.BLOCK, "not_utf8", id="no UTF-8"),
        pytest.param(b"a {naked woman", Decision.BLOCK, "notation", id="half a brace"),
        pytest.param(b"a naked::::3 woman", Decision.BLOCK, "notation", id="weights"),
        pytest.param(b"a castle " * 1200 + b"naked", Decision.BLOCK, "too_long", id="too long"),
        pytest.param(b"a castle\x00\x1b[31m", Decision.ALLOW, None, id="control characters"),
        pytest.param(b"a {tree,naked woman}", Decision.BLOCK, None, id="a permutation"),
    ],
)
def test_every_line_has_an_answer(screener, line, decision, about):
    """And its words are screened, whether or not a request could be made of them."""
    told = screener.screen(line)

    assert (told.decision, told.about) == (decision, about)


def test_an_age_restricted_place_has_its_own_decisions(limited):
    told = Screener(Gate(limited), is_age_restricted=True).screen(b"a naked woman")

    assert told.decision is Decision.REVIEW
