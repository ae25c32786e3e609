"""A refusal is looked at again by a person: once, and what comes of it is what was asked for."""

import hashlib

import pytest

from bot.replies import Action, Form, ReplyKind, Visibility
from bot.standing import read_standing, tell
from bot.usecases import actions, imagine
from core.contracts.actors import Platform
from core.contracts.reviews import ReviewKind, ReviewState, Ruling
from core.contracts.sanctions import Sanction, SanctionKind
from core.contracts.verdicts import Decision
from core.errors import UserError
from core.workflow import JobState, NoticeKind, Outcome, TaskName
from moderation.policy import CATEGORY_CODES, load_policy
from moderation.review.opening import Held, open_for
from tests.bot.road import advance, decided, draw
from tests.core.storage.samples import a_verdict

REFUSED = "a decapitated corpse, gore --seed 7 --n 2"
MINORS = "a naked child"


def press(services, actor, job_id, address, **facts):
    return actions.press(services, actor, Action.APPEAL, job_id, address, **facts)


def appeal(services, actor, job_id, address, note="It is a film prop."):
    return press(services, actor, job_id, address, fields={"note": note})


@pytest.fixture
def refused(services, ada, address):
    reply = imagine.submit(services, ada, REFUSED, address)
    assert reply.kind is ReplyKind.REFUSAL
    return reply.job_id


def job_of(services, job_id):
    with services.store.reading() as unit:
        return unit.jobs.get(job_id)


def items_of(services, job_id):
    with services.store.reading() as unit:
        return unit.reviews.of_job(job_id)


def standing_of(services, job_id, kind=None):
    with services.store.reading() as unit:
        return read_standing(unit, unit.jobs.get(job_id), kind)


def card(services, job_id, kind=None):
    """Say what a job's author is told of it: by its state, or by a notice aside."""
    standing = standing_of(services, job_id, kind)
    return tell(services, standing, kind or standing.kind)


def offers(reply):
    return [button.action for button in reply.buttons]


def notices(services):
    with services.store.unit() as unit:
        claimed = unit.notices.claim(Platform.WEB, "d", now=services.clock(), lease_s=1, limit=99)
        for notice in claimed:
            unit.notices.ack(notice.notice_id, "d", now=services.clock())
    return [(notice.kind, notice.member_id) for notice in claimed]


def test_a_refusal_offers_to_ask_and_opens_a_form(services, ada, address):
    """Nothing has happened yet when the form is open."""
    reply = imagine.submit(services, ada, REFUSED, address)

    form = press(services, ada, reply.job_id, address)

    assert offers(reply) == [Action.APPEAL]
    assert isinstance(form, Form)
    assert job_of(services, reply.job_id).state is JobState.BLOCKED
    assert items_of(services, reply.job_id) == []


def test_asking_puts_it_before_the_moderators(services, ada, address, refused):
    """With what its author adds; they are told so, privately and once."""
    reply = appeal(services, ada, refused, address, "  It is a\n film   prop. ")

    [item] = items_of(services, refused)
    assert (item.kind, item.state) == (ReviewKind.APPEAL, ReviewState.OPEN)
    assert (item.member_note, item.category) == ("It is a film prop.", "gore_graphic")
    assert (item.text, item.member_id) == ("a decapitated corpse, gore", ada.member_id)
    assert job_of(services, refused).state is JobState.PROMPT_REVIEW
    assert (reply.kind, reply.visibility) == (ReplyKind.HELD, Visibility.PRIVATE)
    assert reply == card(services, refused)
    assert notices(services) == [(NoticeKind.HELD, None)]


def test_nothing_need_be_added(services, ada, address, refused):
    assert appeal(services, ada, refused, address, "").kind is ReplyKind.HELD
    assert items_of(services, refused)[0].member_note == ""


def test_what_is_approved_is_drawn_as_it_was_asked_for(services, ada, address, refused, queue):
    """Its own words, seed and address, whoever decided and whenever."""
    before = job_of(services, refused)
    appeal(services, ada, refused, address)
    notices(services)

    decided(services, refused, Ruling.APPROVE, "context")

    job = job_of(services, refused)
    assert job.state is JobState.QUEUED
    assert (job.spec, job.seed, job.address) == (before.spec, before.seed, before.address)
    assert (job.spec.count, job.seed) == (2, 7)
    with services.store.reading() as unit:
        due = unit.outbox.due(now=services.clock())
    assert [task.task for task in due if task.job_id == refused][-1:] == [TaskName.GENERATE]
    assert notices(services) == [
        (NoticeKind.QUEUED, None),
        (NoticeKind.APPROVED, ada.member_id),
    ]
    reply = card(services, refused, NoticeKind.APPROVED)
    assert reply.title == "A moderator looked again and approved it"
    assert reply.lines[0] == services.gate.policy.review.reasons["context"].member_text


