"""Stand in for `torch.cuda`: record operations, and replay them on the same memory."""

import contextlib

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class Card:
    """As much of `torch.cuda` as recording takes."""

    def __init__(self):
        self.recordings = []
        self.reserved = 0
        self.grows_by = 100
        """Bytes that each recording takes."""
        self.is_recording = False

    def CUDAGraph(self):  # noqa: N802 - as torch has it.
        return _Recording()

    @contextlib.contextmanager
    def graph(self, recording, pool):
        assert pool is not None
        self.recordings.append(recording)
        self.reserved += self.grows_by
        self.is_recording = True
        try:
            with recording:
                yield
        finally:
            self.is_recording = False
        recording.spoil()

    def Stream(self):  # noqa: N802 - as torch has it.
        return _Stream()

    def current_stream(self):
        return _Stream()

    def wait_for_answers(self):
        """Do what Python does that asks what a tensor is worth: no recording can hold it."""
        if self.is_recording:
            raise RuntimeError("operation not permitted when stream is capturing")

    def stream(self, _stream):
        return contextlib.nullcontext()

    def device(self, _device):
        return contextlib.nullcontext()

    def graph_pool_handle(self):
        return object()

    def memory_reserved(self):
        return self.reserved

    def empty_cache(self):
        pass

    @property
    def replays(self):
        return sum(each.replays for each in self.recordings)


class _Stream:
    def wait_stream(self, _other):
        pass


class _Recording(TorchDispatchMode):
    def __init__(self):
        super().__init__()
        self.operations = []
        self.replays = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        made = function(*args, **kwargs)
        self.operations.append((function, args, kwargs, made))
        return made

    def spoil(self):
        """Nothing is computed while a card records: no result is there before the replay."""
        given, own = set(), set()
        for _, args, kwargs, made in self.operations:
            given |= {_storage(each) for each in _tensors((args, kwargs))} - own
            own |= {_storage(each) for each in _tensors(made)} - given
        for _, _, _, made in self.operations:
            for tensor in _tensors(made):
                if _storage(tensor) in own and tensor.is_floating_point():
                    tensor.fill_(torch.nan)

    def replay(self):
        self.replays += 1
        for function, args, kwargs, made in self.operations:
            again = function(*args, **kwargs)
            for fixed, fresh in zip(_tensors(made), _tensors(again), strict=True):
                if fixed.data_ptr() != fresh.data_ptr():
                    fixed.copy_(fresh)


def _tensors(values):
    return [each for each in tree_leaves(values) if isinstance(each, torch.Tensor)]


def _storage(tensor):
    return tensor.untyped_storage().data_ptr()
