"""What a member keeps is in force where a request does not say otherwise, and the gate reads it."""

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from bot import grammar
from bot.replies import ReplyKind
from bot.usecases import commands, effective, imagine
from bot.usecases.added_words import read_words
from bot.usecases.effective import Personal
from core.catalog import Catalog, ModelProfile, load_catalog
from core.contracts.generation import Aspect, Quality
from core.contracts.personal import MemberSettings, NamedStyle
from core.errors import UserError
from moderation.engine import texts_of

KNOWN_POSITIVE = "easel-known-positive-7q2k9x4m"
CATALOG = load_catalog("easel-small")
WIDE = Aspect(width=16, height=9)
CHOSEN = MemberSettings(
    suffix="on the beach", style="sunset", quality=Quality.HD, count=3, aspect=WIDE
)


def read(text, *, catalog=CATALOG, **kept):
    return imagine.read_request(catalog, text, grammar.PROMPT_MAX, Personal(**kept))


def test_what_is_set_is_recorded_as_if_it_had_been_typed():
    """The job needs no settings to be drawn again; a shape the model cannot draw gives way."""
    spec = read("a cat", settings=CHOSEN)

    assert spec == grammar.parse("a cat on the beach --style sunset --hd --n 3")
    assert grammar.parse(grammar.format(spec)) == spec


def test_a_shape_is_in_force_where_the_model_draws_it():
    catalog = Catalog(profiles=(ModelProfile(name="any", source="x"),))

    assert read("a cat", catalog=catalog, settings=CHOSEN).aspect == WIDE
    assert read("a cat --ar 1:1", catalog=catalog, settings=CHOSEN).aspect == Aspect(
        width=1, height=1
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a cat --n 1", {"count": 1}, id="one picture"),
        pytest.param("a cat --draft", {"quality": Quality.DRAFT}, id="draft"),
        pytest.param("a cat --standard", {"quality": Quality.STANDARD}, id="standard"),
        pytest.param("a cat --steps 5", {"quality": Quality.STANDARD, "steps": 5}, id="steps"),
        pytest.param("a cat --style night", {"style": "night"}, id="another style"),
        pytest.param("a cat --style none", {"style": None}, id="no style"),
        pytest.param("a cat --style NONE", {"style": None}, id="no style, shouted"),
    ],
)
def test_a_flag_wins_over_a_setting(text, expected):
    spec = read(text, settings=CHOSEN)

    assert {name: getattr(spec, name) for name in expected} == expected


def test_a_count_gives_way_to_variants():
    """Nobody asked for sixteen pictures by typing four variants."""
    spec = read("a {red,blue,green,black} cat", settings=MemberSettings(count=4))

    assert spec.count == 2
    assert spec.picture_count <= grammar.MAX_PICTURES


def test_enlarging_takes_nothing_from_the_settings():
    """Nothing is drawn, so neither words nor counts apply."""
    text = "a cat --image 3f0c58d1e2a94b67 --upscale 2"

    assert read(text, settings=CHOSEN) == grammar.parse(text)


def test_the_words_of_an_own_style_stand_in_the_prompt():
    """By flag and by setting; its name is nobody else's business."""
    styles = {"oil": "thick oil paint", "ink": ", fine ink"}

    assert read("a cat --style OIL", styles=styles) == grammar.parse("a cat thick oil paint")
    kept = MemberSettings(style="ink", suffix="at noon")
    assert read("a cat", styles=styles, settings=kept).prompt == "a cat, fine ink at noon"


def test_the_models_style_wins_over_an_own_one_of_that_name():
    """As when the model was changed after the style was named."""
    assert read("a cat --style night", styles={"night": "dark"}).style == "night"


def test_a_style_that_was_set_and_is_gone_is_left_out():
    """Naming it is a mistake that is told; having set it once is none."""
    assert read("a cat", settings=MemberSettings(style="gone")).prompt == "a cat"
    with pytest.raises(UserError) as caught:
        read("a cat --style gone", settings=MemberSettings(style="gone"))
    assert caught.value.code == "style_unknown"


def test_a_pasted_recipe_does_not_grow():
    """The prompt ends with the words already."""
    once = read("a cat", settings=CHOSEN)

    assert read(grammar.format(once), settings=CHOSEN) == once


def test_limits_hold_for_the_whole_of_it():
    """A suffix that makes a prompt too long is counted."""
    with pytest.raises(UserError) as caught:
        imagine.read_request(CATALOG, "a cat", 12, Personal(settings=CHOSEN))
    assert caught.value.code == "prompt_too_long"
    sixteen = " ".join(f"a{number}::1" for number in range(grammar.MAX_PARTS))
    with pytest.raises(UserError) as caught:
        read(sixteen, settings=CHOSEN)
    assert caught.value.code == "too_many_parts"


def keep(services, actor, **changes):
    with services.store.unit() as unit:
        unit.settings.set(
            actor.community_id, actor.member_id, MemberSettings(**changes), now=services.clock()
        )


def test_a_suffix_that_the_gate_refuses_is_refused_in_the_request(services, ada, address):
    """However it came to be kept: every entrance is screened where it is used."""
    keep(services, ada, suffix=KNOWN_POSITIVE)

    reply = commands.run(services, ada, "/imagine a cat", address)

    assert reply.kind is ReplyKind.REFUSAL
    assert reply.quote.marked == KNOWN_POSITIVE


def test_a_style_that_the_gate_refuses_is_refused_in_the_request(services, ada, address):
    """Its words are part of the prompt like any others."""
    with services.store.unit() as unit:
        style = NamedStyle(name="odd", text=KNOWN_POSITIVE, created_at=services.clock())
        unit.styles.put(ada.community_id, ada.member_id, style)

    reply = commands.run(services, ada, "/imagine a cat --style odd", address)

    assert reply.kind is ReplyKind.REFUSAL


def test_a_request_is_not_touched_by_anybody_elses_settings(services, ada, bob, address):
    keep(services, bob, suffix="on the beach", count=4)

    job_id = commands.run(services, ada, "/imagine a cat", address).job_id

    with services.store.reading() as unit:
        assert unit.jobs.get(job_id).spec == grammar.parse("a cat")


ANY_WORDS = st.text(
    alphabet=st.sampled_from('ab ,.:;-—"“{}\\12!é猫\u200d()|\t'), min_size=1, max_size=30
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.filter_too_much])
@given(typed=ANY_WORDS, suffix=ANY_WORDS, style=ANY_WORDS)
def test_no_word_that_is_kept_skips_the_gate(typed, suffix, style):
    """Whatever is kept and typed: all of it stands in every variant that is screened and drawn."""
    try:
        kept_suffix, kept_style = read_words(suffix), read_words(style)
        asked = grammar.parse(typed)
    except UserError:
        assume(False)  # Refused when it was typed or kept: it never gets here.
    personal = Personal(MemberSettings(suffix=kept_suffix, style="own"), {"own": kept_style})
    try:
        spec = effective.read(CATALOG, typed, personal, grammar.PROMPT_MAX)
    except UserError:
        return  # Told to the person; nothing is drawn.

    screened = " ".join(text.text for text in texts_of(spec))
    assert spec.prompt.startswith(asked.prompt)
    for words in (kept_suffix, kept_style):
        assert words.casefold() in spec.prompt.casefold()
        assert words.casefold() in screened.casefold()
    assert spec.model_copy(update={"prompt": asked.prompt}) == asked
    assert all(kept_suffix.casefold() in variant.casefold() for variant in spec.variants)
