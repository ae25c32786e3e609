"""Carry out moderators' decisions each second: quicker than the screening process's sweeps."""

import anyio
import structlog
from anyio import to_thread

from bot.bootstrap import Services
from core.errors import Unavailable

log = structlog.get_logger()

EVERY_S = 1.0
"""What a decision that is applied at once waits at most; each look is one index lookup."""


async def settle_forever(services: Services) -> None:
    """Settle what is due until cancelled, and hand on what follows from it."""
    while True:
        try:
            with anyio.CancelScope(shield=True):  # A decision half carried out is taken up later.
                settled = await to_thread.run_sync(services.settling.settle_due)
        except Unavailable as error:
            log.warning("settling_waits", code=error.code)
        except Exception:
            log.exception("settling_failed")
        else:
            if settled:
                told = {each.job.address.platform for each in settled}
                told = told.union(*(each.platforms for each in settled))
                services.courier.nudge(*told, is_review=True)
        await anyio.sleep(EVERY_S)
