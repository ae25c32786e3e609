"""Who sees which message of the channel, through everything that can become of a job."""

import pytest

from bot.replies import Action, Reply, ReplyKind, Visibility
from bot.standing import read_standing, tell
from bot.usecases import commands
from bot.web_app.channel import CHANGES_MOST, Channel, job_key, reply_key, said_key
from core.contracts.actors import Actor
from core.contracts.generation import GenerationSpec
from core.errors import NotFound
from core.workflow import NoticeKind, Outcome

ANNA = Actor(community_id="local", member_id="web:anna", display_name="Quiet Heron")
BEN = Actor(community_id="local", member_id="web:ben", display_name="Bold Finch")


@pytest.fixture
def channel(services) -> Channel:
    return Channel(services.store, services.clock, "local", "general")


@pytest.fixture
def ask(services, channel):
    """Type a command as Anna; return the id of what she typed and the job's id, if any."""

    def ask(text="/imagine a red apple"):
        said_id = channel.say(ANNA, text)
        reply = commands.run(services, ANNA, text, channel.address(said_id))
        channel.answer(ANNA, said_id, reply)
        return said_id, reply.job_id

    return ask


def keys(channel, viewer) -> list[str]:
    return [message.key for message in channel.recent(viewer)[1]]


def card(visibility: Visibility, kind=ReplyKind.CARD, job_id=None) -> Reply:
    return Reply(kind=kind, visibility=visibility, title="A card", job_id=job_id)


def test_a_command_is_its_author_s_alone_until_it_is_answered(channel):
    """It may turn out to be refused."""
    said_id = channel.say(ANNA, "/imagine something")

    assert keys(channel, ANNA) == [said_key(said_id)]
    assert keys(channel, BEN) == []


def test_an_accepted_command_is_everybody_s(channel, ask):
    """With the job's message after it."""
    said_id, job_id = ask()

    assert keys(channel, BEN) == [said_key(said_id), job_key(job_id)]
    assert keys(channel, ANNA) == keys(channel, BEN)


def test_a_refused_command_stays_its_author_s(channel, ask):
    """Neither the prompt nor the refusal reaches anybody else."""
    ask("/imagine a decapitated corpse, gore")

    assert len(keys(channel, ANNA)) == 2
    assert keys(channel, BEN) == []
    assert channel.changes_after(0, BEN)[1] == []


def test_a_public_card_brings_its_command_along(channel):
    """What everybody sees answered, everybody sees asked."""
    said_id = channel.say(ANNA, "/show x")

    channel.answer(ANNA, said_id, card(Visibility.PUBLIC))

    assert keys(channel, BEN) == [said_key(said_id), reply_key(said_id)]


def test_an_answer_that_delivery_overtook_changes_nothing(services, channel, stage):
    """The job's message keeps the newest wording."""
    said_id = channel.say(ANNA, "/imagine a red apple")
    accepted = commands.run(services, ANNA, "/imagine a red apple", channel.address(said_id))
    channel.post(stage.job(accepted.job_id), card(Visibility.PUBLIC, ReplyKind.RESULT))

    _, shown = channel.answer(ANNA, said_id, accepted)

    assert '"result"' in shown.body
    assert keys(channel, BEN) == [said_key(said_id), job_key(accepted.job_id)]


def test_telling_the_same_again_is_no_change(channel, stage, ask):
    """Delivery may do so after a crash; nobody is read the same message twice."""
    _, job_id = ask()
    reply = card(Visibility.PUBLIC, ReplyKind.RESULT, job_id)
    channel.post(stage.job(job_id), reply)
    revision, _ = channel.recent(BEN)

    channel.post(stage.job(job_id), reply)

    assert channel.recent(BEN)[0] == revision


def test_news_for_the_author_alone_take_the_prompt_off_the_others_pages(channel, stage, ask):
    """A classifier may refuse what the rules let pass and everybody saw."""
    said_id, job_id = ask()
    revision, _ = channel.recent(BEN)

    channel.post(stage.job(job_id), card(Visibility.PRIVATE, ReplyKind.REFUSAL, job_id))

    assert keys(channel, ANNA) == [said_key(said_id), job_key(job_id)]
    assert keys(channel, BEN) == []
    _, lost = channel.changes_after(revision, BEN)
    assert {(each.key, each.is_deleted, each.body) for each in lost} == {
        (said_key(said_id), True, ""),
        (job_key(job_id), True, ""),
    }


