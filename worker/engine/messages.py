"""Define what crosses the pipe between the worker and its engine child, and how it is written.

    worker -> engine    Start, then any number of DrawRequest and Cancel, then Shutdown or Drain
    engine -> worker    Loading, then Ready or LoadFailed; Pace as it is learnt; for each request
                        DrawProgress and PictureDrawn as they come, then one DrawFinished or
                        DrawFailed, or Snapshotted after a Drain

Requests are told apart by `request_id`, so that several may be under way at once. Everything is
JSON checked against these contracts, not pickle: the child runs weights from strangers, and what
it says must not be able to run code in the worker.
"""

from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from core.contracts.base import Contract
from core.contracts.generation import SEED_MAX, Aspect
from core.prompts import PromptPart


class ModelSource(Contract):
    """Name the weights to draw with."""

    source: str = Field(description="A local folder or a Hugging Face id.")
    native_size: int | None = Field(default=None, description="Pixels a side; None: ask it.")


class Start(Contract):
    """Tell a fresh engine how to work and what to load first."""

    kind: Literal["start"] = "start"
    model: ModelSource
    device: str = Field(default="auto", description="`auto`, `cpu`, `cuda` or `cuda:N`.")
    dtype: Literal["auto", "fp32", "fp16", "bf16"] = "auto"
    cpu_threads: int = Field(default=1, ge=1)
    cpu_parts: int | None = Field(
        default=None, ge=1, description="Parts of a step drawn side by side; None: one per core."
    )
    preview_interval_s: float = Field(default=0.5, ge=0)
    memory_gib: float | None = Field(
        default=None, gt=0, description="What models and drawings may take; None: the device's own."
    )
    is_reproducible: bool = Field(
        default=False, description="Every picture comes out bitwise the same in any company."
    )
    has_cuda_graphs: bool = Field(
        default=True, description="Forwards of padded batches are recorded on a GPU."
    )


class PictureOrder(Contract):
    """Ask for one picture of a request."""

    parts: tuple[PromptPart, ...] = Field(min_length=1)
    seed: int = Field(ge=0, le=SEED_MAX)


class ImageInput(Contract):
    """Bring a picture to go on from, as raw pixels."""

    rgb: bytes = Field(repr=False, description="8 bits a channel, row by row, no padding.")
    width: int = Field(ge=1)
    height: int = Field(ge=1)
    strength: float = Field(default=1.0, gt=0, le=1, description="How far it is noised.")
    mask: bytes | None = Field(
        default=None, repr=False, description="8 bits a pixel, same size; 255 is drawn anew."
    )


class LoraUse(Contract):
    """Name a LoRA file and how strongly it applies."""

    path: str
    scale: float = 1.0


class DrawRequest(Contract):
    """Ask for the pictures of one job."""

    kind: Literal["draw_request"] = "draw_request"
    request_id: str
    model: ModelSource
    pictures: tuple[PictureOrder, ...] = Field(min_length=1)
    negative: str = Field(default="", description="What to keep out of every picture.")
    aspect: Aspect = Aspect(width=1, height=1)
    steps: int = Field(ge=1)
    guidance_scale: float | None = Field(default=None, description="None: the pipeline's own.")
    is_tile: bool = False
    has_previews: bool = True
    image: ImageInput | None = Field(default=None, description="What to go on from.")
    loras: tuple[LoraUse, ...] = ()
    scheduler: str | None = Field(default=None, description="diffusers class; None: the model's.")
    priority: int = Field(default=0, description="Higher goes first.")
    owner: str = Field(default="", description="Opaque key of who asks; they take turns.")
    is_reproducible: bool = Field(default=False, description="Bitwise the same in any company.")
    is_solo: bool = Field(
        default=False, description="A suspect of having killed an engine: drawn with nobody else."
    )
    enlarge_to: int | None = Field(
        default=None, ge=1, description="Pixels of the shorter side that a picture is enlarged to."
    )
    upscale: int | None = Field(
        default=None, ge=2, description="Only enlarge `image` by this factor: nothing is denoised."
    )
    resume: bytes | None = Field(
        default=None, repr=False, description="What a drained engine had drawn of it so far."
    )


class Cancel(Contract):
    """Stop a request at its next step; unknown and finished requests are ignored."""

    kind: Literal["cancel"] = "cancel"
    request_id: str


