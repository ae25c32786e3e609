"""Hold what a policy's retention deletes of both databases to: the words go, the record stays."""

from dataclasses import replace

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.contracts.actors import Platform
from core.contracts.generation import GenerationSpec
from core.contracts.ids import CommunityId
from core.contracts.personal import Draft
from core.storage.review_models import LegalHoldRow, ReviewRow
from core.workflow import FINAL, JobState
from tests.core.storage.samples import START, a_job, a_picture, a_review, a_verdict, an_address, at
from tests.core.storage.test_features import ONE as FEATURES

LATER = at(9_999)
SAID = {"community_id": "local", "channel_id": "general", "audience": None, "author": "Ada"}


@pytest.fixture
def keep(store):
    """Record a finished job with all that holds its words."""

    def record(state=JobState.DELIVERED, seconds=0, **fields):
        job = a_job(state, created_at=at(seconds), **fields)
        with store.unit() as unit:
            unit.jobs.add(job)
            unit.rewrites.add(job.job_id, GenerationSpec(prompt="a green apple"), now=START)
            unit.pictures.add(a_picture(job.job_id, created_at=at(seconds)))
            unit.verdicts.add(a_verdict(job.job_id, decided_at=at(seconds)))
        return job

    return record


def forget_words(store, before=LATER, limit=9):
    with store.unit() as unit:
        return unit.forgetting.words_before(CommunityId("local"), before, now=LATER, limit=limit)


def words_left(store, job):
    """List every text that is kept of a job's words."""
    with store.reading() as unit:
        kept = unit.jobs.get(job.job_id).spec
        rewrite = unit.rewrites.of(job.job_id)
        (picture,) = unit.pictures.of_job(job.job_id)
        (verdict,) = unit.verdicts.of_job(job.job_id)
        spans = [finding.span for finding in verdict.findings if finding.span]
    words = [] if kept.is_forgotten else [kept.prompt, *kept.negative]
    rewrites = [rewrite.prompt] if rewrite else []
    return [*words, *rewrites, picture.prompt, picture.alt_text, *(span.text for span in spans)]


def test_the_words_of_a_request_go_wherever_they_were_written(store, keep):
    job = keep()
    assert [text for text in words_left(store, job) if text] == [
        "a {red,blue} apple::2 on grass", "rain", "a green apple",
        "a red apple", "A red apple, drawn by a computer.", "red",
    ]  # fmt: skip

    assert forget_words(store) == 1

    assert "".join(words_left(store, job)) == ""


def test_the_numbers_of_a_request_stay(store, keep):
    job = keep()

    forget_words(store)

    with store.reading() as unit:
        assert unit.jobs.get(job.job_id) == job.model_copy(update={"spec": job.spec.forgotten()})
        (verdict,) = unit.verdicts.of_job(job.job_id)
        (picture,) = unit.pictures.of_job(job.job_id)
    assert (job.spec.forgotten().seed, job.spec.forgotten().count) == (7, 1)
    assert verdict.findings[0].category == "gore_graphic"
    assert picture.seed == a_picture(job.job_id).seed


def test_only_old_words_of_that_community_go_oldest_first(store, keep):
    first, second, young = keep(seconds=1), keep(seconds=2), keep(seconds=5)
    other = keep(seconds=1, community="elsewhere")

    assert [forget_words(store, at(5), limit=1) for _ in range(3)] == [1, 1, 0]

    assert [bool("".join(words_left(store, job))) for job in (first, second, young, other)] == [
        False, False, True, True,
    ]  # fmt: skip


@pytest.mark.parametrize("state", sorted(set(JobState) - FINAL - {JobState.PUBLISHED}))
def test_what_is_not_over_keeps_its_words(store, keep, state):
    job = keep(state)

    assert forget_words(store) == 0

    assert "rain" in words_left(store, job)


def test_what_moderators_read_goes_once_they_have_decided(store, keep):
    job = keep(JobState.BLOCKED)
    item = a_review(job, member_note="it is my own picture")
    with store.unit() as unit:
        unit.reviews.open(item)

    assert forget_words(store) == 0
    with Session(store._engines.writing) as session, session.begin():
        session.execute(update(ReviewRow).values(closed_at=LATER))
    assert forget_words(store) == 1

    with store.reading() as unit:
        kept = unit.reviews.get(item.item_id)
    assert (kept.text, kept.prompt_key, kept.member_note) == (None, "", "")


def test_what_was_never_confirmed_goes_with_the_words(store):
    draft = Draft(
        draft_id="d1", community_id="local", member_id="web:ada", address=an_address(),
        spec=GenerationSpec(prompt="a red apple"), price_gpu_s=9, created_at=START,
    )  # fmt: skip
    with store.unit() as unit:
        unit.drafts.add(draft)
        unit.drafts.add(draft.model_copy(update={"draft_id": "d2", "created_at": at(5)}))

    forget_words(store, at(5))

    with store.unit() as unit:
        assert [unit.drafts.use(draft_id, START) for draft_id in ("d1", "d2")] == [False, True]


