"""The marker: who writes, who reads, what is turned off."""

import pytest

from core.contracts.ids import VerifyId
from core.contracts.registry import MarkFacts, MarkState
from core.provenance.mark.base import Effort
from core.provenance.mark.keys import FILE
from core.provenance.mark.marker import Marker, load_marker

MARK_ID = VerifyId("0123456789abcdef")


def test_marks_that_are_turned_off_change_nothing_and_make_no_key(tmp_path, picture):
    """And say so."""
    marker = load_marker(tmp_path, backend="off")

    embedded = marker.embed(picture, MARK_ID)

    assert embedded.facts == MarkFacts(state=MarkState.OFF)
    assert embedded.pixels is picture
    assert marker.embed_as(picture, embedded.facts) is picture
    assert marker.detect(picture) is None
    assert list(tmp_path.iterdir()) == []


def test_marks_of_earlier_days_are_read_after_they_were_turned_off(tmp_path, picture):
    """Pictures outlive settings."""
    marked = load_marker(tmp_path, backend="easel.ss64").embed(picture, MARK_ID).pixels

    off = load_marker(tmp_path, backend="off")

    assert off.detect(marked, Effort.QUICK).mark_id == MARK_ID
    assert (tmp_path / FILE).exists()


def test_a_mark_by_a_method_that_is_gone_is_not_written_by_another(method, picture):
    """Somebody would compare the wrong pixels."""
    facts = MarkFacts(state=MarkState.MARKED, backend="trustmark", mark_id=MARK_ID)

    with pytest.raises(ValueError):
        Marker(method, (method,)).embed_as(picture, facts)


class Slow:
    """A method that knows only whether it was asked, and how."""

    name = "slow"

    def __init__(self, asked):
        self.asked = asked

    def embed(self, pixels, mark_id):
        raise AssertionError

    def embed_as(self, pixels, facts):
        raise AssertionError

    def detect(self, pixels, *, effort):
        self.asked.append(effort)


def test_every_method_looks_quickly_before_one_looks_long(method, embedded, picture):
    """A full search takes a second or two."""
    asked = []
    marker = Marker(None, (Slow(asked), method))

    assert marker.detect(embedded.pixels).mark_id == MARK_ID
    assert marker.detect(picture[:300, :300], Effort.QUICK) is None
    assert asked == [Effort.QUICK, Effort.QUICK]
