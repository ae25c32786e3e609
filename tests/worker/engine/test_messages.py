"""Messages survive the pipe unchanged, and nothing else gets through it."""

import pickle
from multiprocessing import Pipe

import pytest
from pydantic import ValidationError

from core.prompts import PromptPart
from worker.engine.messages import (
    Cancel,
    Drain,
    DrawFailed,
    DrawFinished,
    DrawProgress,
    DrawRequest,
    ImageInput,
    LoadFailed,
    Loading,
    LoraUse,
    ModelSource,
    Pace,
    PictureDrawn,
    PictureOrder,
    Ready,
    Shutdown,
    Snapshotted,
    Start,
    receive,
    send,
)

MODEL = ModelSource(source="somewhere")
ORDER = PictureOrder(parts=(PromptPart("a cat", 2.0), PromptPart("rain", -0.5)), seed=2**32 - 1)
MESSAGES = (
    Start(model=MODEL),
    DrawRequest(request_id="r", model=MODEL, pictures=(ORDER,), steps=4),
    DrawRequest(
        request_id="r",
        model=MODEL,
        pictures=(ORDER,),
        steps=4,
        image=ImageInput(rgb=bytes(12), width=2, height=2, strength=0.7, mask=b"\x00\xff\x00\xff"),
        loras=(LoraUse(path="/a.safetensors", scale=0.5),),
        scheduler="EulerDiscreteScheduler",
        resume=b"\x00\xff",
    ),
    Cancel(request_id="r"),
    Drain(),
    Shutdown(),
    Loading(source="somewhere"),
    Ready(
        source="s",
        model_sha256="0",
        pipeline="P",
        scheduler="S",
        device="cpu",
        dtype="fp32",
        load_s=1,
    ),
    Pace(longest_s=0.25),
    Snapshotted(request_id="r", snapshot=b"\x00\xff"),
    LoadFailed(source="s", code="model_not_found"),
    DrawProgress(request_id="r", picture=0, step=1, total_steps=4, preview_jpeg=b"\xff\xd8\x00"),
    PictureDrawn(
        request_id="r", picture=0, width=1, height=2, rgb=bytes(range(6)), seed=1, duration_s=0.5
    ),
    DrawFinished(request_id="r", model_sha256="0", scheduler="S", steps=4, guidance_scale=4.0),
    DrawFailed(request_id="r", code="model_flag_unsupported", facts={"flag": "--no"}),
)


@pytest.mark.parametrize("message", [pytest.param(each, id=each.kind) for each in MESSAGES])
def test_a_message_arrives_as_it_was_sent(message):
    """Every kind of message is the same on both sides of the pipe, bytes and all."""
    here, there = Pipe()
    with here, there:
        send(here, message)

        assert receive(there) == message


def test_a_pickle_is_no_message():
    """What an engine says can not become code in the worker."""
    here, there = Pipe()
    with here, there:
        here.send_bytes(pickle.dumps(Shutdown()))

        with pytest.raises(ValidationError):
            receive(there)


def test_a_closed_pipe_is_noticed():
    """Whoever waits for a message learns that none will come."""
    here, there = Pipe()
    with there:
        here.close()

        with pytest.raises(EOFError):
            receive(there)
