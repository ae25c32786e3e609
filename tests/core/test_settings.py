"""Settings are read once, safe by default, and documented to the last one."""

import enum
import os
import re
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from bot.platform_settings import PLATFORM_SETTINGS
from core.errors import UserError
from core.settings import ALL_SETTINGS as CORE_SETTINGS
from core.settings import CoreSettings, Environment

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = (ROOT / ".env.example").read_text("utf-8")
PAGE = (ROOT / "docs" / "settings.md").read_text("utf-8")
COMPOSE_ONLY = {"POSTGRES_PASSWORD": ""}
ALL_SETTINGS = (*CORE_SETTINGS, *PLATFORM_SETTINGS)


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch, tmp_path):
    """Neither the machine's variables nor its `.env` reach these tests."""
    for name in list(os.environ):
        if name.startswith("EASEL_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def written(default: object) -> str:
    """Write a default as a variable takes it."""
    if default is None:
        return ""
    if isinstance(default, SecretStr):
        return default.get_secret_value()
    if isinstance(default, enum.Enum):
        return str(default.value)
    return str(default).lower() if isinstance(default, bool) else str(default)


def variables() -> dict[str, tuple[str, str]]:
    """Map each variable, in order, to its default and its description."""
    return {
        f"{settings.model_config['env_prefix']}{name}".upper(): (
            written(field.default),
            field.description or "",
        )
        for settings in ALL_SETTINGS
        for name, field in settings.model_fields.items()
    }


def test_every_setting_says_what_it_does():
    """A description is a sentence, and becomes the documentation."""
    for name, (_, description) in variables().items():
        assert description.endswith("."), name


def test_no_two_settings_share_a_variable():
    """The group's prefix and the field's name could meet: EASEL_WEB_PORT."""
    names = [
        f"{settings.model_config['env_prefix']}{name}".upper()
        for settings in ALL_SETTINGS
        for name in settings.model_fields
    ]

    assert len(set(names)) == len(names)


def test_the_example_file_holds_every_setting_in_order():
    """Each with its default, under its description, and nothing else."""
    pairs = re.findall(r"^# (.+)\n([A-Z_]+)=(.*)$", EXAMPLE, re.MULTILINE)
    found = {name: (default, description) for description, name, default in pairs}
    assigned = re.findall(r"^([A-Z_]+)=(.*)$", EXAMPLE, re.MULTILINE)

    ours = {name: fact for name, fact in found.items() if name not in COMPOSE_ONLY}
    assert list(ours.items()) == list(variables().items())
    assert dict(assigned) == {name: default for name, (default, _) in found.items()}
    assert len(assigned) == len(variables()) + len(COMPOSE_ONLY)


def test_the_example_file_as_it_is_gives_the_defaults(monkeypatch, tmp_path):
    """Copying it changes nothing; empty values do not become empty paths."""
    defaults = [settings() for settings in ALL_SETTINGS]
    (tmp_path / ".env").write_text(EXAMPLE, "utf-8")

    copied = [settings() for settings in ALL_SETTINGS]

    assert copied == defaults


def test_the_page_holds_every_setting_in_order():
    """A table for each class, one row a variable: name, default, meaning."""
    rows = re.findall(r"^\| `([A-Z_]+)` \| (?:`(.*?)`)? ?\| (.+) \|$", PAGE, re.MULTILINE)
    found = {name: (default, meaning) for name, default, meaning in rows if name in variables()}

    assert list(found.items()) == list(variables().items())
    for settings in ALL_SETTINGS:
        assert PAGE.count(f"| `{settings.model_config['env_prefix']}") >= len(settings.model_fields)


def test_the_page_and_the_example_name_no_setting_that_is_gone():
    """A renamed setting must not live on in the documentation."""
    named = set(re.findall(r"\b(?:EASEL|POSTGRES)_[A-Z_]+\b", PAGE + EXAMPLE))

    # A group's prefix and the folder's short name are spoken of as such.
    assert named - set(variables()) - set(COMPOSE_ONLY) <= {"EASEL_"}


def test_the_environment_wins_over_the_file(monkeypatch, tmp_path):
    """Deployments override what lies in the folder."""
    (tmp_path / ".env").write_text("EASEL_MODEL=from-file\nEASEL_HOME=from-file\n", "utf-8")
    monkeypatch.setenv("EASEL_MODEL", "from-environment")

    settings = CoreSettings()

    assert settings.model == "from-environment"
    assert settings.home == Path("from-file")


def test_what_is_not_set_lies_in_the_home_folder(tmp_path):
    """One folder to back up, as absolute paths: a process may change its folder."""
    settings = CoreSettings(home=Path("easel-data"))

    assert settings.resolved_database_url == f"sqlite:///{tmp_path}/easel-data/easel.db"
    assert settings.resolved_blob_url == f"{tmp_path}/easel-data/blobs"
    assert settings.resolved_keys_dir == tmp_path / "easel-data" / "keys"


def test_more_models_stand_behind_the_default():
    """With commas between them, and no idle one."""
    settings = CoreSettings(model="a", extra_models=" b/c, /models/d ,,")

    assert settings.models == ("a", "b/c", "/models/d")
    assert CoreSettings(model="a").models == ("a",)


def test_the_keys_of_held_pictures_stand_in_their_order():
    """The newest first; spaces and an idle comma do no harm."""
    one, two = "A" * 43 + "=", "B-_" + "C" * 40 + "="

    assert CoreSettings(held_keys=f" {one} ,{two},").held_key_ring == (one.encode(), two.encode())
    assert CoreSettings().held_key_ring == ()


@pytest.mark.parametrize(
    "keys",
    [
        pytest.param("a password", id="a password"),
        pytest.param("A" * 43, id="unfinished"),
        pytest.param("A" * 20 + "=", id="too short"),
        pytest.param("A" * 43 + "=,Käse", id="the second"),
    ],
)
def test_a_key_that_is_none_is_refused_at_the_start(keys):
    """A process that could not encrypt must not find out when a picture is held."""
    with pytest.raises(UserError) as raised:
        CoreSettings(held_keys=keys)

    assert raised.value.code == "held_key_invalid"
    assert raised.value.facts == {"setting": "EASEL_HELD_KEYS", "value": keys.count(",") + 1}


def test_what_is_set_is_taken(tmp_path):
    """Postgres, a bucket and a mounted folder of keys."""
    settings = CoreSettings(
        database_url="postgresql+psycopg://db/easel", blob_url="s3://b/e", keys_dir=tmp_path / "k"
    )

    assert settings.resolved_database_url == "postgresql+psycopg://db/easel"
    assert settings.resolved_blob_url == "s3://b/e"
    assert settings.resolved_keys_dir == tmp_path / "k"


@pytest.mark.parametrize(
    "secret", [pytest.param("change-me", id="placeholder"), pytest.param("", id="empty")]
)
def test_production_refuses_a_placeholder_secret(monkeypatch, secret):
    """Sessions signed with a public word could be forged by anybody."""
    monkeypatch.setenv("EASEL_ENVIRONMENT", "production")
    monkeypatch.setenv("EASEL_SECRET_KEY", secret)

    with pytest.raises(UserError, match="placeholder_secret") as refused:
        CoreSettings()

    assert refused.value.facts == {"setting": "EASEL_SECRET_KEY"}


def test_production_starts_with_a_secret_of_its_own(monkeypatch):
    """And prints it nowhere."""
    monkeypatch.setenv("EASEL_ENVIRONMENT", "production")
    monkeypatch.setenv("EASEL_SECRET_KEY", "8f14e45fceea167a5a36dedd4bea2543")

    settings = CoreSettings()

    assert settings.environment is Environment.PRODUCTION
    assert "8f14e45f" not in repr(settings)


def test_a_value_that_does_not_fit_is_named_without_being_quoted(monkeypatch):
    """The message reaches logs, and the value may be a secret in the wrong place."""
    monkeypatch.setenv("EASEL_METRICS_PORT", "my-secret")

    with pytest.raises(ValidationError) as refused:
        CoreSettings()

    assert "metrics_port" in str(refused.value)
    assert "my-secret" not in str(refused.value)


def test_settings_do_not_change_after_they_are_read():
    """Everyone who was handed them sees the same."""
    settings = CoreSettings()

    with pytest.raises(ValidationError):
        settings.model = "another"
