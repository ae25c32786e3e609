"""Hold the small model's honesty: never silence about what it does not know."""

import pytest
from inline_snapshot import snapshot

from bot.wording.vocabulary import known_things, vocabulary_note
from core.catalog import Concept, ModelProfile, Vocabulary


def test_a_prompt_with_none_of_its_words_gets_a_note(profile):
    assert vocabulary_note(["a violin in the mist"], profile) == snapshot(
        "The small model knows none of these words, so it drew at random. It knows about apples, pineapples, mushrooms, donuts, rabbits, lions, unicorns, whales, trees, stars, houses, trains and 32 more; set a larger model with EASEL_MODEL."
    )


def test_a_variant_with_none_of_its_words_is_named(profile):
    assert vocabulary_note(["an apple", "a violin"], profile) == snapshot(
        "The small model knows no word of “a violin” and drew that at random. It knows about apples, pineapples, mushrooms, donuts, rabbits, lions, unicorns, whales, trees, stars, houses, trains and 32 more; set a larger model with EASEL_MODEL."
    )


def test_a_misspelt_prompt_is_asked_about(profile):
    """Six letters off is another word; one letter off is a slip."""
    assert vocabulary_note(["a kiten and a roket"], profile) == snapshot(
        "The small model knows none of these words, so it drew at random. Did you mean “kitten” or “rocket”? It knows about apples, pineapples, mushrooms, donuts, rabbits, lions, unicorns, whales, trees, stars, houses, trains and 32 more; set a larger model with EASEL_MODEL."
    )


def test_the_note_stays_a_glance_with_a_hundred_things():
    concepts = tuple(Concept(name=f"long name of thing {number}") for number in range(217))
    profile = ModelProfile(name="m", source="m", vocabulary=Vocabulary(concepts=concepts))

    note = vocabulary_note(["a violin"], profile)

    assert note.count("long name") == 12
    assert "and 205 more" in note


@pytest.mark.parametrize(
    "prompts",
    [
        pytest.param(["a red apple"], id="one of its words"),
        pytest.param(["a violin behind two apples"], id="some of its words"),
        pytest.param(["a kitten"], id="another word for one"),
        pytest.param([], id="no picture"),
    ],
)
def test_a_prompt_with_its_words_gets_none(profile, prompts):
    assert vocabulary_note(prompts, profile) is None


def test_a_model_that_was_trained_on_everything_gets_none():
    assert vocabulary_note(["a violin"], ModelProfile(name="m", source="m")) is None


@pytest.mark.parametrize(
    ("names", "words"),
    [
        pytest.param(["fox", "cherry", "toy"], "foxes, cherries and toys", id="plurals"),
        pytest.param(["fish", "moon"], "fish and the moon", id="exceptions"),
        pytest.param(
            ["grapes", "bus", "cactus"], "grapes, buses and cactuses", id="plural already"
        ),
        pytest.param(["cat"], "cats", id="one"),
        pytest.param(
            [f"thing{number}" for number in range(13)],
            ", ".join(f"thing{number}s" for number in range(12)) + " and 1 more",
            id="more than a dozen",
        ),
    ],
)
def test_things_are_named_as_people_name_them(names, words):
    concepts = tuple(Concept(name=name) for name in names)
    profile = ModelProfile(name="m", source="m", vocabulary=Vocabulary(concepts=concepts))

    assert known_things(profile) == words
