"""Hold the models that are in memory: load what is asked for, let go of what is idle."""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial

import structlog

from core.errors import AppError, UserError
from worker.engine import pipelines
from worker.engine.families.base import Family
from worker.engine.families.choice import family_of
from worker.engine.families.side_by_side import SideBySide, available_parts
from worker.engine.graphs import Graphs, Recorder
from worker.engine.ledger import Device, Ledger, weight_bytes
from worker.engine.lora import LoraBank
from worker.engine.messages import FromEngine, LoadFailed, Loading, ModelSource, Ready, Start
from worker.engine.pipelines import LoadedModel
from worker.engine.rehearsal import rehearse
from worker.engine.weights import folder_of
from worker.engine.whole import Whole

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Resident:
    """One model in memory."""

    model: LoadedModel
    family: Family | None
    """What its requests share steps with; None where it draws each of them whole."""
    whole: Whole


class Residents:
    """The models in memory, within the ledger's budget."""

    def __init__(self, start: Start, say: Callable[[FromEngine], None]) -> None:
        """Prepare; nothing is loaded yet.

        Args:
            start: How to load.
            say: Tells the worker what is loading, loaded, or could not be.
        """
        self._start = start
        self._say = say
        self._models: dict[ModelSource, Resident] = {}
        self._ready: Ready | None = None
        self._side_by_side = SideBySide(start.cpu_parts or available_parts(start.cpu_threads))
        self.device = Device(_known_device(start.device))
        self.ledger = Ledger(self.device, start.memory_gib)

    @property
    def is_gpu(self) -> bool:
        """Tell whether steps are padded to buckets: a GPU's kernels are made for fixed shapes."""
        return self.device.is_measured

    def find(self, source: ModelSource) -> Resident | None:
        """Find a model that is in memory."""
        return self._models.get(source)

    def get(self, source: ModelSource, busy: Collection[ModelSource]) -> Resident | None:
        """Have a model in memory; None: there is no room before those that draw are done.

        Args:
            source: Which.
            busy: Models that are drawing and must stay.

        Raises:
            AppError: it cannot be loaded; the code says why.
        """
        resident = self._models.get(source)
        if resident is not None:
            self.ledger.use(source)
            return resident
        try:
            return self._load(source, busy)
        except AppError as error:
            self.ledger.release(source)
            log.exception("model_not_loaded", source=source.source, code=error.code)
            self._say(LoadFailed(source=source.source, code=error.code))
            self._say_ready()
            raise

    def _load(self, source: ModelSource, busy: Collection[ModelSource]) -> Resident | None:
        began = time.monotonic()
        self._say(Loading(source=source.source))
        device = pipelines.device_for(self._start.device)
        folder = folder_of(source.source)
        size_bytes = weight_bytes(folder, pipelines.dtype_for(self._start.dtype, device))
        if not self.ledger.admit(source, size_bytes, busy=busy, evict=self._evict):
            self._say_ready()
            return None
        model = pipelines.load(source, self._start, folder)
        loras = LoraBank(model.pipeline)
        family = family_of(
            model.pipeline, source, loras, self._side_by_side, self._recorder_for(source)
        )
        whole = Whole(model.pipeline, source, loras)
        if family is not None:
            rehearse(family, source)
        resident = self._models[source] = Resident(model, family, whole)
        load_s = time.monotonic() - began
        log.info("model_loaded", source=source.source, load_s=round(load_s, 2))
        self._ready = Ready(
            source=source.source,
            model_sha256=model.sha256,
            pipeline=type(model.pipeline).__name__,
            scheduler=model.scheduler,
            device=model.device,
            dtype=model.dtype,
            load_s=load_s,
        )
        self._say_ready()
        return resident

    def _recorder_for(self, source: ModelSource) -> Recorder | None:
        """Have a model's forwards recorded on a card, unless the operator wants none of it."""
        if not (self.device.is_measured and self._start.has_cuda_graphs):
            return None
        return partial(Graphs, pin=partial(self.ledger.pin, source))

    def _say_ready(self) -> None:
        """Say what can be drawn with, after a load; where that failed, what still can."""
        if self._ready is not None:
            self._say(self._ready)

    def evict_idle(self, busy: Collection[ModelSource]) -> bool:
        """Let go of the idle model that was used least recently; False: there is none."""
        idle = [source for source in self._models if source not in busy]
        if not idle:
            return False
        self._evict(idle[0])
        self.ledger.release(idle[0])
        return True

    def _evict(self, source: object) -> None:
        assert isinstance(source, ModelSource)
        evicted = self._models.pop(source, None)
        if evicted is not None and self._ready is not None:
            self._ready = None if self._ready.source == source.source else self._ready
        del evicted
        pipelines.release_memory()
        log.info("model_evicted", source=source.source)


def _known_device(asked: str) -> str:
    """Settle whose memory is counted; a device that is not there is told of at the first load."""
    try:
        return pipelines.device_for(asked)
    except UserError:
        return "cpu"
