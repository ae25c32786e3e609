"""Hold a refusal to its promise: the words, the rule, the policy, and what would pass."""

import pytest
from inline_snapshot import snapshot

from bot import wording
from bot.replies import Action, MarkedText, Visibility
from core.contracts.generation import GenerationSpec
from core.contracts.ids import JobId
from core.contracts.verdicts import Decision, RefusalReason, Span

PROMPT = "a knight with an open wound on a field"


@pytest.fixture
def make_reason():
    def make(**changes):
        facts = {
            "decision": Decision.BLOCK,
            "category": "gore_graphic",
            "category_title": "Graphic gore",
            "member_text": "Open wounds are not drawn here",
            "what_would_pass": "The same scene without blood and wounds.",
            "span": Span(start=17, end=27, text="open wound"),
            "rule": "rule:gore.wounds",
            "policy_name": "easel-pg13",
            "policy_version": "1.0.0+aaaaaaaa",
        }
        return RefusalReason(**{**facts, **changes})

    return make


def test_a_refusal_marks_the_words_and_says_what_would_pass(make_reason, told):
    reply = wording.refusal(make_reason(), PROMPT, JobId("3k7fq2m9x0ab"))

    assert reply.visibility is Visibility.PRIVATE
    assert told(reply) == snapshot("""\
(refusal, private) This request was not drawn
> a knight with an [open wound] on a field
Open wounds are not drawn here.
What would pass: The same scene without blood and wounds.
Category: Graphic gore
Rule: gore.wounds
Policy: easel-pg13 1.0.0+aaaaaaaa\
""")


def test_a_refusal_by_the_classifier_says_so_and_on_what_it_hangs(make_reason, told):
    reason = make_reason(
        rule="classifier:easel-screen@2026.11.21-0a1b",
        also=(Span(start=31, end=36, text="field"),),
    )

    assert told(wording.refusal(reason, PROMPT, JobId("j"))) == snapshot("""\
(refusal, private) This request was not drawn
> a knight with an [open wound] on a field
Open wounds are not drawn here.
A model that reads the whole prompt came to this; the marked words decided it, with “field”.
What would pass: The same scene without blood and wounds.
Category: Graphic gore
Model: easel-screen@2026.11.21-0a1b
Policy: easel-pg13 1.0.0+aaaaaaaa\
""")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"span": None}, "no single word decided it", id="no words"),
        pytest.param({}, "the marked words decided it.", id="one range"),
    ],
)
def test_a_refusal_by_the_classifier_claims_no_more_than_it_knows(make_reason, changes, words):
    reason = make_reason(rule="classifier:easel-screen@1", **changes)

    assert words in " ".join(wording.refusal(reason, PROMPT, JobId("j")).lines)


def test_a_version_that_would_pass_is_shown_and_offered(make_reason, told):
    """It opens as text; nothing is drawn of itself."""
    rewrite = GenerationSpec(prompt="a knight with a clean bandage on a field")

    reply = wording.refusal(make_reason(), PROMPT, JobId("j"), rewrite)

    assert reply.fields[0].value == rewrite.prompt
    (button,) = reply.buttons
    assert (button.action, button.label, button.form) == (
        Action.REWRITE,
        "Use the safe rewrite",
        True,
    )


def test_what_must_not_be_echoed_is_not(make_reason, told):
    """Neither the marked words nor any of the prompt around them."""
    reply = wording.refusal(make_reason(is_echoed=False), PROMPT, JobId("j"))

    assert reply.quote is None
    assert "knight" not in told(reply)
    assert "wound on" not in told(reply)


def test_a_long_prompt_is_quoted_around_the_marked_words(make_reason):
    prompt = "x " * 500 + "wound" + " y" * 500
    reason = make_reason(span=Span(start=1000, end=1005, text="wound"))

    quote = wording.refusal(reason, prompt, JobId("j")).quote

    assert quote is not None
    assert quote.marked == "wound"
    assert quote.before.startswith("…")
    assert quote.after.endswith("…")
    assert len(quote.before + quote.after) < 170


@pytest.mark.parametrize("field", ["negative", "style", "permutation", "part"])
def test_words_from_elsewhere_are_quoted_alone(make_reason, field):
    reason = make_reason(field=field, span=Span(start=0, end=10, text="open wound"))

    reply = wording.refusal(reason, PROMPT, JobId("j"))

    assert reply.quote == MarkedText(before="", marked="open wound", after="")


def test_words_from_elsewhere_say_where(make_reason, told):
    reason = make_reason(field="negative", help_text="Help: 116 123")

    assert told(wording.refusal(reason, PROMPT, JobId("j"))) == snapshot("""\
(refusal, private) This request was not drawn
> [open wound]
Open wounds are not drawn here.
The words stand after --no.
What would pass: The same scene without blood and wounds.
Help: 116 123
Category: Graphic gore
Rule: gore.wounds
Policy: easel-pg13 1.0.0+aaaaaaaa\
""")


def test_a_span_that_does_not_fit_marks_nothing_else(make_reason):
    """Marking the wrong words would blame them."""
    reason = make_reason(span=Span(start=2, end=12, text="open wound"))

    assert wording.refusal(reason, PROMPT, JobId("j")).quote == MarkedText(
        before="", marked="open wound", after=""
    )


def test_a_check_that_could_not_run_has_no_quote(make_reason, told):
    reason = make_reason(
        span=None, rule="check_failed", category="", category_title="Not checked",
        member_text="A safety check was not available.", what_would_pass="Wait a little.",
    )  # fmt: skip

    assert told(wording.refusal(reason, PROMPT, JobId("j"))) == snapshot("""\
(refusal, private) This request was not drawn
A safety check was not available.
What would pass: Wait a little.
Category: Not checked
Rule: check_failed
Policy: easel-pg13 1.0.0+aaaaaaaa\
""")
