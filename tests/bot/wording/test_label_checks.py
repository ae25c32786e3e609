"""What a platform leaves of a label is said form by form, and a change in one plain line."""

from datetime import UTC, datetime

import pytest
from inline_snapshot import snapshot

from bot import wording
from core.contracts.label_checks import (
    CheckedPlatform,
    Fate,
    LabelCheck,
    RenditionCheck,
    Sign,
    changes_between,
)

KEPT, BROKEN, LOST, NOT_GIVEN = Fate.KEPT, Fate.BROKEN, Fate.LOST, Fate.NOT_GIVEN


def a_check(day=22, **fates):
    """One original, one preview, and a form that there is not."""
    original = dict.fromkeys([Sign.BYTES, Sign.C2PA, Sign.XMP, Sign.MARK, Sign.FINGERPRINT], KEPT)
    original |= {Sign(name): fate for name, fate in fates.items()}
    return LabelCheck(
        check_id="one",
        platform=CheckedPlatform.DISCORD,
        verify_id="0123456789abcdef",
        renditions={
            "original": RenditionCheck(
                media_type="image/png",
                width=1280,
                height=1024,
                size_bytes=2_345_678,
                fates=original,
            ),
            "preview": RenditionCheck(
                media_type="image/webp",
                width=550,
                height=440,
                size_bytes=98_765,
                fates={Sign.BYTES: LOST, Sign.C2PA: LOST, Sign.MARK: KEPT},
            ),
            "proxy": RenditionCheck(is_offered=False),
            "message": RenditionCheck(fates={Sign.VISIBLE: KEPT, Sign.ALT_TEXT: BROKEN}),
        },
        checked_at=datetime(2026, 11, day, 9, 30, tzinfo=UTC),
    )


def told(check, before=None):
    changes = changes_between(before, check) if before else ()
    return "\n".join(wording.label_checked(check, before, changes))


def test_a_first_check_is_told_form_by_form():
    assert told(a_check(mark=NOT_GIVEN)) == snapshot("""\
Discord · 2026-11-22 09:30 UTC · sample 0123456789abcdef
  original: image/png, 1280x1024, 2,345,678 bytes. Kept: bytes, signature, metadata and fingerprint; none given: mark.
  preview: image/webp, 550x440, 98,765 bytes. Kept: mark; lost: bytes and signature.
  proxy: not offered.
  message: Kept: words; broken: alt text.
This is the first check here: the next one is compared with it.\
""")


def test_a_check_without_a_change_says_so_with_its_measure():
    assert told(a_check(), a_check(15)).splitlines()[-1] == snapshot(
        "Nothing has changed since 2026-11-15."
    )


def test_changes_are_told_one_by_one():
    before = a_check(15, xmp=LOST)
    now = a_check(c2pa=BROKEN, mark=LOST)
    gone = now.model_copy(
        update={"renditions": now.renditions | {"preview": RenditionCheck(is_offered=False)}}
    )

    assert "\n".join(told(gone, before).splitlines()[5:]) == snapshot("""\
Changed since 2026-11-15:
  original: signature was kept, is broken now.
  original: metadata was lost, is kept now.
  original: mark was kept, is lost now.
  preview: no longer offered.\
""")


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param(
            a_check(),
            snapshot(
                "Discord · 2026-11-22 09:30 UTC · sample 0123456789abcdef · Kept: signature in 1 of 2, metadata in 1 of 2, mark in 2 of 2, fingerprint in 1 of 2."
            ),
            id="as before",
        ),
        pytest.param(
            a_check(c2pa=LOST),
            snapshot(
                "Discord · 2026-11-22 09:30 UTC · sample 0123456789abcdef · original: signature was kept, is lost now."
            ),
            id="another",
        ),
    ],
)
def test_a_check_of_the_past_is_a_line(now, expected):
    assert wording.label_past(now, changes_between(a_check(15), now)) == expected


def test_what_a_sample_says_begins_with_the_label():
    """As every picture does."""
    assert wording.sample_words("0123456789abcdef") == snapshot(
        "AI-generated · a sample that checks what becomes of labels here · verify 0123456789abcdef"
    )
    assert wording.sample_alt_text() == snapshot(
        "AI-generated: a sample of coloured shapes that checks what becomes of labels here."
    )


def test_what_is_not_there_is_said():
    assert wording.label_never_checked(CheckedPlatform.SLACK) == snapshot(
        "Labels were never checked in Slack."
    )
    assert wording.sample_left(CheckedPlatform.DISCORD, "0123456789abcdef") == snapshot(
        "The sample 0123456789abcdef still stands in Discord; delete it there."
    )
