"""Hold the grammar to its rules, to its own writing, and to any text at all."""

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from bot import grammar
from bot.flag_kinds import (
    NEGATIVE_MAX,
    Listing,
    Loras,
    Name,
    Number,
    OneOf,
    PictureName,
    Ratio,
    Switch,
    Whole,
)
from bot.flags import BY_NAME, ELSEWHERE
from bot.grammar import FLAGS, MAX_PICTURES, PROMPT_MAX, TEXT_MAX, parse
from core.contracts.generation import (
    SEED_MAX,
    Aspect,
    GenerationSpec,
    LoraChoice,
    Quality,
)
from core.errors import UserError
from core.prompts import escape

EM, EN = "\u2014", "\u2013"
INK, LACE = LoraChoice(name="ink"), LoraChoice(name="lace.v2", weight=-0.5)
VERIFY, UPLOAD = "3f0c58d1e2a94b67", "up-3k7fq2m9x0ab"


def refusal(text, **offers):
    """Parse a text that must be refused, and give the error."""
    with pytest.raises(UserError) as caught:
        parse(text, **offers)
    return caught.value


def parsed(text):
    """Parse a text that may be refused, in which case the answer is None; nothing else may happen."""
    try:
        return parse(text)
    except UserError:
        return None


# What each part reads ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a cat", {}, id="prompt alone"),
        pytest.param("a cat --ar 16:9", {"aspect": Aspect(width=16, height=9)}, id="ratio"),
        pytest.param("a cat --aspect 16:9", {"aspect": Aspect(width=16, height=9)}, id="alias"),
        pytest.param("a cat --ar 16x9", {"aspect": Aspect(width=16, height=9)}, id="ratio with x"),
        pytest.param("a cat --ar 16/9", {"aspect": Aspect(width=16, height=9)}, id="ratio with /"),
        pytest.param(
            "a cat --ar 1920:1080", {"aspect": Aspect(width=16, height=9)}, id="ratio in pixels"
        ),
        pytest.param("a cat --ar 4:2", {"aspect": Aspect(width=4, height=2)}, id="ratio as typed"),
        pytest.param("a cat --seed 0", {"seed": 0}, id="lowest seed"),
        pytest.param(f"a cat --seed {SEED_MAX}", {"seed": SEED_MAX}, id="highest seed"),
        pytest.param("a cat --no a dog, mice", {"negative": ("a dog", "mice")}, id="negatives"),
        pytest.param("a cat --no , mice,,", {"negative": ("mice",)}, id="stray commas"),
        pytest.param(
            'a cat --no "a, b", c', {"negative": ('"a, b"', "c")}, id="a quoted comma parts nothing"
        ),
        pytest.param("a cat --s 250", {"stylize": 250}, id="stylize, short"),
        pytest.param("a cat --stylize 0", {"stylize": 0}, id="stylize, long"),
        pytest.param("a cat --steps 150", {"steps": 150}, id="steps"),
        pytest.param("a cat --cfg 7.5", {"guidance_scale": 7.5}, id="guidance"),
        pytest.param("a cat --n 4", {"count": 4}, id="count"),
        pytest.param("a cat --repeat 2", {"count": 2}, id="count by its other name"),
        pytest.param("a cat --tile", {"is_tile": True}, id="tile"),
        pytest.param("a cat --model easel-small", {"model": "easel-small"}, id="model"),
        pytest.param("a cat --style ink", {"style": "ink"}, id="style"),
        pytest.param('a cat --style "oil paint"', {"style": "oil paint"}, id="style in quotes"),
        pytest.param("a cat --lora ink", {"loras": (INK,)}, id="LoRA"),
        pytest.param("a cat --lora Ink,lace.v2:-0.5", {"loras": (INK, LACE)}, id="LoRAs with a weight"),
        pytest.param("a cat --hd", {"quality": Quality.HD}, id="hd"),
        pytest.param("a cat --draft", {"quality": Quality.DRAFT}, id="draft"),
        pytest.param(f"a cat --image {VERIFY}", {"image": VERIFY}, id="a picture drawn here"),
        pytest.param(f"a cat --img {UPLOAD.upper()}", {"image": UPLOAD}, id="an upload, in capitals"),
        pytest.param(f"a cat --image {VERIFY} --iw 0.5", {"image": VERIFY, "image_weight": 0.5}, id="its weight"),
        pytest.param(f"a cat --image {VERIFY} --mask {UPLOAD}", {"image": VERIFY, "mask": UPLOAD}, id="mask"),
        pytest.param(f"a cat --image {VERIFY} --upscale 4", {"image": VERIFY, "upscale": 4}, id="upscale"),
        pytest.param(f"a cat --image {VERIFY} --upscale 4 --tile", {"image": VERIFY, "upscale": 4, "is_tile": True},
                     id="upscale of a tile"),
        pytest.param(f"a cat --image {VERIFY} --upscale 2 --n 1", {"image": VERIFY, "upscale": 2},
                     id="what is in force anyway excludes nothing"),
        pytest.param("a cat --n=2 --no=a, b", {"count": 2, "negative": ("a", "b")}, id="equals"),
        pytest.param("a cat --AR 3:2 --Tile", {"aspect": Aspect(width=3, height=2), "is_tile": True},
                     id="capitals"),
        pytest.param("a cat --tile, --n 2;", {"is_tile": True, "count": 2}, id="punctuation after"),
        pytest.param(f"a cat {EM}n 2 {EN}tile", {"count": 2, "is_tile": True}, id="phone dashes"),
        pytest.param(f"a cat {EM}no {EM} x", {"negative": (f"{EM} x",)}, id="a dash among negatives"),
    ],
)  # fmt: skip
def test_a_flag_sets_its_field(text, expected):
    assert parse(text) == GenerationSpec(prompt="a cat", **expected)


