"""Two checks of one platform differ in what the platform does, and in nothing else."""

from datetime import UTC, datetime

import pytest

from core.contracts.label_checks import (
    CheckedPlatform,
    Fate,
    FateChange,
    LabelCheck,
    RenditionCheck,
    Sign,
    changes_between,
)
from core.contracts.registry import Layer


def check(**renditions):
    return LabelCheck(
        check_id="one",
        platform=CheckedPlatform.DISCORD,
        verify_id="ab" * 8,
        renditions=renditions,
        checked_at=datetime(2026, 11, 22, tzinfo=UTC),
    )


def one(**fates):
    return RenditionCheck(fates={Sign(name): fate for name, fate in fates.items()})


GONE = RenditionCheck(is_offered=False)


def test_the_same_findings_are_no_change():
    """Sizes of previews come and go; they are no part of a label."""
    before = check(preview=RenditionCheck(width=550, fates={Sign.MARK: Fate.KEPT}))
    now = check(preview=RenditionCheck(width=548, fates={Sign.MARK: Fate.KEPT}))

    assert changes_between(before, now) == ()


@pytest.mark.parametrize(
    ("was", "fate", "is_worse"),
    [
        pytest.param(Fate.KEPT, Fate.LOST, True, id="lost"),
        pytest.param(Fate.KEPT, Fate.BROKEN, True, id="broken"),
        pytest.param(Fate.LOST, Fate.KEPT, False, id="found again"),
    ],
)
def test_a_sign_that_fares_otherwise_is_told(was, fate, is_worse):
    (change,) = changes_between(check(original=one(xmp=was)), check(original=one(xmp=fate)))

    assert change == FateChange("original", Sign.XMP, was, fate)
    assert change.is_worse is is_worse


@pytest.mark.parametrize(
    ("was", "fate"),
    [
        pytest.param(Fate.NOT_GIVEN, Fate.KEPT, id="turned on"),
        pytest.param(Fate.KEPT, Fate.NOT_GIVEN, id="turned off"),
    ],
)
def test_what_the_operator_turned_on_or_off_is_not_the_platforms_doing(was, fate):
    assert changes_between(check(original=one(mark=was)), check(original=one(mark=fate))) == ()


@pytest.mark.parametrize(
    ("before", "now", "is_worse"),
    [
        pytest.param({"thumb_1024": one(mark=Fate.KEPT)}, {"thumb_1024": GONE}, True, id="gone"),
        pytest.param({"thumb_1024": one(mark=Fate.KEPT)}, {}, True, id="unknown by now"),
        pytest.param({}, {"thumb_1024": one(mark=Fate.KEPT)}, False, id="new"),
    ],
)
def test_a_form_that_came_or_went_is_told_once(before, now, is_worse):
    (change,) = changes_between(check(**before), check(**now))

    assert (change.rendition, change.sign) == ("thumb_1024", None)
    assert change.is_worse is is_worse


def test_layers_are_named_as_everywhere():
    """Whoever reads a downgrade and a check reads one language."""
    assert {each.value for each in Layer} - {"timestamp"} <= {each.value for each in Sign}
