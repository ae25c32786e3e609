"""The span that a score hangs on is found by leaving it out."""

from moderation.classifiers.occlusion import MAX_WORDS, influences


def _spans(text, score):
    return [text[one.start : one.end] for one in influences(text, score)]


def test_the_word_that_matters_is_named():
    def score(texts):
        return [0.9 if "sword" in text else 0.1 for text in texts]

    found = influences("a knight with a sword at dawn", score)

    assert [(one.start, one.end, round(one.change, 2)) for one in found] == [(16, 21, 0.8)]


def test_neighbours_that_matter_are_one_span():
    def score(texts):
        return [0.9 if "severed" in text and "head" in text else 0.1 for text in texts]

    assert _spans("a severed head on grass", score) == ["severed head"]


def test_two_words_that_say_the_same_are_left_out_together():
    def score(texts):
        return [0.9 if "blood" in text or "gore" in text else 0.1 for text in texts]

    assert _spans("much blood gore here", score) == ["blood gore"]


def test_spans_apart_are_ranked_by_what_they_change():
    def score(texts):
        return [0.5 * ("gun" in text) + 0.3 * ("mask" in text) for text in texts]

    assert _spans("a mask on a table, a gun", score) == ["gun", "mask"]


def test_what_changes_little_explains_nothing():
    assert influences("a red fox", lambda texts: [0.5 for _ in texts]) == []
    assert influences("fox", lambda texts: [0.5 for _ in texts]) == []
    assert influences("...", lambda texts: [0.5 for _ in texts]) == []


def test_a_long_text_is_tried_in_runs_of_words():
    text = "word " * 300 + "knife"
    asked = []

    def score(texts):
        asked.extend(texts)
        return [float("knife" in one) for one in texts]

    assert "knife" in _spans(text, score)[0]
    assert len(asked) <= MAX_WORDS + 1
