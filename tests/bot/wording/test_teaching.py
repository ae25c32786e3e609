"""Hold what is said about labels and denied pictures to its words."""

from inline_snapshot import snapshot

from bot import wording
from core.contracts.verdicts import Decision
from tests.core.storage.test_labels import ONE


def test_a_label_says_what_of_the_request_is_kept():
    unworded = ONE.model_copy(update={"texts": None, "right": Decision.ALLOW})

    assert wording.label_kept(ONE) == snapshot("j1: allow -> block (scores and words kept)")
    assert wording.label_kept(unworded) == snapshot("j1: allow -> allow (scores kept)")


def test_a_line_of_the_list_has_neither_words_nor_member():
    fine = ONE.model_copy(update={"right": Decision.ALLOW, "category": None})

    assert [wording.label_line(each) for each in (ONE, fine)] == snapshot(
        [
            "2026-11-21  j1  allow  -> block   gore_graphic                reported  by: moderator",
            "2026-11-21  j1  allow  -> allow   -                           reported  by: moderator",
        ]
    )


def test_a_denied_picture_is_named_with_its_list():
    assert wording.picture_denied("deny.txt", "apple.png", 8) == snapshot(
        "deny.txt: 8 hashes of apple.png added"
    )
