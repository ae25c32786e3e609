"""What a moderator decided is said plainly, to one person, and without the moderator's name."""

import pytest
from inline_snapshot import snapshot

from bot import wording
from bot.grammar import parse
from bot.replies import Action, Visibility

WHY = "A moderator looked at it and found nothing against it."


@pytest.fixture
def job(make_job):
    return make_job(parse("a red apple --seed 7"))


def test_an_approval_says_that_it_is_drawn_as_it_was_asked_for(job, told):
    assert told(wording.approved(job, WHY, was_appealed=True)) == snapshot("""\
(card, private) A moderator looked again and approved it
A moderator looked at it and found nothing against it.
It is drawn now, with the words and the seed that you asked with, and appears where you asked for it.
/imagine a red apple --seed 7\
""")
    assert wording.approved(job, "", was_appealed=False).title == "A moderator approved it"


def test_approved_pictures_are_where_they_were_asked_for(job, told):
    assert told(wording.pictures_approved(job, WHY)) == snapshot("""\
(card, private) A moderator approved what was drawn
A moderator looked at it and found nothing against it.
It is shown now where you asked for it.
/imagine a red apple --seed 7\
""")


def test_a_rejection_gives_the_reason_and_offers_one_more_look(job, told):
    reply = wording.rejected(job, "It breaks the policy.", may_appeal=True, was_appealed=False)

    assert told(reply) == snapshot("""\
(refusal, private) A moderator decided against this request
It breaks the policy.
If they got you wrong, ask a moderator to look again. You can do so once.
Ask for something else at any time.
/imagine a red apple --seed 7
<Ask a moderator>\
""")


def test_after_an_appeal_it_is_the_last_word(job, told):
    reply = wording.rejected(job, "It breaks the policy.", may_appeal=False, was_appealed=True)

    assert told(reply) == snapshot("""\
(refusal, private) A moderator decided against this request
It breaks the policy.
A moderator looked at this refusal again, so this is the last word on it.
Ask for something else at any time.
/imagine a red apple --seed 7\
""")


def test_where_nothing_can_be_asked_nothing_is_offered(job):
    reply = wording.rejected(job, "", may_appeal=False, was_appealed=False)

    assert reply.buttons == ()
    assert not any("ask a moderator" in line for line in reply.lines)


@pytest.mark.parametrize(
    "say",
    [
        pytest.param(wording.appealed, id="appealed"),
        pytest.param(wording.appeal_expired, id="appeal lapsed"),
        pytest.param(wording.pictures_expired, id="pictures lapsed"),
        pytest.param(lambda job: wording.pictures_rejected(job, WHY), id="pictures rejected"),
        pytest.param(wording.report_kept, id="report kept"),
        pytest.param(wording.report_taken_down, id="report taken down"),
    ],
)
def test_it_is_said_to_one_person_alone(job, say):
    reply = say(job)

    assert reply.visibility is Visibility.PRIVATE
    assert reply.job_id == job.job_id
    assert reply.buttons == ()


def test_a_reporter_reads_the_requests_id_and_not_its_words(job, told):
    """They may be what was wrong with it."""
    assert told(wording.report_taken_down(job)) == snapshot("""\
(card, private) Your report was looked at
A moderator took these pictures down.
It was about request 3k7fq2m9x0ab.
Thank you for looking out.\
""")


def test_the_form_asks_for_a_sentence_that_need_not_be_said(job):
    form = wording.appeal_form(job.job_id)

    (field,) = form.fields
    assert (form.action, form.job_id) == (Action.APPEAL, job.job_id)
    assert (field.name, field.is_required, field.max_length) == ("note", False, 300)
    assert len(field.label) <= 45, "Discord's bound of a field's label"
