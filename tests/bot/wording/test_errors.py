"""Hold every error code that exists anywhere to a sentence, and every sentence to the tone."""

import ast
import re
import string
from pathlib import Path

import pytest
from inline_snapshot import snapshot

from bot import wording
from bot.grammar import parse
from bot.replies import ReplyKind, Visibility
from bot.wording.errors import SENTENCES
from bot.wording.outages import DRAWING
from core.errors import AppError, Unavailable, UserError
from moderation.policy_errors import PolicyError

ROOT = Path(__file__).resolve().parents[3]
TREES = {
    path: ast.parse(path.read_text("utf-8"))
    for package in ("bot", "core", "moderation", "worker")
    for path in (ROOT / package).rglob("*.py")
}

PASSES_A_CODE_ON = ("translated", "PromptSyntaxError")
"""Callables that are no AppError but whose first argument becomes the code of one."""

NEVER_SHOWN = frozenset[str]()
"""Codes that only programs read."""


def error_classes():
    """Find AppError and all that derive from it, by name, through every module."""
    names = {"AppError"}
    bases = {
        node.name: {base.id for base in node.bases if isinstance(base, ast.Name)}
        for tree in TREES.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    while grown := {name for name, of in bases.items() if of & names} - names:
        names |= grown
    return names


def literals(node):
    """List the strings that an argument may be: a literal, or either side of a choice."""
    match node:
        case ast.Constant(value=str() as text) if text:
            return [text]
        case ast.IfExp(body=body, orelse=orelse):
            return literals(body) + literals(orelse)
        case _:
            return []


def codes_in(tree, raisers):
    """List the codes that a module raises or records, with their lines."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=[first, *_]) if (
                name in raisers
            ):
                yield from ((code, node.lineno) for code in literals(first))
            case ast.keyword(arg="code" | "failure", value=value):
                yield from ((code, value.lineno) for code in literals(value))
            case ast.Assign(targets=[ast.Name(id="code")], value=value):
                yield from ((code, node.lineno) for code in literals(value))


def codes_in_the_source():
    raisers = error_classes() | set(PASSES_A_CODE_ON)
    return {
        code: f"{path.relative_to(ROOT)}:{line}"
        for path, tree in TREES.items()
        for code, line in codes_in(tree, raisers)
    }


def test_every_code_in_the_source_has_a_sentence():
    """A code without one would reach a person as a riddle."""
    wordless = {
        code: place
        for code, place in codes_in_the_source().items()
        if code not in SENTENCES and code not in NEVER_SHOWN
    }

    assert wordless == {}


def test_every_sentence_has_a_code_in_the_source():
    """Sentences for codes that are gone are dead words."""
    strings = {
        node.value
        for path, tree in TREES.items()
        if "wording" not in path.parts
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
    }

    assert set(SENTENCES) - strings == set()


def test_codes_are_stable_words():
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", code) for code in SENTENCES)


@pytest.mark.parametrize("code", sorted(SENTENCES))
def test_a_sentence_is_plain_friendly_and_short(code):
    """No exclamation marks, no blame, no apologies, and no more than can be read at a glance."""
    title, text = SENTENCES[code]
    words = f"{title} {text}"

    assert not title.endswith(".")
    assert title[0].isupper() or title[0] == "{"
    assert len(title) <= 60
    assert len(text) <= 240
    assert "!" not in words
    assert not re.search(
        r"\b(sorry|oops|invalid|illegal|please|error|failed|must not)\b", words.lower()
    )


@pytest.mark.parametrize("code", sorted(SENTENCES))
def test_a_sentence_is_whole_even_when_a_fact_is_missing(code):
    """An error from an older process may come without a fact; that must not break the telling."""
    reply = wording.error(AppError(code))

    assert reply.kind is ReplyKind.ERROR
    assert reply.visibility is Visibility.PRIVATE
    assert reply.title
    assert reply.lines


@pytest.mark.parametrize("code", [*DRAWING, "internal_error", "cancelled"])
def test_what_a_failed_job_records_needs_no_facts(code):
    """Only the code is kept with the job."""
    fields = [name for part in SENTENCES[code] for _, name, _, _ in string.Formatter().parse(part)]

    assert not any(fields)


def test_facts_with_braces_are_text():
    reply = wording.error(UserError("flag_value_invalid", flag="--ar", value="{flag}", allowed="x"))

    assert "{flag}" in reply.title


def test_a_policys_faults_are_told_line_by_line():
    error = PolicyError("policy_invalid", file="p.yaml", faults=["p.yaml:1:2: a", "p.yaml:3:4: b"])

    assert wording.error(error).lines == ("p.yaml:1:2: a", "p.yaml:3:4: b")


def test_numbers_are_told_without_idle_digits():
    reply = wording.error(Unavailable("drawing_timed_out", value=300.0))

    assert "after 300 s" in reply.lines[0]


def test_nothing_on_offer_is_said_so():
    reply = wording.error(UserError("style_unknown", value="ink", allowed=[]))

    assert reply.lines == ("On offer here: none.",)


def test_an_unknown_code_is_told_as_it_is(told):
    assert told(wording.error(Unavailable("moon_away"))) == snapshot("""\
(error, private) Something went wrong
The log has more under the code “moon_away”.\
""")


def test_every_fact_that_a_sentence_asks_for_is_one_that_errors_carry():
    known = {"flag", "value", "allowed", "example", "setting", "file", "faults", "folder", "missing",
             "reason", "extra", "log", "left", "resets_in", "name", "kind", "until", "at", "ruling",
             "verify_id"}  # fmt: skip

    asked = {
        name
        for words in SENTENCES.values()
        for part in words
        for _, name, _, _ in string.Formatter().parse(part)
        if name
    }

    assert asked <= known


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "",
            snapshot("""\
(error, private) No prompt yet
Say what to draw, for example: /imagine a red apple on a blue background\
"""),
            id="empty",
        ),
        pytest.param(
            "a cat --styliez 5",
            snapshot("""\
(error, private) There is no flag --styliez
Did you mean --stylize? The flags are --ar, --no, --seed, --stylize, --steps, --cfg, --n, --tile, --model, --style, --lora, --hd, --draft, --standard, --image, --iw, --mask and --upscale.\
"""),
            id="misspelt",
        ),
        pytest.param(
            "a cat --chaos 5",
            snapshot("""\
(error, private) Easel has no --chaos
Midjourney has that parameter; leave it out here.\
"""),
            id="elsewhere",
        ),
        pytest.param(
            "a cat --q 2",
            snapshot("""\
(error, private) Easel has no --q
The nearest here is --hd or --draft. Midjourney has that parameter; leave it out here.\
"""),
            id="elsewhere, with the nearest",
        ),
        pytest.param(
            "a cat --n 9",
            snapshot("""\
(error, private) --n does not take “9”
It takes whole numbers from 1 to 4. For example: --n 4\
"""),
            id="out of range",
        ),
        pytest.param(
            "a cat --ar",
            snapshot("""\
(error, private) --ar needs a value
It takes two whole numbers from 1 to 64, as in 16:9. For example: --ar 16:9\
"""),
            id="no value",
        ),
        pytest.param(
            "a cat --hd --draft",
            snapshot("""\
(error, private) --draft and --hd exclude each other
Keep one of them, or neither.\
"""),
            id="conflict",
        ),
        pytest.param(
            "a cat--ar 3:2",
            snapshot("""\
(error, private) A space is missing before --ar
Put a space before the dashes in “cat--ar”, or put the words in quotes to draw them.\
"""),
            id="glued",
        ),
        pytest.param(
            "a cat --style inc",
            snapshot("""\
(error, private) There is no style “inc” here
Did you mean ink? On offer here: ink and oil.\
"""),
            id="style",
        ),
        pytest.param(
            "a cat --model x",
            snapshot("""\
(error, private) There is no model “x” here
On offer here: easel-small.\
"""),
            id="no such model",
        ),
        pytest.param(
            "a {cat",
            snapshot("""\
(error, private) A brace has no partner
Look at “a {cat”. Variants are written {red,blue}; write \\{ or \\} for a plain brace.\
"""),
            id="brace",
        ),
        pytest.param(
            "{a,b}{a,b}{a,b}{a,b}",
            snapshot("""\
(error, private) Those are too many variants
Braces multiply: {a,b} {c,d} makes four. At most 8 are possible in one request.\
"""),
            id="variants",
        ),
        pytest.param(
            "a:::b",
            snapshot("""\
(error, private) A weight can be read in two ways
Look at “a:::b”. A weight is a number directly after two colons, such as ::2 or ::0.5; put a space after the colons where the number is not a weight.\
"""),
            id="weight",
        ),
        pytest.param(
            'a sign "open',
            snapshot("""\
(error, private) A quote mark is left open
Close the quote that begins with "open or leave the mark out. Between quotes everything is text, flags too.\
"""),
            id="quote",
        ),
    ],
)
def test_mistakes_are_told_with_the_way_out(text, expected, told):
    with pytest.raises(UserError) as caught:
        parse(text, models=("easel-small",), styles=("ink", "oil"))

    assert told(wording.error(caught.value)) == expected
