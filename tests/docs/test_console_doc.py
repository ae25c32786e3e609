"""Hold docs/console.md to the buttons that it describes."""

import re
from pathlib import Path

from bot.wording.review_cards import REVIEW_LABELS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "console.md").read_text("utf-8")


def test_every_button_of_a_card_is_described():
    section = PAGE.partition("## In chat\n")[2]

    assert tuple(re.findall(r"^\| ([A-Z][^|]+?) \| [A-Z]", section, re.MULTILINE)) == (
        *("Button", *REVIEW_LABELS),
    )