class Shutdown(Contract):
    """End after the request under way."""

    kind: Literal["shutdown"] = "shutdown"


class Drain(Contract):
    """End after the step under way; answer every open request with Snapshotted."""

    kind: Literal["drain"] = "drain"


class Loading(Contract):
    """Say that a model is being fetched and loaded: no step will come for a while."""

    kind: Literal["loading"] = "loading"
    source: str


class Ready(Contract):
    """Say that a model is in memory, and what it is."""

    kind: Literal["ready"] = "ready"
    source: str
    model_sha256: str
    pipeline: str = Field(description="Class name of the diffusers pipeline.")
    scheduler: str = Field(description="Class name of its scheduler; empty where it has none.")
    device: str
    dtype: str
    load_s: float


class LoadFailed(Contract):
    """Say that a model cannot be loaded; the next request for it tries again."""

    kind: Literal["load_failed"] = "load_failed"
    source: str
    code: str


class Pace(Contract):
    """Say how long the engine may be silent at most while all is well: its longest step."""

    kind: Literal["pace"] = "pace"
    longest_s: float = Field(ge=0)


class DrawProgress(Contract):
    """Report one denoising step of one picture."""

    kind: Literal["draw_progress"] = "draw_progress"
    request_id: str
    picture: int
    step: int
    total_steps: int
    preview_jpeg: bytes | None = None


class PictureDrawn(Contract):
    """Hand over one finished picture as raw pixels: encoding is the worker's part."""

    kind: Literal["picture_drawn"] = "picture_drawn"
    request_id: str
    picture: int
    width: int
    height: int
    rgb: bytes = Field(repr=False, description="8 bits a channel, row by row, no padding.")
    seed: int
    duration_s: float
    gpu_s: float = Field(
        default=0.0, ge=0, description="Its share of the device's time: of each step, and decoding."
    )


class DrawFinished(Contract):
    """Say that a request is done, and with what it was drawn."""

    kind: Literal["draw_finished"] = "draw_finished"
    request_id: str
    model_sha256: str
    scheduler: str
    steps: int
    guidance_scale: float = Field(description="In force; 0 where the pipeline knows none.")


class DrawFailed(Contract):
    """Say that a request is over without all its pictures; `code` is an error code."""

    kind: Literal["draw_failed"] = "draw_failed"
    request_id: str
    code: str
    facts: dict[str, str | float | list[str] | None] = Field(default_factory=dict)


class Snapshotted(Contract):
    """Answer a request that a drain interrupted with all that it takes to go on with it."""

    kind: Literal["snapshotted"] = "snapshotted"
    request_id: str
    snapshot: bytes = Field(
        repr=False, description="For `DrawRequest.resume`: finished pictures and half-drawn ones."
    )


ToEngine = Start | DrawRequest | Cancel | Shutdown | Drain
FromEngine = (
    Loading
    | Ready
    | LoadFailed
    | Pace
    | DrawProgress
    | PictureDrawn
    | DrawFinished
    | DrawFailed
    | Snapshotted
)
Message = ToEngine | FromEngine

_MESSAGE: TypeAdapter[Message] = TypeAdapter(Annotated[Message, Field(discriminator="kind")])


def send(connection: Connection, message: Message) -> None:
    """Write one message to the pipe; of several threads only one at a time.

    The pixels of a picture follow their message as they are: as text in JSON 512 x 512 of them
    take 5 ms from one side to the other, as bytes 1 ms.

    Raises:
        OSError: the other side is gone.
    """
    if isinstance(message, PictureDrawn):
        connection.send_bytes(message.model_copy(update={"rgb": b""}).model_dump_json().encode())
        connection.send_bytes(message.rgb)
    else:
        connection.send_bytes(message.model_dump_json().encode())


def receive(connection: Connection) -> Message:
    """Read the next message, waiting for it.

    Raises:
        EOFError, OSError: the other side is gone.
        ValidationError: what came is no message.
    """
    message = _MESSAGE.validate_json(connection.recv_bytes())
    if isinstance(message, PictureDrawn):
        return message.model_copy(update={"rgb": connection.recv_bytes()})
    return message


@dataclass(frozen=True, slots=True)
class DrawResult:
    """Everything that a request brought, as `Supervisor.draw` returns it."""

    pictures: tuple[PictureDrawn, ...]
    facts: DrawFinished
