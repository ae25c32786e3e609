"""The profile's vocabulary is what the captions are made of."""

from core.catalog import Vocabulary
from worker.train.concepts import CONCEPTS
from worker.train.shapes import SHAPES
from worker.train.vocabulary import vocabulary_of


def vocabulary():
    return Vocabulary.model_validate(vocabulary_of(CONCEPTS))


def test_every_concept_and_shape_is_listed_once():
    """A star is a concept and a shape: one entry."""
    names = [concept.name for concept in vocabulary().concepts]

    assert len(names) == len(set(names))
    assert {*SHAPES, *(concept.name for concept in CONCEPTS)} == set(names)


def test_every_word_and_plural_calls_its_concept():
    """Readers add an `s` by themselves; what needs more is listed."""
    known = vocabulary().known_concepts

    for concept in CONCEPTS:
        for word in (*concept.words, concept.plural):
            assert concept.name in known(f"two {word} at night"), word


def test_the_other_words_are_listed():
    """Colours with their synonyms, sizes, counts, layouts and places."""
    modifiers = set(vocabulary().modifiers)

    assert {"navy", "tiny", "three", "to the left of", "gradient", "in a meadow"} <= modifiers
