"""How a prompt is cut at what was found in it, and what the list's numbers say."""

import pytest

from bot.web_app.console.queue_asked import Asked
from bot.web_app.console.queue_view import Listed, Piece, pieces_of
from bot.wording import console_queue as words
from core.contracts.verdicts import Span

TEXT = "abcdefghij"


def spans(*ranges):
    return [Span(start=start, end=end, text=TEXT[start:end]) for start, end in ranges]


@pytest.mark.parametrize(
    ("ranges", "expected"),
    [
        ([], [Piece(TEXT)]),
        ([(0, 10)], [Piece(TEXT, is_marked=True)]),
        ([(2, 4)], [Piece("ab"), Piece("cd", is_marked=True), Piece("efghij")]),
        ([(6, 8), (2, 5), (4, 7)], [Piece("ab"), Piece("cdefgh", is_marked=True), Piece("ij")]),
    ],
)
def test_a_prompt_is_cut_at_what_was_found(ranges, expected):
    pieces = pieces_of(TEXT, spans(*ranges), is_echoed=True)

    assert pieces == expected
    assert "".join(each.text for each in pieces) == TEXT


def test_what_may_not_be_quoted_is_left_out():
    assert pieces_of(TEXT, spans((2, 4)), is_echoed=False) == [
        Piece("ab"),
        Piece("", is_left_out=True),
        Piece("efghij"),
    ]
    assert pieces_of(TEXT, [], is_echoed=False) == [Piece("", is_left_out=True)]
    assert pieces_of(None, [], is_echoed=True) == []


def test_an_address_keeps_the_filters_and_never_the_words():
    asked = Asked(kind="appeal", words="a secret", order="newest", item="x")
    listed = Listed([], has_more=False, waiting=0, asked=asked, is_first=True)

    assert listed.link("abc") == "/console/queue?kind=appeal&order=newest&item=abc"
    assert Listed([], False, 0, Asked(), True).link() == "/console/queue"


def test_a_page_that_looks_again_asks_for_as_much_as_it_shows_within_reason():
    assert [Asked(shown=shown).limit for shown in (0, 51, 10**9)] == [50, 51, 500]


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (59, "59 s left"),
        (60, "1 min left"),
        (3600, "1 h left"),
        (5400, "1 h 30 min left"),
        (-5400, "1 h 30 min late"),
        (90000, "1 d 1 h left"),
        (172800, "2 d left"),
    ],
)
def test_a_length_of_time_has_the_two_units_that_matter(seconds, expected):
    assert words.due_line(seconds) == expected
