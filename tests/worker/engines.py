"""Make requests and engines for the worker's tests: on the shipped model, unless told otherwise."""

from core.catalog import SHIPPED_MODELS
from core.prompts import weigh
from worker.engine.messages import DrawProgress, DrawRequest, ModelSource, PictureOrder, Start
from worker.engine.supervisor import Supervisor

SHIPPED = ModelSource(source=str(SHIPPED_MODELS / "easel-small"), native_size=128)

PATIENCE_S = 90.0
"""Far more than anything takes on an idle machine (5 s for a start): the machine is shared."""


def request_for(*prompts: str, seed: int = 7, **fields) -> DrawRequest:
    """Ask for one picture of each prompt; `::` weights are read as the worker reads them."""
    orders = tuple(PictureOrder(parts=weigh(prompt), seed=seed) for prompt in prompts)
    defaults = {"request_id": f"{prompts}-{seed}", "model": SHIPPED, "steps": 4}
    return DrawRequest(pictures=orders, **{**defaults, **fields})


def new_supervisor(model: ModelSource = SHIPPED, **timeouts) -> Supervisor:
    """Make a supervisor that waits long for a slow machine, but not for ever."""
    start = Start(model=model, preview_interval_s=0)
    return Supervisor(
        start, **{"hang_timeout_s": PATIENCE_S, "load_timeout_s": PATIENCE_S, **timeouts}
    )


def unwatched(_progress: DrawProgress) -> None:
    """Let progress go by."""
