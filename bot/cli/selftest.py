"""`easel selftest`: check every part that a picture needs, one by one, and draw one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.terminal import Exit, Terminal

if TYPE_CHECKING:
    from bot.bootstrap import Services

REQUEST = "a red apple on a blue background"
"""Words that the shipped model knows."""

PICTURE_TIMEOUT_S = 300.0


class CheckFailed(Exception):
    """Say what a check found instead of what it looked for."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check: what it looks at, and how; it answers what it found or raises."""

    name: str
    run: Callable[["Services", Terminal], str]


def selftest(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a check.")] = False,
) -> None:
    """Check every part that a picture needs, and draw one; exit 1 when one is not well.

    With EASEL_REDIS_URL set it looks at that deployment; else at the demo that runs in
    EASEL_HOME; else it starts what it needs and ends it again.
    """
    from bot.bootstrap import build_services
    from bot.cli.join import joined_stack

    terminal = Terminal(as_json=as_json)
    with (
        terminal.guarded(),
        joined_stack(terminal) as joined,
        build_services(joined.settings) as services,
    ):
        joined.begin()
        outcomes = [_run(check, services, terminal) for check in CHECKS]
    raise typer.Exit(Exit.OK if all(outcomes) else Exit.FAULT)


def _run(check: Check, services: "Services", terminal: Terminal) -> bool:
    try:
        found, is_well = check.run(services, terminal), True
    except Exception as error:  # noqa: BLE001 - a check may meet anything; that is its finding.
        found, is_well = f"{type(error).__name__}: {error}", False
    mark, style = ("✓", "green") if is_well else ("✗", "red")
    terminal.say(f"  {mark} {check.name}: {found}", style)
    terminal.emit("check", name=check.name, is_well=is_well, found=found)
    return is_well


def _settings(services: "Services", _terminal: Terminal) -> str:
    settings = services.settings
    return f"{settings.environment.value}, home {settings.home.resolve()}"


def _database(services: "Services", _terminal: Terminal) -> str:
    services.store.ping()
    with services.store.reading() as unit:  # Fails where the tables were never made.
        jobs = sum(unit.jobs.counts().values())
    return f"answers, holds {jobs} job(s)"


def _redis(services: "Services", _terminal: Terminal) -> str:
    screening, workers = services.events.alive("screening"), services.events.alive("worker")
    if not screening or not workers:
        raise CheckFailed(f"{len(screening)} screening and {len(workers)} worker process(es) alive")
    return f"answers; {len(screening)} screening and {len(workers)} worker process(es) alive"


def _blobs(services: "Services", _terminal: Terminal) -> str:
    from core.contracts.ids import new_id

    key = f"selftest/{new_id()}"
    services.blobs.put(key, key.encode())
    try:
        if services.blobs.get(key) != key.encode():
            raise CheckFailed("what was written is not what is read")
    finally:
        services.blobs.delete(key)
    return "written, read and deleted"


def _policy(services: "Services", _terminal: Terminal) -> str:
    policy = services.gate.policy
    return f"{policy.name} {policy.version}, without a classifier: {policy.classifier_missing}"


def _classifier(services: "Services", _terminal: Terminal) -> str:
    states = [name.partition(":")[0] for name in services.events.alive("classifier")]
    if "failed" in states:
        raise CheckFailed(
            "could not be loaded, so every prompt is held; the screening log says why"
        )
    if "ok" in states:
        return "reads every prompt that no rule refuses"
    return "there is none: word lists and rules alone decide"


def _keys(services: "Services", _terminal: Terminal) -> str:
    from PIL import Image

    from core.contracts.ids import new_verify_id
    from core.contracts.provenance import ProvenanceState, StampFacts
    from core.provenance.building import stamper_of
    from core.provenance.keys import load_signing_keys
    from core.provenance.read import read

    policy = services.gate.policy
    keys = load_signing_keys(services.settings)
    facts = StampFacts(
        verify_id=new_verify_id(),
        model="selftest",
        policy_name=policy.name,
        policy_version=policy.version,
        created_at=services.clock(),
    )
    stamped = stamper_of(services.settings).stamp(Image.new("RGB", (64, 64)), facts)
    report = read(stamped.data, anchors=keys)
    if report.state is not ProvenanceState.VALID or report.verify_id != facts.verify_id:
        raise CheckFailed(f"a label signed here reads back as {report.state.value}")
    return "a label was signed and read back"


def _model(services: "Services", _terminal: Terminal) -> str:
    from pathlib import Path

    profile = services.catalog.default
    folder = Path(profile.source)
    if not folder.is_dir():
        return f"{profile.name}: {profile.source}, fetched by the worker"
    if not (folder / "model_index.json").is_file():
        raise CheckFailed(f"{folder} holds no model_index.json")
    return f"{profile.name}: {folder}"


def _picture(services: "Services", terminal: Terminal) -> str:
    from bot.cli.drawing import Drawing, terminal_actor
    from bot.usecases import deleting

    reply = Drawing(services, terminal, PICTURE_TIMEOUT_S).draw(REQUEST)
    if not reply.pictures or reply.job_id is None:
        raise CheckFailed(reply.title)
    picture = reply.pictures[0]
    size_bytes = len(services.blobs.get(picture.blob))
    deleting.delete(services, terminal_actor(), reply.job_id)
    return f"{picture.width}x{picture.height}, {size_bytes:,} bytes, drawn and deleted again"


CHECKS: tuple[Check, ...] = (
    Check("Settings", _settings),
    Check("Database", _database),
    Check("Redis and processes", _redis),
    Check("Pictures' store", _blobs),
    Check("Policy", _policy),
    Check("Classifier", _classifier),
    Check("Signing keys", _keys),
    Check("Model", _model),
    Check("A picture", _picture),
)
"""In the order in which a later one needs the earlier."""