@pytest.mark.parametrize(
    ("text", "prompt"),
    [
        pytest.param("--n 2 a cat", "a cat", id="before the prompt"),
        pytest.param("a --n 2 cat", "a cat", id="within the prompt"),
        pytest.param("--n 2 --tile a cat --ar 1:2 asleep", "a cat asleep", id="all around"),
    ],
)
def test_flags_may_stand_anywhere(text, prompt):
    """Nothing typed is lost: what is no flag belongs to the prompt."""
    spec = parse(text)

    assert (spec.prompt, spec.count) == (prompt, 2)


def test_negatives_reach_up_to_the_next_flag():
    spec = parse("a cat --no big dogs, mice --tile on a mat")

    assert (spec.negative, spec.prompt) == (("big dogs", "mice"), "a cat on a mat")


@pytest.mark.parametrize(
    "prompt",
    [
        pytest.param(f"a cat {EM} sleeping", id="a dash between words"),
        pytest.param(f"a cat {EM}sleeping{EM} on a mat", id="a dash before a word"),
        pytest.param(f"day{EM}no night", id="a dash inside a word"),
        pytest.param("a cat -- sleeping", id="two dashes alone"),
        pytest.param("a well--known cat", id="two dashes inside a word"),
        pytest.param("a cat --- asleep --5 --", id="dashes before no letter"),
        pytest.param("a t-shirt -no", id="one dash"),
        pytest.param('a sign "--tile" in red', id="quoted flag"),
        pytest.param("a sign \u201cno --ar 1:1 here\u201d", id="typographic quotes"),
        pytest.param("a sign \u201d--tile\u201d", id="Swedish quotes"),
        pytest.param("a sign \u201e--tile\u201c", id="German quotes"),
        pytest.param('a sign \u201c--tile"', id="quotes mixed by a phone"),
        pytest.param('a 12" vinyl and a 7" single', id="inches"),
        pytest.param("the artist's cat \u2018Tom\u2019", id="apostrophes"),
        pytest.param('a "" b', id="empty quotes"),
        pytest.param("f{x} = {}", id="braces of one"),
        pytest.param(r"a \{b\} c\:: d", id="escapes, kept for core.prompts"),
        pytest.param("\u732b \U0001f408\u200d\u2b1b e\u0301", id="scripts, emoji, combining marks"),
    ],
)  # fmt: skip
def test_prose_is_kept_as_typed(prompt):
    assert parse(prompt) == GenerationSpec(prompt=prompt)
    assert parse(f"{prompt} --n 2") == GenerationSpec(prompt=prompt, count=2)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("  a \t red\r\n\u00a0\u3000apple\u2028 ", id="white space of every kind"),
        pytest.param("a\x00 r\x07ed ap\x9fple", id="control characters"),
        pytest.param("a \u202ered\u202c \u2066apple\u2069", id="characters that turn lines around"),
        pytest.param("a red\ud800 apple", id="half a character"),
    ],
)
def test_what_has_no_place_in_a_prompt_is_taken_out(text):
    spec = parse(text)

    assert spec.prompt == "a red apple"
    assert spec.prompt.encode()


