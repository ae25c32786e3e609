"""The page on labels names every rung and every change by the words that people read."""

from pathlib import Path

import pytest

from bot import wording
from bot.usecases.verify import MESSAGE_MOST
from bot.web_app import verify_page
from bot.wording.changes import _DONE
from core.contracts.examination import Rung
from tests.bot.web_app.examinations import examination

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "provenance.md").read_text("utf-8").partition("## The doors")[2]
CHAT = (DOCS / "web-chat.md").read_text("utf-8")


@pytest.mark.parametrize("rung", Rung)
def test_a_rung_is_on_the_page_under_its_title(rung):
    (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| `{rung}` | ")]

    title = wording.finding_of(examination(rung)).title
    assert title.replace("here, changed since", "") in row or title in row


def test_every_change_is_named_as_people_read_it():
    words = " ".join(PAGE.split())

    assert [each for each in _DONE.values() if each not in words] == []


def test_bounds_of_the_public_page_are_those_in_force():
    assert verify_page.FILE_MAX_BYTES == 20_000_000
    assert f"20 MB, {verify_page.ARRIVES_WITHIN_S} s to arrive" in CHAT
    assert MESSAGE_MOST == 10
