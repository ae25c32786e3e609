"""Rows: kept once, kept together, kept on disk."""

from moderation.train.rows import (
    Row,
    held_out,
    learnable,
    normalised,
    read_rows,
    share,
    without_repeats,
    write_rows,
)


def test_the_first_of_a_text_is_kept():
    rows = [Row("A fox!", 1.0, "a"), Row("a  fox", 0.0, "b"), Row("?", 0.0, "b")]

    assert without_repeats(rows) == rows[:1]


def test_a_fold_learns_from_what_it_does_not_hold_out():
    kept, out, measured = (
        Row("a", 1.0, "s"),
        Row("b", 1.0, "s", folds=("a",)),
        Row("c", 1.0, "s", weight=0.0),
    )

    assert learnable([kept, out, measured], "a") == [kept]
    assert learnable([kept, out, measured], None) == [kept, out]
    assert held_out([kept, out, measured], "a") == [out]


def test_rows_are_read_as_they_were_written(tmp_path):
    rows = [
        Row("Dalí", 0.5, "s", ("gore_graphic",), ("ip_brand",), 0.3, "g", 1, "k", ("a", "c")),
        Row("fox", 0.0, "s", label=None),
    ]

    write_rows(tmp_path / "deep" / "rows.jsonl", rows)

    assert read_rows(tmp_path / "deep" / "rows.jsonl") == rows


def test_a_share_is_the_same_each_time_and_spread():
    assert share("a fox", 5) == share("a fox", 5)
    assert {share(str(number), 3) for number in range(50)} == {0, 1, 2}


def test_a_text_is_normalised_as_the_screen_will_read_it():
    assert normalised("A NU\u200bDE (fox:1.2)") == "a nude fox"
