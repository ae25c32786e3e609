"""Legal holds name what no deletion takes, by request and by member, until they are lifted."""

import pytest

from core.contracts.generation import GenerationSpec
from core.contracts.ids import UploadId
from core.contracts.labels import Label
from core.contracts.personal import Draft, Upload, UploadKind
from core.errors import NotFound
from core.workflow import JobState
from tests.core.storage.samples import START, a_job, an_address, at

ADA, BOB = "web:ada", "web:bob"


def hold(store, **named):
    """Name something to keep."""
    with store.unit() as unit:
        return unit.holds.add("local", reason="case 7", by="cli:op", now=START, **named)


def an_upload(upload_id, member_id):
    return Upload(
        upload_id=UploadId(upload_id),
        community_id="local",
        member_id=member_id,
        kind=UploadKind.PICTURE,
        blob=f"uploads/{upload_id}.png",
        sha256="ab" * 32,
        media_type="image/png",
        width=64,
        height=64,
        size_bytes=10,
        file_name="a.png",
        created_at=START,
    )


def test_a_hold_is_listed_until_it_is_lifted_and_kept_on_record(store):
    """Lifting it again changes nothing."""
    first = hold(store, member_id=ADA)
    second = hold(store, member_id=BOB)
    with store.unit() as unit:
        lifted = unit.holds.lift("local", first.hold_no, at(1))
        assert unit.holds.lift("local", first.hold_no, at(2)) == lifted

    with store.reading() as unit:
        assert unit.holds.listed("local") == [second]
        assert unit.holds.listed("local", is_all=True) == [lifted, second]
        assert unit.holds.listed("club") == []


def test_another_communitys_hold_is_not_there(store):
    """Nor is one that never was."""
    number = hold(store, member_id=ADA).hold_no

    for community, hold_no in (("club", number), ("local", number + 1)):
        with pytest.raises(NotFound) as caught, store.unit() as unit:
            unit.holds.lift(community, hold_no, at(1))
        assert caught.value.code == "hold_not_found"


@pytest.mark.parametrize("names", ["job", "member"])
def test_a_hold_keeps_a_job_until_it_is_lifted(store, names):
    """Named by itself, or by whose it is; not in another community."""
    job, other = a_job(member=ADA), a_job(member=BOB)
    elsewhere = a_job(member=ADA, community="club")
    with store.unit() as unit:
        for each in (job, other, elsewhere):
            unit.jobs.add(each)
    named = {"job_id": job.job_id} if names == "job" else {"member_id": ADA}
    number = hold(store, **named).hold_no

    with store.reading() as unit:
        kept = [unit.holds.keeps(each) for each in (job, other, elsewhere)]
    with store.unit() as unit:
        unit.holds.lift("local", number, at(1))
        assert not unit.holds.keeps(job)

    assert kept == [True, False, False]


def test_uploads_outlast_their_time_where_a_hold_needs_them(store):
    """A held member's own, and whatever a held request goes on from."""
    job = a_job(JobState.DELIVERED, spec=GenerationSpec(prompt="a cat", image="up-of-job"))
    with store.unit() as unit:
        unit.jobs.add(job)
        for upload_id, member_id in (("up-ada", ADA), ("up-of-job", BOB), ("up-bob", BOB)):
            unit.uploads.add(an_upload(upload_id, member_id))
    hold(store, member_id=ADA)
    hold(store, job_id=job.job_id)

    with store.reading() as unit:
        due = unit.uploads.standing_before(at(9), limit=9, kept=unit.holds.uploads())

    assert [each.upload_id for each in due] == ["up-bob"]


def test_drafts_and_labels_outlast_their_time_where_a_hold_needs_them(store):
    """Also where the member takes their consent back."""
    with store.unit() as unit:
        for number, member in enumerate((ADA, BOB)):
            unit.drafts.add(a_draft(f"d{number}", member, START))
            unit.labels.put(a_label(f"j{number}", member))
    hold(store, member_id=ADA)

    with store.unit() as unit:
        unit.drafts.add(a_draft("new", BOB, at(3 * 24 * 3600)))
        gone = [unit.labels.forget_words("local", each) for each in (ADA, BOB)]
        gone += [unit.labels.forget_member("local", each) for each in (ADA, BOB)]

    assert gone == [0, 1, 0, 1]
    with store.reading() as unit:
        assert unit.drafts.get("d0").member_id == ADA
        with pytest.raises(NotFound):
            unit.drafts.get("d1")


def a_draft(draft_id, member, created_at):
    return Draft(
        draft_id=draft_id,
        community_id="local",
        member_id=member,
        address=an_address(),
        spec=GenerationSpec(prompt="a cat"),
        action="imagine",
        parent_id=None,
        price_gpu_s=1.0,
        created_at=created_at,
    )


def a_label(job_id, member):
    return Label(
        job_id=job_id,
        community_id="local",
        member_id=member,
        source="overturned",
        decided="block",
        right="allow",
        category=None,
        role="member",
        is_age_restricted=False,
        texts=("a cat",),
        scores={},
        policy_version="1",
        at=START,
    )
