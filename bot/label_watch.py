"""Run a label check each time that one is due, and say in log and metrics what came of it.

Each runs as the command does, in a process of its own: what it takes to label and to read marks
stays out of a process that is there to chat.
"""

import json
import sys
from datetime import timedelta
from typing import Any

import anyio
import structlog
from anyio import to_thread

from bot.bootstrap import Services
from bot.platform_settings import LabelCheckSettings
from core.contracts.label_checks import CheckedPlatform
from core.errors import Unavailable
from core.telemetry import LABEL_CHECKS

log = structlog.get_logger()

LOOK_S = 6 * 3600.0
"""How often is looked whether one is due; one that failed is tried again then."""
TIMEOUT_S = 900.0
"""A check takes seconds; a platform may ask for pauses of up to a minute each."""
_SAME, _CHANGED = 0, 1
"""The command's exit codes."""
COMMAND = (sys.executable, "-P", "-m", "bot.cli", "label-check", "--json")


async def watch_labels_forever(services: Services, settings: LabelCheckSettings) -> None:
    """Look now and then until cancelled; at once over where nothing is asked for."""
    while settings.days and settings.by_platform:
        await check_what_is_due(services, settings)
        await anyio.sleep(LOOK_S)


async def check_what_is_due(services: Services, settings: LabelCheckSettings) -> None:
    """Check each platform whose last check is old enough, one after the other."""
    for platform in settings.by_platform:
        try:
            if await to_thread.run_sync(_is_due, services, platform, settings.days):
                await _check(platform)
        except Unavailable as error:
            log.warning("label_check_waits", platform=platform.value, code=error.code)
        except Exception:
            log.exception("label_check_broken", platform=platform.value)


def _is_due(services: Services, platform: CheckedPlatform, days: int) -> bool:
    with services.store.reading() as unit:
        last = unit.label_checks.newest(platform, limit=1)
    return not last or services.clock() - last[0].checked_at >= timedelta(days=days)


async def _check(platform: CheckedPlatform) -> None:
    with anyio.fail_after(TIMEOUT_S):
        # Its log goes where ours goes.
        done = await anyio.run_process([*COMMAND, platform.value], check=False, stderr=None)
    told = _told(done.stdout)
    if done.returncode == _SAME:
        LABEL_CHECKS.labels("same").inc()
        log.info("label_check_same", platform=platform.value)
    elif done.returncode == _CHANGED and told.get("event") == "label_check":
        LABEL_CHECKS.labels("changed").inc()
        changes = [_written(change) for change in told["changes"]]
        log.warning("label_check_changed", platform=platform.value, changes=changes)
    else:
        LABEL_CHECKS.labels("failed").inc()
        reason = told.get("reply", {}).get("title", "")
        log.warning(
            "label_check_failed", platform=platform.value, exit_code=done.returncode, reason=reason
        )


def _told(stdout: bytes) -> dict[str, Any]:  # Any: what the command writes.
    """Read the command's one line; a command that broke may have written none."""
    lines = stdout.decode(errors="replace").splitlines()
    try:
        told = json.loads(lines[-1]) if lines else {}
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _written(change: dict[str, str | None]) -> str:
    """Write a change as one word: `preview.mark:kept>lost`."""
    name = ".".join(filter(None, (change["rendition"], change["sign"])))
    return f"{name}:{change['before']}>{change['now']}"
