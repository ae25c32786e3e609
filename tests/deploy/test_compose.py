"""The deployment files are valid, name only what exists, and keep their promises.

`compose.schema.json` is a subset of the Compose schema, written for this project: closed, and
faithful for every key in use.
"""

import json
import re
import tomllib
from pathlib import Path

import jsonschema
import pytest
import typer
import yaml

from bot.platform_settings import PLATFORM_SETTINGS
from core.settings import ALL_SETTINGS as CORE_SETTINGS

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text("utf-8")
COMPOSE = yaml.safe_load(TEXT)
ALL_SETTINGS = (*CORE_SETTINGS, *PLATFORM_SETTINGS)
SERVICES = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
HEAVY = re.compile(r"torch|diffusers|transformers|onnxruntime")


def settings() -> dict[str, object]:
    """Map each variable to its settings class and field."""
    return {
        f"{cls.model_config['env_prefix']}{name}".upper(): (cls, name)
        for cls in ALL_SETTINGS
        for name in cls.model_fields
    }


def packages_of(extras: set[str]) -> set[str]:
    """Resolve extras of pyproject.toml, those that name other extras too."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    named = set(project["dependencies"])
    for extra in extras:
        for line in project["optional-dependencies"][extra]:
            own = re.fullmatch(r"easel\[(.+)\]", line)
            named |= packages_of(set(own[1].split(","))) if own else {line}
    return named


def target(name: str) -> str:
    """Cut one stage out of the Dockerfile."""
    return re.split(rf"^FROM \S+ AS {name}$", DOCKERFILE, flags=re.MULTILINE)[1].split("\nFROM")[0]


def test_the_compose_file_is_valid():
    """By the specification's names, types and closed sets."""
    schema = json.loads((ROOT / "tests/deploy/compose.schema.json").read_text("utf-8"))
    validator = jsonschema.Draft7Validator(schema)

    validator.check_schema(schema)

    assert [error.message for error in validator.iter_errors(COMPOSE)] == []


@pytest.mark.parametrize(
    ("where", "value"),
    [
        pytest.param(("services", "web", "healtcheck"), {}, id="misspelt-key"),
        pytest.param(("services", "web", "restart"), "sometimes", id="unknown-restart"),
        pytest.param(("services", "web", "healthcheck", "interval"), "soon", id="no-duration"),
        pytest.param(
            ("services", "web", "depends_on", "redis", "condition"), "ready", id="condition"
        ),
        pytest.param(("services", "web", "ports"), {"8700": 8700}, id="ports-as-mapping"),
    ],
)
def test_the_schema_refuses_what_compose_would_refuse(where, value):
    """A schema that takes everything would prove nothing."""
    schema = json.loads((ROOT / "tests/deploy/compose.schema.json").read_text("utf-8"))
    broken = yaml.safe_load(TEXT)
    *path, last = where
    place = broken
    for key in path:
        place = place[key]
    place[last] = value

    assert not jsonschema.Draft7Validator(schema).is_valid(broken)


def test_every_process_of_the_design_is_there():
    """What runs on its own in production has a service of its own."""
    assert set(SERVICES) == {"redis", "postgres", "migrate", "web", "screening", "worker"}


@pytest.mark.parametrize("service", OURS)
def test_each_service_runs_a_command_that_exists(service):
    """A renamed command must be renamed here too."""
    from bot.cli.app import app

    program, command = SERVICES[service]["command"]

    assert program == "easel"
    assert command in typer.main.get_command(app).commands


def test_the_environment_names_only_settings():
    """A variable that no class reads would be ignored in silence."""
    known = set(settings()) | {"POSTGRES_PASSWORD"}

    given = {name for service in OURS.values() for name in service["environment"]}
    read = set(re.findall(r"\$\{([A-Z_]+)", TEXT))

    assert {name for name in given if name.startswith("EASEL_")} <= known
    assert read <= known
    assert {name for name in given if not name.startswith("EASEL_")} == {"HF_HOME"}


@pytest.mark.parametrize("service", OURS)
def test_the_environment_of_each_service_is_accepted(service, monkeypatch, tmp_path):
    """With both secrets set, each process starts on what compose gives it."""
    monkeypatch.chdir(tmp_path)
    for name, value in SERVICES[service]["environment"].items():
        secret = re.sub(r"\$\{[A-Z_]+:\?[^}]*\}", "0123456789abcdef", value)
        monkeypatch.setenv(name, secret)

    core, *others = [cls() for cls in ALL_SETTINGS]

    assert core.environment == "production"
    assert core.resolved_database_url.startswith("postgresql+psycopg://easel:0123456789abcdef@")
    assert core.resolved_blob_url == "/data/blobs"
    assert all(others)


