"""Run the engine's loop in this thread, with a mailbox that follows a script."""

from tests.worker.engine.tiny_diffusion import TINY, tiny_sd
from worker.engine.families.choice import family_of
from worker.engine.loop import Loop
from worker.engine.lora import LoraBank
from worker.engine.messages import (
    DrawFailed,
    DrawFinished,
    DrawProgress,
    PictureDrawn,
    Snapshotted,
    Start,
)
from worker.engine.pipelines import LoadedModel, prepare
from worker.engine.residents import Resident
from worker.engine.whole import Whole
from worker.previews import Previewer


def tiny_resident():
    """A tiny model of random weights, which shares steps."""
    prepare(Start(model=TINY))
    pipeline = tiny_sd()
    pipeline.set_progress_bar_config(disable=True)
    model = LoadedModel(TINY, pipeline, Previewer(pipeline), "ab" * 32, "cpu", "fp32", 0.0)
    loras = LoraBank(pipeline)
    return Resident(model, family_of(pipeline, TINY, loras), Whole(pipeline, TINY, loras))


class Mailbox:
    """Give what the test put in; close once nobody waits any more."""

    def __init__(self, *requests):
        self.arrived = list(requests)
        self.cancelled = set()
        self.is_draining = False
        self.is_closing = False

    def wait(self, timeout_s=None):
        self.is_closing = not self.arrived

    def take(self):
        news = self.arrived, self.cancelled
        self.arrived, self.cancelled = [], set()
        return news


class Run:
    """One life of a loop: what it was asked, and everything that it said."""

    def __init__(self, resident=None, *, turns=None, **start):
        self.said = []
        self.mailbox = Mailbox()
        self.hooks = []
        start = Start(**{"model": TINY, "preview_interval_s": 0, **start})
        self.loop = Loop(self.mailbox, start, self.hear, turns)
        self.loop._lessons._counts.clear()
        if resident is not None:
            self.adopt(resident)

    def adopt(self, resident):
        """Have a model in memory that was loaded before: loading takes longer than most tests."""
        source = resident.model.source
        residents = self.loop._residents
        assert residents.ledger.admit(source, 0, busy=(), evict=residents._evict)
        residents._models[source] = resident

    def hear(self, message):
        self.said.append(message)
        for condition, act in list(self.hooks):
            if condition(message):
                self.hooks.remove((condition, act))
                act()

    def when_step(self, request_id, step, act):
        """Do something once a request has reached a step."""
        self.hooks.append(
            (
                lambda message: (
                    isinstance(message, DrawProgress)
                    and (message.request_id, message.step) == (request_id, step)
                ),
                act,
            )
        )

    def ask(self, *requests):
        self.mailbox.arrived.extend(requests)

    def go(self, *requests):
        self.ask(*requests)
        self.loop.run()
        return self

    def of(self, kind, request_id=None):
        return [
            message
            for message in self.said
            if isinstance(message, kind)
            and (request_id is None or message.request_id == request_id)
        ]

    def pixels(self, request_id):
        """The finished pictures of a request, by index."""
        pictures = self.of(PictureDrawn, request_id)
        return [each.rgb for each in sorted(pictures, key=lambda each: each.picture)]

    def steps(self, request_id=None):
        return [
            (each.request_id, each.picture, each.step) for each in self.of(DrawProgress, request_id)
        ]

    def failures(self):
        return {each.request_id: each.code for each in self.of(DrawFailed)}

    def order(self):
        """The names of the requests in the order in which they were finished."""
        return [each.request_id for each in self.of(DrawFinished)]

    def snapshot(self, request_id):
        (message,) = self.of(Snapshotted, request_id)
        return message.snapshot
