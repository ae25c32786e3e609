"""Hold the buttons below a result to what every platform can show, and to what they are about."""

import pytest

from bot.grammar import parse
from bot.replies import Action
from bot.wording.buttons import PER_ROW, result_buttons

DISCORD_ROWS = 5
CUSTOM_ID_MAX = 100


def rows_of(buttons):
    rows = {}
    for button in buttons:
        rows.setdefault(button.row, []).append(button.label)
    return list(rows.values())


@pytest.fixture
def buttons(make_job, make_pictures):
    def make(count, text="a cat"):
        job = make_job(parse(text))
        return result_buttons(job, make_pictures(job, ["a cat"] * count))

    return make


def test_one_picture_has_all_that_can_be_made_of_it(buttons):
    assert rows_of(buttons(1)) == [
        ["Upscale", "Vary (subtle)", "Vary (strong)", "Vary region", "Favourite"],
        ["Draw again", "Remix", "Details", "Delete", "Report"],
        ["About this image"],
    ]


def test_four_pictures_have_a_row_of_each_kind(buttons):
    assert rows_of(buttons(4)) == [
        ["U1", "U2", "U3", "U4"],
        ["V1", "V2", "V3", "V4"],
        ["♥1", "♥2", "♥3", "♥4"],
        ["Draw again", "Remix", "Details", "Delete", "Report"],
        ["About these images"],
    ]


def test_ten_pictures_fill_all_that_discord_has(buttons):
    """Details are then one step further away: what “About” tells leads to them."""
    assert rows_of(buttons(10)) == [
        ["U1", "U2", "U3", "U4", "U5"],
        ["U6", "U7", "U8", "U9", "U10"],
        ["V1", "V2", "V3", "V4", "V5"],
        ["V6", "V7", "V8", "V9", "V10"],
        ["Draw again", "Remix", "About these images", "Delete", "Report"],
    ]


def test_an_enlarged_picture_is_not_enlarged_the_same_again(buttons):
    made = buttons(1, "a cat --image 3f0c58d1e2a94b67 --upscale 2")

    assert rows_of(made)[-1] == ["Remix", "Details", "Delete", "Report", "About this image"]


@pytest.mark.parametrize("count", range(1, 11))
def test_every_number_of_pictures_fits_everywhere(buttons, count):
    """Five rows of five, no button twice, and its whole state in a hundred characters."""
    made = buttons(count)

    rows = rows_of(made)
    states = [f"{each.action}:{'x' * 12}:{each.picture}" for each in made]
    assert len(rows) <= DISCORD_ROWS
    assert max(map(len, rows)) <= PER_ROW
    assert len(set(states)) == len(states)
    assert max(map(len, states)) <= CUSTOM_ID_MAX
    assert [each.row for each in made] == sorted(each.row for each in made)
    assert Action.ABOUT in {each.action for each in made}


def test_a_button_keeps_its_picture_when_another_one_is_gone(make_job, make_pictures):
    job = make_job(parse("a cat --n 3"))
    pictures = make_pictures(job, ["a cat"] * 3)

    made = result_buttons(job, [pictures[0], pictures[2]])
    alone = result_buttons(job, pictures[2:])

    enlarging = [each for each in made if each.action is Action.UPSCALE]
    assert [(each.label, each.picture) for each in enlarging] == [("U1", 0), ("U3", 2)]
    assert {each.picture for each in alone if each.row == 0} == {2}
