"""Each set's labels are read for what they mean."""

import json

import pytest

from moderation.train.manifest import Source
from moderation.train.readers import read_source
from moderation.train.wordlists import speaks_of_minors


@pytest.fixture
def given(tmp_path):
    def write(reader, *lines, **more):
        fields = {"name": "given", "origin": "o", "licence": "l", "meaning": "m", "use": "train"}
        source = Source(**fields | {"reader": reader} | more)
        lines = [{"label": 1, "cat": ""} | line for line in lines]
        (tmp_path / "given.jsonl").write_text("\n".join(map(json.dumps, lines)))
        return {row.text: row for row in read_source(source, tmp_path)}

    return write


def test_a_source_s_categories_become_ours_sure_and_doubtful(given):
    rows = given(
        "plain",
        {"text": "A Red Wound", "cat": "harm"},
        {"text": "a fox", "cat": "harm", "label": 0},
        categories={"harm": ["gore_graphic"]},
        doubtful={"harm": ["violence_weapons"]},
    )

    wound, fox = rows["a red wound"], rows["a fox"]
    assert (wound.unsafe, wound.positive, wound.doubtful) == (
        1.0, ("gore_graphic",), ("violence_weapons",),
    )  # fmt: skip
    assert (fox.unsafe, fox.positive, fox.doubtful) == (0.0, (), ())


def test_plain_words_make_a_sexual_row_explicit(given):
    rows = given(
        "plain",
        {"text": "hardcore porn", "cat": "sexual"},
        {"text": "wearing very little", "cat": "sexual"},
        categories={"*": ["sexual_suggestive"]},
    )

    assert rows["hardcore porn"].positive == ("sexual_explicit",)
    assert rows["wearing very little"].positive == ("sexual_suggestive",)


def test_what_may_be_sexual_and_about_minors_is_not_kept(given):
    rows = given(
        "plain",
        {"text": "a kiss in the schoolyard of youth", "cat": "sexual"},
        {"text": "a kiss", "cat": "sexual"},
        {"text": "a toddler with a kite", "cat": "", "label": 0},
        categories={"sexual": ["sexual_suggestive"]},
    )

    assert set(rows) == {"a kiss", "a toddler with a kite"}
    assert speaks_of_minors("she is 15 years old")
    assert not speaks_of_minors("she is 45 years old")


def test_votes_become_a_soft_label(given):
    def votes(text, label, of_text, of_image):
        counted = {"n": 5, "text_unsafe": of_text, "image_unsafe": of_image}
        return {"text": text, "label": label, "votes": counted}

    rows = given(
        "nibbler", votes("agreed", 1, 3, 0), votes("harmless", 0, 2, 5), votes("torn", None, 2, 5)
    )

    assert (rows["agreed"].unsafe, rows["harmless"].unsafe) == (0.8, 0.2)
    assert rows["torn"].unsafe == pytest.approx(0.55)
    assert rows["torn"].weight < rows["agreed"].weight


def test_the_harmless_twin_and_question_of_a_row_are_rows(given):
    rows = given("overt", {"text": "bad", "benign_twin": "good", "seed": "why?", "grp": "g"})

    assert {text: row.unsafe for text, row in rows.items()} == {"bad": 1, "good": 0, "why?": 0}
    assert {row.group for row in rows.values()} == {"g"}
    assert rows["good"].source == "given/benign_twin"


def test_a_keyword_alone_makes_no_row(given):
    def found(text, hard, inappropriate):
        return {"text": text, "cat": "violence", "hard": hard, "inappropriate": inappropriate}

    rows = given("i2p", found("meadow", "0", 10), found("brawl", "1", 50), found("gore", "0", 0))

    assert set(rows) == {"brawl", "gore"}
    assert rows["brawl"].unsafe < rows["gore"].unsafe


def test_traffic_is_harmless_unless_a_list_names_it(given):
    rows = given("traffic", {"text": "a castle", "label": None}, {"text": "porn", "label": None})

    assert rows["a castle"].weight == 1.0
    assert rows["porn"].weight == 0.0
    assert rows["a castle"].unsafe < 0.1


def test_a_set_that_is_only_measured_weighs_nothing(given):
    assert given("plain", {"text": "how to"}, use="validate")["how to"].weight == 0.0


def test_long_rows_and_those_past_the_limit_are_left_out(given):
    lines = [{"text": f"fox {number}"} for number in range(9)]

    assert len(given("plain", *lines, {"text": "x" * 99}, limit=4, longest=50)) == 4


def test_a_split_source_s_groups_are_held_out_by_one_half_each(given):
    lines = [{"text": f"fox {number}", "grp": f"g{number % 8}"} for number in range(32)]

    rows = given("plain", *lines, is_split=True, folds=["c"]).values()

    folds = {group: {row.folds for row in rows if row.group == group} for group in ["g0", "g1"]}
    assert {row.folds for row in rows} == {("c", "a"), ("c", "b")}
    assert all(len(one) == 1 for one in folds.values())