def test_a_held_request_that_passes_comes_back_for_everybody(channel, stage, ask):
    """In its old place."""
    said_id, job_id = ask()
    job = stage.job(job_id)
    channel.post(job, card(Visibility.PRIVATE, ReplyKind.HELD, job_id))

    channel.post(job, card(Visibility.PUBLIC, ReplyKind.RESULT, job_id))

    assert keys(channel, BEN) == [said_key(said_id), job_key(job_id)]


def test_showing_a_running_job_is_for_the_asker_alone(channel, services, ask):
    """It tells of one moment; the job's own message goes on."""
    _, job_id = ask()
    said_id = channel.say(BEN, f"/show {job_id}")
    reply = card(Visibility.PUBLIC, ReplyKind.PROGRESS, job_id)

    channel.answer(BEN, said_id, reply)

    assert reply_key(said_id) in keys(channel, BEN)
    assert reply_key(said_id) not in keys(channel, ANNA)


def test_a_shown_result_belongs_to_who_asked_for_the_picture(channel, stage, ask):
    """So that its author, not its shower, is offered to delete it."""
    _, job_id = ask()
    stage.draw(job_id)
    said_id = channel.say(BEN, f"/show {job_id}")

    _, shown = channel.answer(BEN, said_id, card(Visibility.PUBLIC, ReplyKind.RESULT, job_id))

    assert shown.author_id == ANNA.member_id


def test_dismissing_an_answer_forgets_its_command_too(channel, ask):
    """The author's page is as if it had never been typed."""
    said_id, _ = ask("/help me")

    channel.dismiss(ANNA, reply_key(said_id))

    assert keys(channel, ANNA) == []


def test_dismissing_a_job_s_private_news_forgets_its_command_too(channel, ask):
    """A refusal by rules is such news."""
    ask("/imagine a decapitated corpse, gore")

    for key in keys(channel, ANNA)[1:]:
        channel.dismiss(ANNA, key)

    assert keys(channel, ANNA) == []


def refusal_with_rewrite(services, job_id):
    """Have a rewrite found for a refused job, as screening does, and word what is told then."""
    with services.store.unit() as unit:
        unit.rewrites.add(job_id, GenerationSpec(prompt="a castle"), now=services.clock())
    with services.store.reading() as unit:
        standing = read_standing(unit, unit.jobs.get(job_id))
    return standing.job, tell(services, standing, NoticeKind.REFUSED)


def test_a_rewrite_comes_to_the_refusal_s_own_card(services, channel, ask):
    """In its place, for its author alone."""
    _, job_id = ask("/imagine a decapitated corpse, gore")
    before = keys(channel, ANNA)

    channel.post(*refusal_with_rewrite(services, job_id))

    assert keys(channel, ANNA) == before
    assert keys(channel, BEN) == []
    reply = Reply.model_validate_json(channel.recent(ANNA)[1][-1].body)
    assert [button.action for button in reply.buttons] == [Action.REWRITE, Action.APPEAL]


def test_a_rewrite_does_not_bring_a_dismissed_refusal_back(services, channel, ask):
    _, job_id = ask("/imagine a decapitated corpse, gore")
    for key in keys(channel, ANNA)[1:]:
        channel.dismiss(ANNA, key)

    channel.post(*refusal_with_rewrite(services, job_id))

    assert keys(channel, ANNA) == []


def test_nobody_dismisses_what_is_another_s_or_everybody_s(channel, ask):
    """Both answer as if there were no such message."""
    said_id, _ = ask("/help")
    _, job_id = ask()

    for actor, key in ((BEN, reply_key(said_id)), (ANNA, job_key(job_id)), (ANNA, "reply:none")):
        with pytest.raises(NotFound, match="message_not_found"):
            channel.dismiss(actor, key)


def test_dismissing_a_shown_result_leaves_a_public_command(channel, services):
    """Only what is private goes."""
    said_id = channel.say(ANNA, "/help")
    channel.answer(ANNA, said_id, card(Visibility.PUBLIC))
    channel.answer(ANNA, said_id, card(Visibility.PRIVATE))

    channel.dismiss(ANNA, reply_key(said_id))

    assert keys(channel, ANNA) == [said_key(said_id)]


def test_waiting_jobs_come_with_their_place(channel, ask, stage):
    """The oldest is first; finished ones are left out."""
    jobs = [ask()[1] for _ in range(3)]
    stage.draw(jobs[0])

    _, waiting = channel.waiting()

    assert {live.job.job_id: live.place.position for live in waiting} == {jobs[1]: 1, jobs[2]: 2}
    assert {live.place.total for live in waiting} == {2}