# What each mistake says -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code", "facts"),
    [
        pytest.param("", "prompt_empty", {}, id="nothing"),
        pytest.param(" \u200b\x00 ", "prompt_empty", {}, id="nothing to see"),
        pytest.param("--tile", "prompt_empty", {}, id="a flag alone"),
        pytest.param("x" * 6001, "prompt_too_long", {"value": 6001, "allowed": "6000"}, id="long"),
        pytest.param("x" * 20000, "prompt_too_long", {"value": 20000}, id="longer than looked at"),
        pytest.param("a --styliez 5", "flag_unknown",
                     {"flag": "--styliez", "suggestion": "--stylize"}, id="misspelt"),
        pytest.param("a --ar16:9", "flag_unknown", {"suggestion": "--ar"}, id="no space"),
        pytest.param("a --banana", "flag_unknown", {"suggestion": None}, id="like nothing"),
        pytest.param("a --chaos 5", "flag_elsewhere", {"flag": "--chaos"}, id="Midjourney's"),
        pytest.param("a --q 2", "flag_elsewhere", {"suggestion": "--hd or --draft"}, id="nearest"),
        pytest.param("a cat--ar 3:2", "flag_glued", {"flag": "--ar", "value": "cat--ar"}, id="glued"),
        pytest.param(f"a --no b,{EM}tile", "flag_glued", {"flag": "--tile"}, id="glued to a comma"),
        pytest.param(f"a --no b {EM}cfg,c", "flag_glued", {"flag": "--cfg"}, id="glued before a comma"),
        pytest.param("a --n 2 --repeat 2", "flag_repeated", {"flag": "--n"}, id="twice"),
        pytest.param("a --hd --draft", "flags_conflict",
                     {"flag": "--draft", "value": "--hd"}, id="conflict"),
        pytest.param("a --ar", "flag_value_missing", {"flag": "--ar"}, id="no value at the end"),
        pytest.param("a --ar --tile", "flag_value_missing", {"flag": "--ar"}, id="no value between"),
        pytest.param("a --no --tile", "flag_value_missing", {"flag": "--no"}, id="no negatives"),
        pytest.param("a --tile=yes", "flag_value_unwanted",
                     {"flag": "--tile", "value": "yes"}, id="a value for a switch"),
        pytest.param("a --n 5", "flag_value_invalid",
                     {"flag": "--n", "value": "5", "allowed": "whole numbers from 1 to 4"}, id="n"),
        pytest.param("a --n 0", "flag_value_invalid", {"value": "0"}, id="too few"),
        pytest.param("a --iw 2", "flag_needs_another", {"flag": "--iw", "value": "--image"}, id="weight of nothing"),
        pytest.param(f"a --mask {UPLOAD}", "flag_needs_another", {"flag": "--mask"}, id="mask of nothing"),
        pytest.param("a --upscale 2", "flag_needs_another", {"flag": "--upscale"}, id="upscale of nothing"),
        pytest.param(f"a --image {VERIFY} --iw 3.1", "flag_value_invalid", {"flag": "--iw"}, id="weight"),
        pytest.param(f"a --image {VERIFY} --upscale 3", "flag_value_invalid",
                     {"flag": "--upscale", "allowed": "2 or 4"}, id="factor"),
        pytest.param(f"a --image {VERIFY} --mask {VERIFY}", "flag_value_invalid", {"flag": "--mask"}, id="no upload"),
        pytest.param("a --image ../../etc/passwd", "flag_value_invalid", {"flag": "--image"}, id="a path"),
        pytest.param("a --image 3f0c", "flag_value_invalid", {"flag": "--image"}, id="part of an id"),
        *(
            pytest.param(f"a {flag} --image {VERIFY} --upscale 2", "flags_conflict",
                         {"flag": flag.split()[0], "value": "--upscale"}, id=f"upscale {flag}")
            for flag in ("--n 2", "--iw 1", f"--mask {UPLOAD}", "--ar 3:2", "--hd", "--draft", "--no b",
                         "--style ink", "--steps 9", "--cfg 2", "--stylize 9")
        ),
        pytest.param(f"a {{b,c}} --image {VERIFY} --upscale 2", "upscale_of_variants", {"value": 2}, id="upscales"),
        pytest.param("a --seed -1", "flag_value_invalid", {"value": "-1"}, id="below zero"),
        pytest.param("a --seed 4294967296", "flag_value_invalid", {"flag": "--seed"}, id="seed"),
        pytest.param("a --seed \u0663", "flag_value_invalid", {"flag": "--seed"}, id="Arabic digits"),
        pytest.param("a --steps 1e2", "flag_value_invalid", {"flag": "--steps"}, id="exponent"),
        pytest.param("a --cfg nan", "flag_value_invalid", {"flag": "--cfg"}, id="not a number"),
        pytest.param("a --cfg 30.1", "flag_value_invalid", {"flag": "--cfg"}, id="guidance"),
        pytest.param("a --s 1001", "flag_value_invalid", {"flag": "--stylize"}, id="stylize"),
        pytest.param("a --lora ink:2.1", "flag_value_invalid", {"flag": "--lora"}, id="a LoRA's weight"),
        pytest.param("a --lora ink,ink:2", "flag_value_invalid", {"flag": "--lora"}, id="a LoRA twice"),
        pytest.param("a --lora a,b,c,d,e", "flag_value_invalid", {"flag": "--lora"}, id="too many LoRAs"),
        pytest.param("a --lora ../ink", "flag_value_invalid", {"flag": "--lora"}, id="a path for a LoRA"),
        pytest.param("a --lora ink:", "flag_value_invalid", {"flag": "--lora"}, id="no weight after a colon"),
        pytest.param("a --ar wide", "flag_value_invalid",
                     {"flag": "--ar", "allowed": "two whole numbers from 1 to 64, as in 16:9"}, id="ar"),
        pytest.param("a --ar 0:1", "flag_value_invalid", {"value": "0:1"}, id="no width"),
        pytest.param("a --ar 0:0", "flag_value_invalid", {"value": "0:0"}, id="no size"),
        pytest.param("a --ar 101:100", "flag_value_invalid", {"value": "101:100"}, id="odd ratio"),
        pytest.param("a --ar 00000:65", "flag_value_invalid", {"flag": "--ar"}, id="zeros"),
        pytest.param("a --no " + "b" * 1001, "flag_value_invalid", {"flag": "--no"}, id="negatives"),
        pytest.param("a --model " + "b" * 101, "flag_value_invalid", {"flag": "--model"}, id="name"),
        pytest.param("a --ar {1:1,2:1}", "braces_in_flag", {"flag": "--ar"}, id="varied value"),
        pytest.param("a --no {b,c}", "braces_in_flag", {"flag": "--no"}, id="varied negatives"),
        pytest.param("a {b,c --tile d}", "flag_in_braces", {"flag": "--tile"}, id="flag in braces"),
        pytest.param("a {b,c --tile}", "flag_in_braces", {"flag": "--tile"}, id="flag at the brace"),
        pytest.param('a sign "open --tile', "quote_unclosed", {"value": '"open --tile'}, id="quote"),
        pytest.param("a {b", "unbalanced_brace", {"value": "a {b"}, id="brace"),
        pytest.param("a {b,}", "empty_choice", {}, id="choice"),
        pytest.param("{a,b}" * 20, "too_many_variants", {"allowed": "8"}, id="variants"),
        pytest.param("{a,b,c} --n 4", "too_many_pictures", {"value": 12, "allowed": "10"}, id="many"),
        pytest.param("::", "empty_part", {}, id="weights of nothing"),
        pytest.param("{a,b::-1}", "weights_not_positive", {"value": "b::-1"}, id="one variant's"),
        pytest.param("a:::b", "weight_unclear", {"value": "a:::b"}, id="colons"),
        pytest.param("a::" * 20, "too_many_parts", {"allowed": "16"}, id="parts"),
    ],
)  # fmt: skip
def test_a_mistake_names_the_flag_the_value_and_what_is_allowed(text, code, facts):
    error = refusal(text)

    assert error.code == code
    assert {name: error.facts.get(name) for name in facts} == facts


