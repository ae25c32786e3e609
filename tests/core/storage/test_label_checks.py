"""Hold both databases to a history of label checks that nothing rewrites."""

from core.contracts.label_checks import CheckedPlatform, Fate, LabelCheck, RenditionCheck, Sign
from tests.core.storage.samples import at

DISCORD, SLACK = CheckedPlatform.DISCORD, CheckedPlatform.SLACK


def a_check(check_id="one", platform=DISCORD, checked_s=0.0) -> LabelCheck:
    return LabelCheck(
        check_id=check_id,
        platform=platform,
        verify_id="ab" * 8,
        renditions={
            "original": RenditionCheck(
                media_type="image/png",
                width=1280,
                height=1024,
                size_bytes=900_000,
                fates={Sign.BYTES: Fate.KEPT, Sign.C2PA: Fate.BROKEN},
            ),
            "thumb_1024": RenditionCheck(is_offered=False),
            "message": RenditionCheck(fates={Sign.VISIBLE: Fate.LOST}),
        },
        checked_at=at(checked_s),
    )


def test_a_check_comes_back_as_it_was_found(store):
    with store.unit() as unit:
        unit.label_checks.add(a_check())

    with store.reading() as unit:
        assert unit.label_checks.newest(DISCORD, limit=9) == [a_check()]


def test_the_newest_of_one_platform_comes_first(store):
    """A platform is compared with itself alone."""
    early, late = a_check("a"), a_check("b", checked_s=60)
    with store.unit() as unit:
        for check in (late, early, a_check("c", SLACK, checked_s=90)):
            unit.label_checks.add(check)

    with store.reading() as unit:
        assert unit.label_checks.newest(DISCORD, limit=9) == [late, early]
        assert unit.label_checks.newest(DISCORD, limit=1) == [late]
