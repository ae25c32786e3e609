"""`/mydata`: what is kept, handed to its owner alone, and deleted only after a yes."""

import io
import json
import re
import zipfile

import pytest

from bot import handover
from bot.replies import Action, ReplyKind, Visibility
from bot.usecases import actions, commands, exporting
from core.contracts.ids import JobId
from core.errors import NotFound, UserError
from core.workflow import JobState
from tests.core.storage.samples import a_job, a_picture


@pytest.fixture
def typed(services, ada, address):
    def run(rest="", actor=ada):
        return commands.run(services, actor, f"/mydata {rest}".strip(), address)

    return run


@pytest.fixture
def drawn(services, ada):
    """A picture of Ada's, with its file."""
    job = a_job(JobState.DELIVERED, actor=ada)
    picture = a_picture(job.job_id)
    with services.store.unit() as unit:
        unit.jobs.add(job)
        unit.pictures.add(picture)
    services.blobs.put(picture.blob, b"the picture's bytes")
    return picture


def unpacked(services, actor, **options):
    file = io.BytesIO()
    exporting.write_zip(services, actor, file, **options)
    with zipfile.ZipFile(file) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def rows(services, kind):
    with services.store.reading() as unit:
        return unit.audit.page("local", kind=kind)


def press(services, actor, address, button):
    return actions.press(services, actor, button.action, JobId(""), address, draft=button.draft)


def test_what_is_kept_is_counted_for_its_owner_alone(typed, drawn, bob):
    """In a card that nobody else sees."""
    reply, other = typed(), typed(actor=bob)

    assert (reply.kind, reply.visibility) == (ReplyKind.CARD, Visibility.PRIVATE)
    assert [field.value for field in reply.fields] == ["1", "1", "0", "0"]
    assert [field.value for field in other.fields] == ["0"] * 4


def test_a_slip_is_met_with_what_there_is(typed):
    """Nothing is deleted on a guess."""
    reply = typed("delet")

    assert reply.kind is ReplyKind.ERROR
    assert "There is no /mydata delet" in reply.title


def test_a_link_opens_for_its_owner_and_not_for_long(services, typed, ada, bob, stranger):
    """Not for others, not in another community, not with another's letters."""
    [link] = typed("export").links
    token = link.path.removeprefix("/mydata/")

    handover.require(services.settings, ada, token)

    for actor, letters in ((bob, token), (stranger, token), (ada, token[:-2]), (ada, "")):
        with pytest.raises(NotFound) as caught:
            handover.require(services.settings, actor, letters)
        assert caught.value.code == "mydata_link_invalid"


def test_a_link_ends(services, typed, ada, monkeypatch):
    """After a quarter of an hour."""
    [link] = typed("export").links
    monkeypatch.setattr(handover, "GOOD_FOR_S", -1)

    with pytest.raises(NotFound):
        handover.require(services.settings, ada, link.path.removeprefix("/mydata/"))


def test_an_export_holds_what_is_kept_and_nobody_else(services, typed, drawn, ada, bob):
    """Files as they are, rows as JSON; who decided and what opens anything stays out."""
    with services.store.unit() as unit:
        unit.reports.add(drawn.job_id, bob.member_id, "I mind", now=services.clock())
        unit.audit.add(
            "looked",
            job_id=drawn.job_id,
            by=bob.member_id,
            facts={},
            now=services.clock(),
        )

    files = unpacked(services, ada)

    told = json.loads(files["data.json"])
    assert files[f"pictures/ai_{drawn.verify_id}.png"] == b"the picture's bytes"
    assert [job["spec"]["prompt"] for job in told["jobs"]] == ["a {red,blue} apple::2 on grass"]
    assert [picture["verify_id"] for picture in told["pictures"]] == [drawn.verify_id]
    assert [row["by"] for row in told["audit"]] == [None]
    assert bob.member_id not in files["data.json"].decode()
    assert "secret" not in files["data.json"].decode()
    [row] = rows(services, "data_exported")
    assert (row.by, row.about) == (ada.member_id, ada.member_id)


def test_held_pictures_are_listed_and_not_handed_out(services, ada):
    """Nor is one that was deleted, or whose file is gone."""
    job = a_job(JobState.OUTPUT_REVIEW, actor=ada)
    held = a_picture(job.job_id, blob="held/abc")
    gone = a_picture(job.job_id, index=1)
    with services.store.unit() as unit:
        unit.jobs.add(job)
        for picture in (held, gone):
            unit.pictures.add(picture)
    services.blobs.put(held.blob, b"ciphertext")

    files = unpacked(services, ada)

    assert list(files) == ["data.json"]
    assert len(json.loads(files["data.json"])["pictures"]) == 2


def test_an_export_for_somebody_unknown_is_refused(services, bob):
    """An operator may have mistyped the id."""
    with pytest.raises(UserError) as caught:
        unpacked(services, bob, by="cli:op")

    assert caught.value.code == "mydata_member_unknown"
    assert rows(services, "data_exported") == []


def test_nothing_goes_before_the_yes(services, typed, drawn, ada, address):
    """The question names what goes and what stays; its button does it."""
    question = typed("delete")
    [button] = question.buttons
    assert (button.action, button.is_danger) == (Action.ERASE, True)
    assert any("record of what was done stays" in line for line in question.lines)
    assert services.blobs.exists(drawn.blob)

    done = press(services, ada, address, button)

    assert done.title == "Your data is deleted"
    assert re.match(r"1 requests and 1 files went; \d+ rows in all\.", done.lines[0])
    assert not services.blobs.exists(drawn.blob)
    assert [field.value for field in typed().fields] == ["0"] * 4


def test_an_old_question_deletes_nothing(services, typed, drawn, ada, address, clock):
    """What goes is another list by then."""
    [button] = typed("delete").buttons
    clock.move(16 * 60)

    late = press(services, ada, address, button)
    forged = press(services, ada, address, button.model_copy(update={"draft": "erase-x"}))
    future = press(services, ada, address, button.model_copy(update={"draft": "erase-99999999999"}))

    assert {each.title for each in (late, forged, future)} == {"That question is too old"}
    assert services.blobs.exists(drawn.blob)


def test_anothers_button_deletes_ones_own_and_nothing_of_theirs(
    services, drawn, bob, ada, typed, address
):
    """Whoever presses is who is deleted."""
    [button] = typed("delete").buttons

    press(services, bob, address, button)

    assert services.blobs.exists(drawn.blob)
    assert typed().fields[0].value == "1"


def test_whoever_is_on_hold_is_told_so_and_asked_nothing(services, typed, drawn, ada):
    """There is no button to press."""
    with services.store.unit() as unit:
        unit.holds.add(
            "local", member_id=ada.member_id, reason="case 7", by="cli:op", now=services.clock()
        )

    question = typed("delete")

    assert (question.title, question.buttons) == ("Your data must stay", ())
    assert "case 7" not in question.model_dump_json()