def test_held_jobs_have_no_place_in_a_queue(channel, ask, stage):
    """They wait for a person."""
    _, job_id = ask()
    stage.step(job_id, Outcome.CHECK_UNAVAILABLE)

    assert channel.waiting()[1] == []
    assert channel.waiting_among({job_id}) == []


def test_pictures_that_were_taken_down_are_known(channel, ask, stage, services):
    """Those without a record any more count as gone too."""
    _, job_id = ask("/imagine an apple --n 2")
    first, second = stage.draw(job_id)
    with services.store.unit() as unit:
        unit.pictures.mark_deleted(first.verify_id, services.clock())

    gone = channel.gone_among([first.verify_id, second.verify_id, "0" * 16])

    assert gone == {first.verify_id, "0" * 16}


def test_an_older_job_is_posted_to_the_channel_it_came_from(channel, ask, stage):
    """Also after the channel was given another name."""
    _, job_id = ask()

    Channel(channel._store, channel._clock, "local", "renamed").post(
        stage.job(job_id), card(Visibility.PUBLIC, ReplyKind.RESULT, job_id)
    )

    assert '"result"' in channel.recent(BEN)[1][-1].body


def test_changes_come_in_bounded_numbers(channel):
    """A page that missed more loads anew."""
    for number in range(CHANGES_MOST + 5):
        channel.say(ANNA, f"/help {number}")

    newest, changes = channel.changes_after(0, ANNA)

    assert len(changes) == CHANGES_MOST
    assert newest == CHANGES_MOST + 5


def put_before_a_moderator(services, stage, job_id):
    """Hold a job that is being screened, and word what its author is told."""
    job = stage.step(job_id, Outcome.CHECK_UNAVAILABLE)
    return job, told_now(services, job_id)


def told_now(services, job_id):
    with services.store.reading() as unit:
        standing = read_standing(unit, unit.jobs.get(job_id))
    return tell(services, standing, standing.kind)


@pytest.mark.parametrize("is_dismissed", [False, True])
def test_what_a_moderator_said_comes_last_and_once(services, channel, ask, stage, is_dismissed):
    """The request may have left the page days ago, or its card may have been put away."""
    _, job_id = ask()
    channel.post(*put_before_a_moderator(services, stage, job_id))
    later = channel.say(ANNA, "/help")
    if is_dismissed:
        channel.dismiss(ANNA, job_key(job_id))
    assert keys(channel, ANNA)[-1] == said_key(later)
    rejected = stage.step(job_id, Outcome.REJECTED)

    for _ in range(2):
        channel.post(rejected, told_now(services, job_id))

    assert keys(channel, ANNA)[-1] == job_key(job_id)
    assert keys(channel, ANNA).count(job_key(job_id)) == 1
    last = channel.recent(ANNA)[1][-1]
    assert Reply.model_validate_json(last.body).kind is ReplyKind.REFUSAL
    assert keys(channel, BEN) == []


def test_who_saw_it_before_it_was_held_loses_it_also_where_it_moved(services, channel, ask, stage):
    """A page that was away meanwhile hears of it by the message that has taken its place."""
    _, job_id = ask()
    seen, _ = channel.changes_after(0, BEN)
    channel.post(*put_before_a_moderator(services, stage, job_id))
    rejected = stage.step(job_id, Outcome.REJECTED)
    channel.post(rejected, told_now(services, job_id))

    changes = channel.changes_after(seen, BEN)[1]

    assert {change.key for change in changes} >= {job_key(job_id)}
    assert all(change.is_deleted and not change.body for change in changes)


def test_an_approved_request_goes_on_in_its_place(services, channel, ask, stage):
    """It was asked for there, and there its result goes."""
    said_id, job_id = ask()
    channel.post(*put_before_a_moderator(services, stage, job_id))
    channel.say(ANNA, "/help")
    approved = stage.step(job_id, Outcome.APPROVED)

    channel.post(approved, told_now(services, job_id))

    assert keys(channel, BEN) == [said_key(said_id), job_key(job_id)]
    assert keys(channel, ANNA)[:2] == keys(channel, BEN)


def test_a_question_about_a_refusal_that_was_put_away_comes_last(services, channel, ask):
    """Asked from `/show`, days later: where the request stood, nobody would see it."""
    _, job_id = ask("/imagine a decapitated corpse, gore")
    channel.dismiss(ANNA, job_key(job_id))
    channel.say(ANNA, f"/show {job_id}")

    changed = channel.edit(job_id, card(Visibility.PRIVATE, ReplyKind.HELD, job_id))

    assert [message.key for message in changed] == [job_key(job_id)]
    assert keys(channel, ANNA)[-1] == job_key(job_id)
