"""Hold the named styles of both databases to: one a name, each member's own."""

from core.contracts.personal import NamedStyle
from tests.core.storage.samples import at

OIL = NamedStyle(name="oil", text="thick oil paint", created_at=at(1))
INK = NamedStyle(name="ink", text="墨绘, fine lines", created_at=at(2))


def test_styles_come_back_by_name_to_their_member_alone(store):
    """Whatever the order in which they were made."""
    with store.unit() as unit:
        unit.styles.put("local", "web:ada", OIL)
        unit.styles.put("local", "web:ada", INK)
        unit.styles.put("local", "web:bob", OIL)

    with store.reading() as unit:
        assert unit.styles.of_member("local", "web:ada") == [INK, OIL]
        assert unit.styles.of_member("local", "web:bob") == [OIL]
        assert unit.styles.of_member("elsewhere", "web:ada") == []


def test_a_name_is_there_once(store):
    """The newer words count, also for a unit that read the older ones."""
    newer = OIL.model_copy(update={"text": "thin oil paint", "created_at": at(9)})
    with store.unit() as unit:
        unit.styles.put("local", "web:ada", OIL)
        assert unit.styles.of_member("local", "web:ada") == [OIL]
        unit.styles.put("local", "web:ada", newer)
        assert unit.styles.of_member("local", "web:ada") == [newer]

    with store.reading() as unit:
        assert unit.styles.of_member("local", "web:ada") == [newer]


def test_a_style_is_removed_once(store):
    """And nobody else's of that name."""
    with store.unit() as unit:
        unit.styles.put("local", "web:ada", OIL)
        unit.styles.put("local", "web:bob", OIL)

        assert unit.styles.remove("local", "web:ada", "oil")
        assert not unit.styles.remove("local", "web:ada", "oil")
        assert unit.styles.of_member("local", "web:ada") == []
        assert unit.styles.of_member("local", "web:bob") == [OIL]
