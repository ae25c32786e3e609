"""A long card is parted so that no platform has to cut it."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from bot.replies import ReplyField
from bot.wording.pages import FIELDS_MOST, paged

ROOM = 500

fields = st.builds(ReplyField, name=st.text(min_size=1, max_size=40), value=st.text(max_size=300))


def size(page):
    return sum(len(field.name) + len(field.value) for field in page)


@given(st.lists(fields, max_size=120))
def test_pages_keep_every_field_in_order_and_none_is_too_full(rows):
    pages = paged(rows, ROOM)

    assert [field for page in pages for field in page] == rows
    assert all(1 <= len(page) <= FIELDS_MOST and size(page) <= ROOM for page in pages)


@given(st.lists(fields, max_size=120))
def test_no_page_ends_before_it_must(rows):
    """The first field of the next one would not have fitted."""
    pages = paged(rows, ROOM)

    for page, after in itertools.pairwise(pages):
        assert len(page) == FIELDS_MOST or size([*page, after[0]]) > ROOM
