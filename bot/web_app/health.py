"""Tell operators and their tools how this process and what it depends on are doing."""

from collections.abc import Callable

from anyio import to_thread
from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from bot.bootstrap import Services
from bot.web_app.context import TheWeb
from core.errors import AppError

router = APIRouter()


@router.get("/healthz")
async def healthz() -> Response:
    """Say that the process is up and answers; nothing else is asked."""
    return JSONResponse({"status": "ok"})


@router.get("/readyz")
async def readyz(web: TheWeb) -> Response:
    """Say whether a request made now would be drawn: 503 names what is away."""
    checks = await to_thread.run_sync(check, web.services)
    is_ready = all(state == "ok" for state in checks.values())
    status = {"status": "ok" if is_ready else "away", "checks": checks}
    return JSONResponse(status, status_code=200 if is_ready else 503)


@router.get("/metrics")
async def metrics() -> Response:
    """Give this process's numbers in the format of Prometheus."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def check(services: Services) -> dict[str, str]:
    """Ask everything a request needs on its way; `ok` or the code of what is wrong, each."""
    return {
        "database": _state(services.store.ping),
        "redis": _state(lambda: services.events.alive("worker")),
        "screening": _alive(services, "screening"),
        "classifier": _classifier(services),
        "worker": _alive(services, "worker"),
    }


def _state(ask: Callable[[], object]) -> str:
    try:
        ask()
    except AppError as error:
        return error.code
    return "ok"


def _alive(services: Services, kind: str) -> str:
    try:
        return "ok" if services.events.alive(kind) else "none_alive"
    except AppError as error:
        return error.code


def _classifier(services: Services) -> str:
    """Tell whether a screening process has no classifier that should have one: all is held there.

    Processes beat with the state in front of their name.
    """
    try:
        states = {name.partition(":")[0] for name in services.events.alive("classifier")}
    except AppError as error:
        return error.code
    return "classifier_failed" if "failed" in states else "ok"
