"""In a busy moment an answer does not wait for its job's place; a quiet one tells it at once."""

from bot.web_app import channel as channels
from bot.web_app.channel import Channel
from core.contracts.ids import ChannelId, CommunityId
from core.workflow import JobState
from tests.core.storage.samples import a_job


def test_answers_that_come_close_together_share_one_look_at_the_line(services, monkeypatch):
    """The first tells its place, the next does not, a later one does again."""
    job = a_job(JobState.QUEUED)
    with services.store.unit() as unit:
        unit.jobs.add(job)
    channel = Channel(services.store, services.clock, CommunityId("local"), ChannelId("general"))
    now = iter((10.0, 10.0 + channels.PLACES_S / 2, 10.0 + 2 * channels.PLACES_S))
    monkeypatch.setattr(channels.time, "monotonic", lambda: next(now))

    places = [channel.waiting_among([job.job_id])[0].place for _ in range(3)]

    assert [place is not None for place in places] == [True, False, True]
