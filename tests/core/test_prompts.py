"""Hold the two notations inside a prompt to what docs/commands.md promises."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.prompts import (
    MAX_PARTS,
    MAX_VARIANTS,
    PromptPart,
    PromptSyntaxError,
    escape,
    expand,
    weigh,
)

HOSTILE = st.text(alphabet='{},\\: 0.-+aé"\u200b', max_size=200)


@pytest.mark.parametrize(
    ("prompt", "variants"),
    [
        pytest.param("a red apple", ["a red apple"], id="no group"),
        pytest.param("a {red,blue} apple", ["a red apple", "a blue apple"], id="one group"),
        pytest.param(
            "{a,b} {c,d}", ["a c", "a d", "b c", "b d"], id="groups multiply, leftmost slowest"
        ),
        pytest.param("{a,{b,c}d}", ["a", "bd", "cd"], id="groups nest"),
        pytest.param("{ a , b }!", ["a!", "b!"], id="spaces around a choice go"),
        pytest.param("{a}", ["{a}"], id="a group of one is plain text"),
        pytest.param("{}", ["{}"], id="an empty pair is plain text"),
        pytest.param("{{a,b}}", ["{a}", "{b}"], id="plain braces around a group stay"),
        pytest.param("{x {a} y,b}", ["x {a} y", "b"], id="a plain pair inside a choice stays"),
        pytest.param("red, {a,b}, blue", ["red, a, blue", "red, b, blue"], id="outer commas stay"),
        pytest.param(r"\{a\,b\}", ["{a,b}"], id="escaped marks are plain"),
        pytest.param(r"{a\,b,c}", ["a,b", "c"], id="an escaped comma parts nothing"),
        pytest.param(r"\\{a,b\}", [r"\{a,b}"], id="a backslash is not escaped by another"),
        pytest.param(r"C:\new", [r"C:\new"], id="other backslashes are backslashes"),
        pytest.param("{a::2,b::1} c", ["a::2 c", "b::1 c"], id="weights may vary"),
    ],
)
def test_expand_lists_the_variants_in_reading_order(prompt, variants):
    assert list(expand(prompt)) == variants


@pytest.mark.parametrize(
    ("prompt", "code", "offset"),
    [
        pytest.param("a {b", "unbalanced_brace", 2, id="left open"),
        pytest.param("a} b", "unbalanced_brace", 1, id="never opened"),
        pytest.param("{a,b", "unbalanced_brace", 0, id="choices left open"),
        pytest.param("{a,}", "empty_choice", 3, id="last choice empty"),
        pytest.param("{,a}", "empty_choice", 1, id="first choice empty"),
        pytest.param("{a, ,b}", "empty_choice", 4, id="blank choice"),
        pytest.param("{1,2,3,4,5,6,7,8,9}", "too_many_variants", 0, id="one wide group"),
        pytest.param("{a,b}{a,b}{a,b}{a,b}", "too_many_variants", 15, id="a product"),
    ],
)
def test_expand_says_what_is_wrong_and_where(prompt, code, offset):
    with pytest.raises(PromptSyntaxError) as caught:
        expand(prompt)

    assert (caught.value.code, caught.value.offset) == (code, offset)


@pytest.mark.parametrize(
    "prompt",
    [
        pytest.param("{a,b}" * 20, id="a million variants"),
        pytest.param("{a,b}" * 1200, id="more variants than atoms"),
        pytest.param("{a," * 3000 + "b" + "}" * 3000, id="nested three thousand deep"),
        pytest.param("{" + "a," * 5000 + "a}", id="five thousand choices"),
    ],
)
def test_expand_refuses_a_product_without_building_it(prompt):
    """A built product of the second case would not fit into any machine."""
    with pytest.raises(PromptSyntaxError, match="too_many_variants"):
        expand(prompt)


def test_expand_takes_plain_braces_however_deep():
    """A recursive reader would end here."""
    prompt = "{" * 3000 + "a" + "}" * 3000

    assert expand(prompt) == (prompt,)


def test_expand_takes_exactly_the_limit():
    assert len(expand("{a,b}{c,d}{e,f}")) == MAX_VARIANTS


@given(st.text())
def test_escaped_text_expands_to_itself(text):
    """Every text can be written as a prompt."""
    assert expand(escape(text)) == (text,)


@given(HOSTILE)
def test_whatever_expands_stays_within_the_limit_and_weighs_above_zero(prompt):
    """The worker may rely on both."""
    try:
        variants = expand(prompt)
        weighed = [weigh(variant) for variant in variants]
    except PromptSyntaxError:
        return

    assert 1 <= len(variants) <= MAX_VARIANTS
    for parts in weighed:
        assert 1 <= len(parts) <= MAX_PARTS
        assert math.fsum(part.weight for part in parts) > 0
        assert all(part.text.strip() for part in parts)


@given(
    st.lists(
        st.tuples(
            st.from_regex(r"[a-z]{1,5}( [a-z]{1,5})?", fullmatch=True), st.integers(1, 40000)
        ),
        min_size=1,
        max_size=MAX_PARTS,
    )
)
def test_written_weights_are_read_back(parts):
    weighted = [PromptPart(text, weight / 100) for text, weight in parts]

    prompt = " ".join(f"{part.text}::{part.weight:g}" for part in weighted)

    assert list(weigh(prompt)) == weighted


@pytest.mark.parametrize(
    ("variant", "parts"),
    [
        pytest.param("a red apple", [("a red apple", 1)], id="no weight"),
        pytest.param("red apple::2 sky::1", [("red apple", 2), ("sky", 1)], id="both weighed"),
        pytest.param("hot:: dog", [("hot", 1), ("dog", 1)], id="colons alone weigh 1"),
        pytest.param("hot::dog", [("hot", 1), ("dog", 1)], id="no space is needed"),
        pytest.param("apple::2 sky", [("apple", 2), ("sky", 1)], id="the last part weighs 1"),
        pytest.param("apple::2 fog::-0.5", [("apple", 2), ("fog", -0.5)], id="less than nothing"),
        pytest.param("apple::.5", [("apple", 0.5)], id="no leading zero"),
        pytest.param("apple::+2", [("apple", 2)], id="a plus"),
        pytest.param("apple::2, sky::1", [("apple", 2), ("sky", 1)], id="a parting comma goes"),
        pytest.param("apple::2.", [("apple", 2)], id="a closing full stop goes"),
        pytest.param(
            "apple:: 3 stars", [("apple", 1), ("3 stars", 1)], id="a number after a space"
        ),
        pytest.param("apple::-b", [("apple", 1), ("-b", 1)], id="a dash is no number"),
        pytest.param("at http://x:: red", [("at http://x", 1), ("red", 1)], id="an address"),
        pytest.param(r"std\::vector", [("std::vector", 1)], id="an escaped colon weighs nothing"),
        pytest.param("time 12:30", [("time 12:30", 1)], id="one colon is plain"),
    ],
)
def test_weigh_parts_a_prompt_as_midjourney_does(variant, parts):
    assert [(part.text, part.weight) for part in weigh(variant)] == parts


@pytest.mark.parametrize(
    ("variant", "code"),
    [
        pytest.param("::", "empty_part", id="colons alone"),
        pytest.param("::2 apple", "empty_part", id="a weight before any text"),
        pytest.param("a:: ::b", "empty_part", id="nothing between"),
        pytest.param("a::2 , ::3", "empty_part", id="a comma between"),
        pytest.param("a:::b", "weight_unclear", id="three colons"),
        pytest.param("a::::b", "weight_unclear", id="four colons"),
        pytest.param("a::2nd b", "weight_unclear", id="a number with letters"),
        pytest.param("a::1.2.3", "weight_unclear", id="a version number"),
        pytest.param("a::1e5", "weight_unclear", id="an exponent"),
        pytest.param("a::12345", "weight_unclear", id="too many digits"),
        pytest.param("a::1.23456", "weight_unclear", id="too many decimals"),
        pytest.param("a::0", "weights_not_positive", id="zero"),
        pytest.param("a::1 b::-1", "weights_not_positive", id="cancelling out"),
        pytest.param("a::0.1 b::0.2 c::-0.3", "weights_not_positive", id="zero but for rounding"),
        pytest.param("a::" * (MAX_PARTS + 1), "too_many_parts", id="one part too many"),
        pytest.param("a::" * MAX_PARTS + "b", "too_many_parts", id="one too many at the end"),
    ],
)
def test_weigh_says_what_is_wrong(variant, code):
    with pytest.raises(PromptSyntaxError, match=f"^{code}$"):
        weigh(variant)