def test_what_is_rejected_is_refused_for_good(services, ada, address, refused):
    """With the reason's own words; a second appeal is none."""
    appeal(services, ada, refused, address)

    decided(services, refused, Ruling.REJECT, "hurts_someone")

    reply = card(services, refused)
    assert (reply.kind, reply.visibility) == (ReplyKind.REFUSAL, Visibility.PRIVATE)
    assert reply.lines[0] == services.gate.policy.review.reasons["hurts_someone"].member_text
    assert offers(reply) == []
    again = appeal(services, ada, refused, address)
    assert again.title == "A moderator was asked already"
    assert job_of(services, refused).state is JobState.BLOCKED
    assert len(items_of(services, refused)) == 1


def test_an_appeal_that_nobody_decided_says_so(services, ada, address, refused):
    appeal(services, ada, refused, address)
    advance(services, refused, Outcome.TIMED_OUT)

    reply = card(services, refused)

    assert (reply.title, reply.visibility) == (
        "Nobody could look at this in time",
        Visibility.PRIVATE,
    )
    assert "the refusal stands" in reply.lines[0]
    assert appeal(services, ada, refused, address).title == "A moderator was asked already"


def test_a_persons_no_to_what_was_held_can_be_questioned_once(services, ada, address, clock):
    """The policy did not refuse it; one moderator did."""
    job_id = imagine.submit(services, ada, "a red apple", address).job_id
    hold(services, job_id)
    decided(services, job_id, Ruling.REJECT, "unclear")
    assert offers(card(services, job_id)) == [Action.APPEAL]
    clock.move(1)

    appeal(services, ada, job_id, address)

    assert [item.kind for item in items_of(services, job_id)] == [
        ReviewKind.HELD_PROMPT,
        ReviewKind.APPEAL,
    ]
    decided(services, job_id, Ruling.REJECT, "unclear")
    assert offers(card(services, job_id)) == []


def test_the_moderator_is_never_named(services, ada, address, refused):
    """Members deal with the community."""
    appeal(services, ada, refused, address)
    decided(services, refused, Ruling.REJECT, "evades", by="Quite Unusual Name")

    assert "Quite Unusual Name" not in card(services, refused).model_dump_json()


def test_sexual_content_with_minors_is_never_appealed(services, ada, address):
    """The card offers nothing, and pressing an old button does nothing."""
    reply = imagine.submit(services, ada, MINORS, address)
    assert reply.kind is ReplyKind.REFUSAL

    pressed = appeal(services, ada, reply.job_id, address)

    assert offers(reply) == []
    assert pressed.title == "That cannot be asked"
    assert job_of(services, reply.job_id).state is JobState.BLOCKED
    assert items_of(services, reply.job_id) == []


@pytest.mark.parametrize("code", CATEGORY_CODES)
def test_the_policy_says_which_categories_may_be_appealed(services, ada, address, refused, code):
    """But for the one that no policy opens."""
    verdict = with_category(services, refused, code)
    policy = load_policy()
    standing = standing_of(services, refused)
    standing = type(standing)(standing.job, verdicts=(verdict,))

    for appealable in (True, False):
        changed = policy.categories[code].model_copy(update={"appealable": appealable})
        told = policy.model_copy(update={"categories": {**policy.categories, code: changed}})
        assert standing.is_appealable(told) is (appealable and code != "sexual_minors")


def test_a_grave_finding_beside_the_named_one_counts_too(services, refused):
    """The card names one category; the verdict may have seen another."""
    verdict = a_verdict(refused, decision=Decision.BLOCK)
    grave = verdict.findings[0].model_copy(update={"category": "sexual_minors"})
    verdict = verdict.model_copy(update={"findings": (*verdict.findings, grave)})
    standing = standing_of(services, refused)

    assert not type(standing)(standing.job, verdicts=(verdict,)).is_appealable(load_policy())


def test_only_its_author_asks(services, bob, moderator, stranger, address, refused):
    """To everybody else there is no such request."""
    for actor in (bob, moderator, stranger):
        assert appeal(services, actor, refused, address).title == "There is no such request"

    assert job_of(services, refused).state is JobState.BLOCKED


def test_a_request_that_was_not_refused_cannot_be_appealed(services, ada, address):
    job_id = imagine.submit(services, ada, "a red apple", address).job_id

    assert appeal(services, ada, job_id, address).title == "That cannot be asked"
    assert job_of(services, job_id).state is JobState.SCREENING


def test_a_note_longer_than_the_form_takes_is_refused(services, ada, address, refused):
    reply = appeal(services, ada, refused, address, "a" * 301)

    assert reply.title == "That is too long for a moderator"
    assert job_of(services, refused).state is JobState.BLOCKED
    assert appeal(services, ada, refused, address, "a" * 300).kind is ReplyKind.HELD


def test_who_is_barred_may_still_ask(services, ada, address, refused, clock):
    """A mistaken refusal may be what barred them."""
    with services.store.unit() as unit:
        unit.sanctions.add(a_ban(ada, clock()))
    with pytest.raises(UserError, match="member_barred"):
        imagine.submit(services, ada, "a red apple", address)

    assert appeal(services, ada, refused, address).kind is ReplyKind.HELD