@pytest.mark.parametrize("secret", ["EASEL_SECRET_KEY", "POSTGRES_PASSWORD"])
def test_a_secret_has_no_default(secret):
    """Starting without one fails with its name instead of running on a public word."""
    uses = re.findall(rf"\$\{{{secret}([^}}]*)\}}", TEXT)

    assert uses
    assert all(use.startswith(":?") for use in uses)


def test_the_broker_forgets_nothing():
    """Everything on disk, nothing evicted: a lost message is a lost wait for somebody."""
    command = SERVICES["redis"]["command"]
    options = dict(zip(command[1::2], command[2::2], strict=True))

    assert options["--appendonly"] == "yes"
    assert options["--maxmemory-policy"] == "noeviction"
    assert SERVICES["redis"]["volumes"] == ["redis:/data"]


def test_everything_that_stays_up_has_a_health_check():
    """Only the one-shot has none: its exit status is its health."""
    without = {name for name, service in SERVICES.items() if "healthcheck" not in service}

    assert without == {"migrate"}


def test_the_tables_are_ready_before_anything_uses_them():
    """Who serves waits for the migration's success, and the migration for the database."""
    for name in set(OURS) - {"migrate"}:
        assert SERVICES[name]["depends_on"] == {
            "redis": {"condition": "service_healthy"},
            "migrate": {"condition": "service_completed_successfully"},
        }
    assert SERVICES["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    assert SERVICES["migrate"]["restart"] == "no"


def test_what_must_last_lies_on_a_volume():
    """Each volume is declared and used; nothing of value lies in a container."""
    used = {
        volume.split(":")[0]
        for service in SERVICES.values()
        for volume in service.get("volumes", ())
    }

    assert used == set(COMPOSE["volumes"]) == {"data", "models", "postgres", "redis"}


def test_only_the_chat_is_published_and_only_on_loopback():
    """Redis, Postgres and the metrics stay on the containers' own network."""
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}

    assert set(published) == {"web"}
    assert all(port.startswith("127.0.0.1:") for port in published["web"])


def test_the_worker_reserves_a_gpu_and_time_to_hand_back():
    """It must not draw on a CPU in silence, nor be killed while it drains."""
    worker = SERVICES["worker"]
    [device] = worker["deploy"]["resources"]["reservations"]["devices"]
    cls, name = settings()["EASEL_WORKER_DRAIN_S"]

    assert device == {"driver": "nvidia", "count": 1, "capabilities": ["gpu"]}
    assert worker["environment"]["EASEL_WORKER_DEVICE"] == "cuda"
    assert float(worker["stop_grace_period"].removesuffix("s")) > cls.model_fields[name].default


@pytest.mark.parametrize("service", OURS)
def test_each_image_is_built_from_a_target_that_exists(service):
    """One Dockerfile; the worker alone carries torch."""
    built = SERVICES[service]["build"]["target"]

    assert built == ("gpu" if service == "worker" else "light")
    assert SERVICES[service]["image"] == f"easel:{built}"
    assert target(built)


@pytest.mark.parametrize(("name", "is_heavy"), [("light", False), ("gpu", True)])
def test_only_the_gpu_image_installs_torch(name, is_heavy):
    """Web, screening and migrate start fast and small."""
    stage = target(name)
    [extras] = re.findall(r"^ARG EXTRAS=(\S+)$", stage, re.MULTILINE)

    heavy = {line for line in packages_of(set(extras.split(","))) if HEAVY.match(line)}

    assert bool(heavy) is is_heavy
    assert ("pip install -c requirements.lock torch" in stage) is is_heavy


@pytest.mark.parametrize("name", ["light", "gpu"])
def test_no_image_runs_as_root(name):
    """And what is installed is what the lock pins."""
    stage = target(name)

    assert re.search(r"^USER easel$", stage, re.MULTILINE)
    assert all(
        "-c requirements.lock" in line for line in stage.splitlines() if "pip install" in line
    )


def test_secrets_and_data_stay_out_of_the_images():
    """A layer is forever, and images get pushed."""
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()

    assert {".env", ".env.*", "easel-data", ".git", ".venv"} <= set(ignored)
    assert not {"bot", "core", "moderation", "worker", "README.md"} & set(ignored)