@pytest.mark.parametrize(("flag", "code"), [("model", "model_unknown"), ("style", "style_unknown")])
def test_a_name_that_is_not_on_offer_is_refused_with_those_that_are(flag, code):
    error = refusal(f"a --{flag} inc", **{f"{flag}s": ("ink", "Oil")})

    assert error.code == code
    assert error.facts["allowed"] == ["ink", "Oil"]
    assert error.facts["suggestion"] == "ink"


def test_a_name_is_spelt_as_it_is_offered():
    assert parse("a --style OIL", styles=("ink", "Oil")).style == "Oil"


def test_a_community_may_allow_less_than_the_grammar():
    error = refusal("a red apple", prompt_max=5)

    assert (error.code, error.facts) == ("prompt_too_long", {"value": 11, "allowed": "5"})
    assert parse("apple --n 2", prompt_max=5).count == 2


def test_no_styles_on_offer_means_none():
    assert refusal("a --style ink", styles=()).facts["allowed"] == []


def test_an_error_repeats_little_of_what_was_typed():
    """Errors reach screens beside other people's messages."""
    error = refusal("a --" + "z" * 5000)

    assert len(error.facts["flag"]) <= 64


@pytest.mark.parametrize("name", sorted(ELSEWHERE))
def test_a_parameter_of_midjourney_is_never_called_misspelt(name):
    assert refusal(f"a --{name} 1").code == "flag_elsewhere"


