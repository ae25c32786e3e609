"""Hold the members' settings of both databases to: one row a member, changed one at a time."""

import threading

from core.contracts.generation import Aspect, Quality
from core.contracts.personal import MemberSettings, NamedStyle
from tests.core.storage.samples import at

CHOSEN = MemberSettings(
    suffix="in ölfarbe 🎨",
    style="oil",
    quality=Quality.HD,
    aspect=Aspect(width=16, height=9),
    count=4,
    is_remix=True,
)


def test_who_set_nothing_has_the_defaults(store):
    """And reading them writes nothing."""
    with store.reading() as unit:
        assert unit.settings.get("local", "web:ada") == MemberSettings()


def test_what_is_set_is_read_back_whole_and_is_the_members_own(store):
    """By the same unit and by the next one; other members and communities keep theirs."""
    with store.unit() as unit:
        unit.settings.set("local", "web:ada", CHOSEN, now=at(1))
        assert unit.settings.get("local", "web:ada") == CHOSEN

    with store.reading() as unit:
        assert unit.settings.get("local", "web:ada") == CHOSEN
        assert unit.settings.get("local", "web:bob") == MemberSettings()
        assert unit.settings.get("elsewhere", "web:ada") == MemberSettings()


def test_settings_are_replaced_whole(store):
    """Going back to the defaults leaves nothing of what was there."""
    with store.unit() as unit:
        unit.settings.set("local", "web:ada", CHOSEN, now=at(1))

    with store.unit() as unit:
        unit.settings.set("local", "web:ada", MemberSettings(), now=at(2))

    with store.reading() as unit:
        assert unit.settings.get("local", "web:ada") == MemberSettings()


def test_settings_and_styles_are_read_in_one_look(store):
    """With both, with either and with neither; styles by name, and only the member's own."""
    oil = NamedStyle(name="oil", text="in ölfarbe 🎨", created_at=at(0))
    ink = NamedStyle(name="ink", text="in ink", created_at=at(1))
    with store.unit() as unit:
        for member, style in (("web:ada", oil), ("web:ada", ink), ("web:eve", ink)):
            unit.styles.put("local", member, style)
        for member in ("web:ada", "web:bob"):
            unit.settings.set("local", member, CHOSEN, now=at(1))

    with store.reading() as unit:
        both = unit.settings.with_styles("local", "web:ada")
        assert both == (CHOSEN, {"ink": "in ink", "oil": "in ölfarbe 🎨"})
        assert list(both[1]) == ["ink", "oil"]
        assert unit.settings.with_styles("local", "web:bob") == (CHOSEN, {})
        assert unit.settings.with_styles("local", "web:eve") == (
            MemberSettings(),
            {"ink": "in ink"},
        )
        assert unit.settings.with_styles("elsewhere", "web:ada") == (MemberSettings(), {})


def test_two_changes_at_once_both_count(open_store):
    """Who takes the settings keeps others off until its unit ends."""
    first, second = open_store(), open_store()
    taken, may_end = threading.Event(), threading.Event()

    def choose(store, change, *, waits):
        with store.unit() as unit:
            settings = unit.settings.take("local", "web:ada", now=at(1))
            taken.set()
            if waits:
                assert may_end.wait(10)
            settings = settings.model_copy(update=change)
            unit.settings.set("local", "web:ada", settings, now=at(1))

    slow = threading.Thread(target=choose, args=(first, {"count": 4}), kwargs={"waits": True})
    quick = threading.Thread(target=choose, args=(second, {"suffix": "x"}), kwargs={"waits": False})
    slow.start()
    assert taken.wait(10)
    quick.start()
    quick.join(0.2)
    assert quick.is_alive()
    may_end.set()
    slow.join(10)
    quick.join(10)

    with first.reading() as unit:
        assert unit.settings.get("local", "web:ada") == MemberSettings(count=4, suffix="x")
