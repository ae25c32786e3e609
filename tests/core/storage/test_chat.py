"""Hold the chat of both databases to: one message a key, changes in order, secrets kept."""

import pytest

from tests.core.storage.samples import a_job, at

ADA, BOB = "web:ada", "web:bob"


def put(store, key, body="hello", *, channel_id="general", audience=None, seconds=0, **fields):
    """Write a message in a unit of its own."""
    defaults = {
        "community_id": "local",
        "author": "Ada",
        "author_id": ADA,
        "kind": "member",
        "job_id": None,
    }
    with store.unit() as unit:
        return unit.chat.put(
            key=key,
            body=body,
            channel_id=channel_id,
            audience=audience,
            now=at(seconds),
            **{**defaults, **fields},
        )


def delete(store, key, seconds=9):
    """Delete a message in a unit of its own."""
    with store.unit() as unit:
        unit.chat.delete(key, now=at(seconds))


def recent(store, viewer=ADA, **asked):
    """List the bodies of what a viewer sees."""
    with store.reading() as unit:
        return [message.body for message in unit.chat.recent("general", viewer=viewer, **asked)]


def changes(store, revision, viewer=ADA, **asked):
    """List what changed for a viewer: key, body, is it gone."""
    with store.reading() as unit:
        found = unit.chat.changes_after("general", revision, viewer=viewer, **asked)
    return [(message.key, message.body, message.is_deleted) for message in found]


def test_a_message_comes_back_as_it_was_written(store):
    """By its key, with its job."""
    job = a_job()
    with store.unit() as unit:
        unit.jobs.add(job)

    written = put(store, "k", '{"title": "🍎"}', job_id=job.job_id, kind="easel", author_id=None)

    with store.reading() as unit:
        assert unit.chat.get("k") == written
        assert unit.chat.get("other") is None
    assert (written.job_id, written.kind, written.author_id) == (job.job_id, "easel", None)
    assert (written.revision, written.created_at, written.is_deleted) == (1, at(0), False)


def test_writing_a_key_again_edits_its_message_in_place(store):
    """It keeps its number and first time, and takes the next revision."""
    first = put(store, "k", "drawing")
    put(store, "later")

    edited = put(store, "k", "drawn", seconds=5)

    assert (edited.message_no, edited.created_at) == (first.message_no, first.created_at)
    assert (edited.revision, edited.updated_at) == (3, at(5))
    assert recent(store) == ["drawn", "hello"]


def test_a_message_stays_in_its_channel(store):
    """Its key in another channel is a mistake and changes nothing."""
    put(store, "k")

    with pytest.raises(ValueError, match="channel"):
        put(store, "k", channel_id="random")

    with store.reading() as unit:
        assert unit.chat.get("k").channel_id == "general"
        assert unit.chat.revision("random") == 0


def test_recent_messages_are_the_latest_oldest_first(store):
    """Of this channel, without what was deleted."""
    for number in range(4):
        put(store, f"k{number}", f"body {number}")
    put(store, "elsewhere", channel_id="random")
    delete(store, "k2")

    assert recent(store) == ["body 0", "body 1", "body 3"]
    assert recent(store, limit=2) == ["body 1", "body 3"]


def test_a_private_message_is_seen_by_its_audience_alone(store):
    """In the list and in the changes, and its deletion too."""
    put(store, "public", "for all")
    put(store, "private", "for Bob", audience=BOB)

    assert recent(store, ADA) == ["for all"]
    assert recent(store, BOB) == ["for all", "for Bob"]
    assert changes(store, 1, ADA) == []
    assert changes(store, 1, BOB) == [("private", "for Bob", False)]
    delete(store, "private")
    assert changes(store, 1, ADA) == []
    assert changes(store, 1, BOB) == [("private", "", True)]


def test_a_message_that_turns_private_disappears_from_others_pages(store):
    """They get a tombstone without its new words."""
    put(store, "k", "a picture")
    put(store, "k", "taken down because …", audience=BOB)

    assert recent(store, ADA) == []
    assert changes(store, 1, ADA) == [("k", "", True)]
    assert changes(store, 1, BOB) == [("k", "taken down because …", False)]


def test_changes_come_in_order_each_message_once_in_its_latest_wording(store):
    """A page that asks from where it stood ends up with what a fresh page shows."""
    put(store, "a", "1")
    put(store, "b", "2")
    put(store, "a", "3")
    delete(store, "b")
    put(store, "c", "5")

    assert changes(store, 0) == [("a", "3", False), ("b", "", True), ("c", "5", False)]
    assert changes(store, 0, limit=1) == [("a", "3", False)]
    assert changes(store, 4) == [("c", "5", False)]
    assert changes(store, 5) == []


def test_deleting_leaves_a_tombstone_once(store):
    """Deleting again, or what never was, changes nothing; writing again brings it back."""
    put(store, "k")
    delete(store, "k", seconds=3)
    delete(store, "k", seconds=4)
    delete(store, "never there")

    with store.reading() as unit:
        gone = unit.chat.get("k")
        assert (gone.is_deleted, gone.body, gone.updated_at) == (True, "", at(3))
        assert unit.chat.revision("general") == 2
    assert not put(store, "k", "back").is_deleted
    assert recent(store) == ["back"]


def test_revisions_are_counted_per_channel(store):
    """A channel where nothing was written stands at zero."""
    put(store, "a")
    put(store, "b")
    put(store, "c", channel_id="random")

    with store.reading() as unit:
        found = {name: unit.chat.revision(name) for name in ("general", "random", "empty")}

    assert found == {"general": 2, "random": 1, "empty": 0}