def hold(services, job_id):
    """Have the policy hold a prompt that is being screened, as the screening process does."""
    with services.store.unit() as unit:
        job = unit.jobs.advance(job_id, Outcome.PROMPT_REVIEW, now=services.clock())
        verdict = a_verdict(job_id, category="violence_weapons", findings=())
        verdict = verdict.model_copy(update={"findings": a_verdict(None).findings})
        unit.verdicts.add(verdict)
        held = Held(Outcome.PROMPT_REVIEW, verdict, services.gate.policy)
        open_for(unit, job, held, now=services.clock())


def with_category(services, job_id, code):
    verdict = a_verdict(job_id, decision=Decision.BLOCK, category=code)
    found = verdict.findings[0].model_copy(update={"category": code, "decision": Decision.BLOCK})
    return verdict.model_copy(update={"findings": (found,)})


def a_ban(actor, now):
    return Sanction(
        sanction_id="s1",
        community_id=actor.community_id,
        member_id=actor.member_id,
        kind=SanctionKind.BAN,
        reason="A test.",
        by="web:root",
        by_name="Root",
        at=now,
        expires_at=None,
    )


def hold_pictures(services, job_id):
    """Draw a job and have what came of it held, as the worker does."""
    advance(services, job_id, Outcome.PROMPT_ALLOW, Outcome.STARTED)
    with services.store.unit() as unit:
        job = unit.jobs.get(job_id)
        picture = draw(services, job, 0)
        sha256 = hashlib.sha256(b"signed bytes").hexdigest()
        blob = services.held.put(picture.verify_id, b"signed bytes")
        unit.pictures.add(picture.model_copy(update={"blob": blob, "sha256": sha256}))
        held = unit.jobs.advance(job_id, Outcome.OUTPUT_REVIEW, now=services.clock())
        why = Held(Outcome.OUTPUT_REVIEW, a_verdict(job_id), services.gate.policy)
        open_for(unit, held, why, now=services.clock())


def test_held_pictures_that_are_approved_are_a_result_like_any(services, ada, address):
    """Everybody sees them; that a moderator approved them is for the author."""
    job_id = imagine.submit(services, ada, "a red apple", address).job_id
    hold_pictures(services, job_id)
    assert card(services, job_id).visibility is Visibility.PRIVATE
    notices(services)

    decided(services, job_id, Ruling.APPROVE, "fine")

    result = card(services, job_id)
    assert (result.kind, result.visibility) == (ReplyKind.RESULT, Visibility.PUBLIC)
    assert services.blobs.get(result.pictures[0].blob) == b"signed bytes"
    assert notices(services) == [
        (NoticeKind.RESULT, None),
        (NoticeKind.PICTURES_APPROVED, ada.member_id),
    ]
    aside = card(services, job_id, NoticeKind.PICTURES_APPROVED)
    assert aside.lines[0] == services.gate.policy.review.reasons["fine"].member_text


def test_held_pictures_that_are_rejected_are_gone_and_their_author_hears_why(
    services, ada, address
):
    job_id = imagine.submit(services, ada, "a red apple", address).job_id
    hold_pictures(services, job_id)
    notices(services)

    decided(services, job_id, Ruling.REJECT, "breaks_policy")

    reply = card(services, job_id)
    assert reply.title == "A moderator decided against what was drawn"
    assert reply.lines[0] == services.gate.policy.review.reasons["breaks_policy"].member_text
    assert (reply.visibility, offers(reply)) == (Visibility.PRIVATE, [])
    assert services.blobs.listed("held") == []
    assert notices(services) == [(NoticeKind.WITHHELD, None)]


def test_held_pictures_that_nobody_decided_about_say_so(services, ada, address):
    job_id = imagine.submit(services, ada, "a red apple", address).job_id
    hold_pictures(services, job_id)
    notices(services)

    advance(services, job_id, Outcome.TIMED_OUT)

    reply = card(services, job_id)
    assert "It was drawn" in reply.lines[0]
    assert reply.visibility is Visibility.PRIVATE
    assert notices(services) == [(NoticeKind.EXPIRED, None)]
    assert len(services.blobs.listed("held")) == 1


def test_a_reason_that_the_policy_no_longer_has_leaves_a_gap(services, ada, address, refused):
    """The decision stands; what it was called then is not known any more."""
    appeal(services, ada, refused, address)
    decided(services, refused, Ruling.REJECT, "unclear")
    with services.store.unit() as unit:
        item = unit.reviews.locked(items_of(services, refused)[0].item_id)
        unit.reviews.save(item.model_copy(update={"reason_code": "gone"}))

    reply = card(services, refused)

    assert reply.title == "A moderator decided against this request"
    assert reply.lines[0].startswith("A moderator looked at this refusal again")