@pytest.mark.parametrize("flag", FLAGS, ids=lambda flag: flag.name)
def test_every_flag_has_an_example_that_parses_and_is_written_back(flag):
    """But for the one that says the default, against a member's settings: it is only read."""
    spec = parse(f"a cat {flag.example}")

    is_default = getattr(spec, flag.field) == getattr(GenerationSpec(prompt="a cat"), flag.field)
    assert is_default == (flag.name == "standard")
    assert flag.field in spec.model_fields_set
    assert grammar.format(spec) == ("a cat" if is_default else f"a cat {flag.example}")


def test_no_two_flags_share_a_name_and_each_has_a_field():
    names = [name for flag in FLAGS for name in flag.names]

    assert len(names) == len(set(names)) == len(BY_NAME)
    assert not set(names) & set(ELSEWHERE)
    assert {flag.field for flag in FLAGS} == set(GenerationSpec.model_fields) - {"prompt"}


# parse(format(spec)) == spec --------------------------------------------------------------------

WORDS = st.sampled_from(
    ["a", "red", "apple,", '12"', f"{EM}", f"{EM}sleeping", "--", "--5", "'tis", "x--y", "\u732b", "(b)", "e=mc"]
)  # fmt: skip
QUOTED = st.text(alphabet="ab ,-=" + EM).map(lambda text: " ".join(f'"x{text}y --tile"'.split()))
LITERAL = st.text(alphabet="{},\\ab", min_size=1).map(escape)
WEIGHED = st.tuples(st.sampled_from(["sky", "fog"]), st.integers(0, 9999)).map(
    lambda part: f"{part[0]}::{part[1] / 100:g}"
)
GROUP = st.lists(
    st.sampled_from(["one", "two words", '"three"', "4::2"]), min_size=2, max_size=2
).map(lambda choices: "{" + ", ".join(choices) + "}")
PROMPTS = st.lists(WORDS | QUOTED | LITERAL | WEIGHED | GROUP, min_size=1, max_size=8).map(" ".join)


def values_of(flag):  # noqa: PLR0911 - one return for each kind.
    """Draw any value that a flag's kind can read, as the spec holds it."""
    match flag.kind:
        case Whole(low=low, high=high):
            return st.integers(low, high)
        case Number(low=low, high=high):
            return st.integers(low * 10_000, high * 10_000).map(lambda number: number / 10_000)
        case Ratio():
            sides = st.integers(1, 64)
            return st.builds(lambda width, height: Aspect(width=width, height=height), sides, sides)
        case Listing():
            items = st.sampled_from(
                ["a dog", '"b, --tile"', EM, "--", '12"', "c'est", "\u732b", "x;", "="]
            )
            return st.lists(items, min_size=1, max_size=6).map(tuple)
        case Name():
            return st.from_regex(r"[a-z\u00e9][a-z0-9._/+-]{0,9}( [a-z-]{1,9})?", fullmatch=True)
        case Loras():
            names = st.sampled_from(["ink", "lace.v2", "0", "a-b_c", "x" * 64, "no"])
            weights = st.integers(-20_000, 20_000).map(lambda number: number / 10_000)
            choices = st.builds(
                lambda *both: LoraChoice(name=both[0], weight=both[1]), names, weights
            )
            return st.lists(choices, min_size=1, max_size=4, unique_by=lambda each: each.name).map(
                tuple
            )
        case Switch(says=says):
            return st.just(says)
        case OneOf(numbers=numbers):
            return st.sampled_from(numbers)
        case PictureName(pattern=pattern):
            return st.from_regex(pattern.pattern, fullmatch=True)