def test_verdicts_go_oldest_first_and_stay_while_a_job_needs_them(store, keep):
    jobs = [keep(seconds=1), keep(seconds=2), keep(JobState.OUTPUT_REVIEW), keep(seconds=5)]
    with store.unit() as unit:
        unit.verdicts.add(a_verdict(None))  # Of words that no job was made of.
        unit.verdicts.add(a_verdict(None, community_id="elsewhere"))

        gone = [
            unit.forgetting.verdicts_before(CommunityId("local"), at(5), limit=2) for _ in "123"
        ]

    assert gone == [2, 1, 0]
    with store.reading() as unit:
        kept = [len(unit.verdicts.of_job(job.job_id)) for job in jobs]
    assert kept == [0, 0, 1, 1]


def test_old_pictures_that_stand_are_listed(store, keep):
    job, gone = keep(seconds=1), keep(seconds=2)
    keep(JobState.OUTPUT_REVIEW, seconds=1)
    keep(seconds=1, community="elsewhere")
    keep(seconds=5)
    with store.unit() as unit:
        unit.pictures.mark_deleted(unit.pictures.of_job(gone.job_id)[0].verify_id, LATER)

        found = unit.forgetting.pictures_before(CommunityId("local"), at(5), limit=9)

    assert [picture.job_id for picture in found] == [job.job_id]


def test_pictures_that_nobody_is_to_see_are_listed_a_while_after_the_decision(store, keep):
    against, undecided = (keep(state, seconds=1) for state in (JobState.WITHHELD, JobState.EXPIRED))
    keep(JobState.WITHHELD, seconds=5)
    keep(JobState.EXPIRED, seconds=5)
    keep(JobState.EXPIRED, seconds=1, community="elsewhere")
    for state in (JobState.DELIVERED, JobState.OUTPUT_REVIEW, JobState.PUBLISHED):
        keep(state, seconds=1)

    with store.reading() as unit:
        found = unit.forgetting.pictures_decided_against(at(5), limit=9)
        left = unit.forgetting.pictures_undecided(CommunityId("local"), at(5), limit=9)

    assert [picture.job_id for picture in found] == [against.job_id]
    assert [picture.job_id for picture in left] == [undecided.job_id]


def say(store, key, seconds=0, job=None, **fields):
    said = {**SAID, "author_id": "web:ada", "kind": "member", "body": f"/imagine {key}", **fields}
    with store.unit() as unit:
        unit.chat.put(key=key, job_id=job and job.job_id, now=at(seconds), **said)


def test_old_messages_are_listed_but_for_those_of_jobs_that_go_on(store, keep):
    say(store, "alone", 1)
    say(store, "of a job", 2, keep())
    say(store, "of a held job", 1, keep(JobState.PROMPT_REVIEW))
    say(store, "elsewhere", 1, community_id="elsewhere", channel_id="hall")
    say(store, "young", 5)
    say(store, "emptied", 1)
    with store.unit() as unit:
        unit.chat.delete("emptied", now=at(3))

        assert unit.forgetting.chat_before("local", at(5), limit=9) == ["alone", "of a job"]
        assert unit.forgetting.chat_before("local", at(5), limit=1) == ["alone"]


def test_an_emptied_message_goes_when_every_page_has_heard_of_it(store):
    for key, emptied_at in (("long ago", 10), ("just now", 20)):
        say(store, key)
        with store.unit() as unit:
            unit.chat.delete(key, now=at(emptied_at))
    say(store, "still there")

    with store.unit() as unit:
        gone = unit.forgetting.tombstones_before("local", at(5), at(15), limit=9)

    assert gone == 1
    with store.reading() as unit:
        assert unit.chat.get("long ago") is None
        assert unit.chat.get("just now").is_deleted
        assert unit.chat.get("still there").body == "/imagine still there"


def test_communities_are_those_of_which_anything_is_kept(store, keep):
    keep(community="of a job", address=an_address(Platform.WEB))
    say(store, "hello", community_id="of a message")
    with store.unit() as unit:
        unit.features.add(FEATURES)

    with store.reading() as unit:
        assert unit.forgetting.communities() == ["local", "of a job", "of a message"]


@pytest.mark.parametrize("named", ["job", "member"])
def test_a_legal_hold_keeps_everything_until_it_is_lifted(store, keep, named):
    """Of that request, or of that member; others' time is over all the same."""
    job = keep(JobState.WITHHELD)
    other = keep(JobState.WITHHELD, member="web:bob")
    say(store, "held", job=job)
    with store.unit() as unit:
        unit.features.add(replace(FEATURES, job_id=job.job_id))
    names = {"job": {"job_id": job.job_id}, "member": {"member_id": "web:ada"}}[named]
    with Session(store._engines.writing) as session, session.begin():
        session.add(
            LegalHoldRow(community_id="local", reason="a court", by="web:eve", at=START, **names)
        )

    def forget():
        with store.unit() as unit:
            local = CommunityId("local")
            return (
                unit.forgetting.words_before(local, LATER, now=LATER, limit=9),
                unit.forgetting.verdicts_before(local, LATER, limit=9),
                len(unit.forgetting.pictures_before(local, LATER, limit=9)),
                len(unit.forgetting.pictures_decided_against(LATER, limit=9)),
                len(unit.forgetting.chat_before(local, LATER, limit=9)),
                unit.features.forget_before(local, LATER, limit=9),
            )

    assert forget() == (1, 1, 1, 1, 0, 0)
    with store.reading() as unit:
        assert unit.jobs.get(other.job_id).spec.is_forgotten

    with Session(store._engines.writing) as session, session.begin():
        session.scalars(select(LegalHoldRow)).one().lifted_at = LATER
    assert forget() == (1, 1, 2, 2, 1, 1)
