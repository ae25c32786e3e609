"""Hold the words for requests without pictures."""

import pytest
from inline_snapshot import snapshot

from bot import wording
from bot.grammar import parse
from bot.replies import Visibility


@pytest.fixture
def job(make_job):
    return make_job(parse("a red apple --n 2"))


def test_held(job, told):
    assert told(wording.held(job)) == snapshot("""\
(held, private) A moderator will look at this first
The rules are not sure about this request, so a person decides. You will hear here either way; there is nothing you need to do.
/imagine a red apple --n 2\
""")


def test_output_held(job, told):
    assert told(wording.output_held(job)) == snapshot("""\
(held, private) A moderator will look at the picture first
It is drawn, and a person decides whether it is shown. You will hear here either way.
/imagine a red apple --n 2\
""")


def test_withheld(job, told):
    assert told(wording.withheld(job)) == snapshot("""\
(refusal, private) This request is not shown
A check or a moderator decided against it. Your words may have been fine: another seed or other words may pass.
/imagine a red apple --n 2\
""")


def test_expired(job, told):
    assert told(wording.expired(job)) == snapshot("""\
(held, private) Nobody could look at this in time
No moderator decided while the request was held, so it is closed. You may ask again.
/imagine a red apple --n 2\
""")


def test_reported(job, told):
    assert told(wording.reported(job)) == snapshot("""\
(card, private) Thank you, this is reported
Your report is on record for the moderators. Nobody else sees that you made it.\
""")


def test_cancelled(job, told):
    assert told(wording.cancelled(job)) == snapshot("""\
(card, public) Cancelled
This request was called back before it was drawn.\
""")


def test_taken_down(job, told):
    assert told(wording.taken_down(job)) == snapshot("""\
(card, public) Deleted
The pictures of this request were taken down.\
""")


def test_failed_says_what_may_help(make_job, told):
    job = make_job(parse("a red apple"), failure="out_of_memory")

    assert told(wording.failed(job)) == snapshot("""\
(error, public) This could not be drawn
The machine ran out of memory. Ask for fewer pictures at a time, or a smaller one.\
""")


@pytest.mark.parametrize("failure", [None, "engine_died", "blobs_away"])
def test_failed_after_every_attempt_promises_no_other(make_job, told, failure):
    job = make_job(parse("a red apple"), failure=failure)

    assert told(wording.failed(job)) == snapshot("""\
(error, public) This could not be drawn
The drawing broke off again and again. It is not tried any more. Other flags, or fewer pictures, may help.\
""")


@pytest.mark.parametrize("ending", [wording.held, wording.output_held, wording.withheld, wording.expired])  # fmt: skip
def test_what_concerns_the_author_alone_is_private(job, ending):
    assert ending(job).visibility is Visibility.PRIVATE


@pytest.mark.parametrize("ending", [wording.cancelled, wording.failed, wording.taken_down])
def test_what_a_channel_sees_repeats_no_prompt(job, told, ending):
    """The request may be the very reason why it ended."""
    reply = ending(job)

    assert reply.visibility is Visibility.PUBLIC
    assert "apple" not in told(reply)