def in_company(fields):
    """Leave out what would be refused beside the rest."""
    if "image" not in fields:
        return {
            name: fields[name] for name in fields if name not in {"image_weight", "mask", "upscale"}
        }
    if "upscale" in fields:
        return {
            name: fields[name]
            for name in fields
            if name in {"prompt", "seed", "model", "is_tile", "image", "upscale"}
        }
    return fields


SPECS = st.fixed_dictionaries(
    {"prompt": PROMPTS}, optional={flag.field: values_of(flag) for flag in FLAGS}
).map(in_company)


@settings(max_examples=300)
@given(SPECS)
def test_a_spec_is_read_back_as_it_was_written(fields):
    """Every field with every value it can hold, beside prompts from every part of the notation."""
    written = grammar.format(GenerationSpec.model_construct(**fields))

    spec = parsed(written)

    # The parts are sound; only what they add up to may be too much: variants, or weights below 0.
    assume(spec is not None)
    assert spec == GenerationSpec(**fields)
    assert parse(grammar.format(spec)) == spec


@given(st.text().map(escape))
def test_any_text_survives_as_a_prompt_or_is_refused(text):
    """Quotes, dashes, braces, colons, scripts: what is accepted comes back the same."""
    spec = parsed(text)

    assert spec is None or parse(grammar.format(spec)) == spec


HOSTILE = st.lists(
    st.sampled_from(
        ["--", EM, EN, "-", " ", " ", " ", ",", ";", "=", ":", "::", "{", "}", "\\", '"', "\u201c", "\u201d",
         "1", "2", ".5", "a", "b c", "\x00", "\n", "\u200b", "\u00e9", "\U0001f408", "\ud800"]
        + [f"--{name} " for name in BY_NAME]
        + [f" {EM}{name}" for name in BY_NAME]
        + [" --ar 1:2 ", " --seed 5 ", " --style ink ", " --n 2 ", " --no x, y "]
    ),
    max_size=60,
).map("".join)  # fmt: skip


@settings(max_examples=1000)
@given(HOSTILE)
@example(f'!" , b --no x !" , b --no=",{EM}tile')
@example('a --no x !" , b')
@example(f"a --no b {EM}cfg,c")
@example('a "b --tile c" --style="x y" --no 12"')
def test_no_text_crashes_it_and_every_spec_it_gives_is_stable(text):
    """The fuzz: only UserError is raised, and writing back changes nothing."""
    spec = parsed(text)

    if spec is None:
        return
    written = grammar.format(spec)
    assert parse(written) == spec
    assert grammar.format(parse(written)) == written


@settings(max_examples=300)
@given(st.text(max_size=200), st.integers(1, 100))
def test_no_character_crashes_it_however_often(text, times):
    spec = parsed(text * times)

    assert spec is None or spec.prompt.strip() == spec.prompt


@pytest.mark.parametrize(
    "unit",
    ["a", "a ", "{", "}", "{a,b}", "{a,", "::", "a::", '"', '"a" ', '"a', "--", " --", "--a", " --no", EM,
     f" {EM}tile", ",", " ,", "\\", "\\{", "=", "--no=,", "--style=,", "-", ";", "\x00", "\ud800", "a--tile"],
)  # fmt: skip
@pytest.mark.parametrize("tail", ["", " x", '"', " --n 2", "}", "!"])
def test_ten_thousand_characters_of_anything_are_answered(unit, tail):
    """bench/grammar.py measures how fast; this shows that each is answered at all."""
    text = f"a --no x --style={unit * (TEXT_MAX // len(unit) // 2)}{tail}"

    for each in (text, text[11:], unit * (10_000 // len(unit)) + tail):
        spec = parsed(each)
        assert spec is None or parse(grammar.format(spec)) == spec


def test_the_bounds_leave_room_for_what_format_writes():
    """The longest spec, written out, is within what parse looks at."""
    spec = parse("x" * PROMPT_MAX + " --no " + "b" * NEGATIVE_MAX + f" --n 4 --model {'m' * 100}")

    assert len(grammar.format(spec)) < TEXT_MAX
    assert parse(grammar.format(spec)) == spec
    assert MAX_PICTURES >= 4
