"""Read every setting from the environment, once, at a process's entry point.

Names are `EASEL_` plus the field in capitals, with the group before it: `EASEL_WEB_PORT`.
A `.env` file in the working folder is read too; the environment wins. `.env.example` and
`docs/settings.md` are held to these classes by a test.
"""

import base64
import os
from enum import StrEnum
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings

from core.errors import UserError
from core.settings_source import settings_from
from core.web_settings import ConsoleSettings, WebSettings

__all__ = [
    "ALL_SETTINGS",
    "PLACEHOLDER_SECRET",
    "ConsoleSettings",
    "CoreSettings",
    "Environment",
    "ScreeningSettings",
    "WebSettings",
    "WorkerSettings",
    "environment_for_others",
]

_KEY_BYTES = 32
"""What a Fernet key holds: half for signing, half for encrypting."""

PLACEHOLDER_SECRET = "change-me"  # noqa: S105 - the value that production refuses.


class Environment(StrEnum):
    """Where this process runs; production refuses placeholder secrets."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


def environment_for_others() -> dict[str, str]:
    """Give the environment as a program of somebody else may see it: without our settings."""
    return {name: value for name, value in os.environ.items() if not name.startswith("EASEL_")}


def _is_fernet_key(key: bytes) -> bool:
    """Tell whether a key is 32 bytes in URL-safe base64, as Fernet wants them."""
    try:
        return len(base64.b64decode(key, altchars=b"-_", validate=True)) == _KEY_BYTES
    except ValueError:
        return False


class CoreSettings(BaseSettings):
    """What every process needs to meet the others."""

    model_config = settings_from("EASEL_")

    environment: Environment = Field(
        Environment.DEVELOPMENT, description="`production` refuses placeholder secrets."
    )
    home: Path = Field(
        Path("easel-data"),
        description="Folder for SQLite, blobs, keys and the embedded Redis's file.",
    )
    database_url: str = Field("", description="SQLAlchemy URL; empty: SQLite in EASEL_HOME.")
    redis_url: str = Field("redis://127.0.0.1:6379/0", description="Broker and progress events.")
    blob_url: str = Field(
        "", description="Folder or fsspec URL (`s3://bucket/prefix`); empty: EASEL_HOME/blobs."
    )
    keys_dir: Path | None = Field(
        None,
        description="Folder of the signing chain; empty: EASEL_HOME/keys, made at first start.",
    )
    signing_command: str = Field(
        "",
        description="Signs in place of a key file: bytes on stdin, signature on stdout; no shell.",
    )
    signing_timeout_s: float = Field(
        5.0, gt=0, description="A signing command slower than this has failed."
    )
    tsa_url: str = Field(
        "", description="Authority that vouches for the time of signing (RFC 3161); empty: none."
    )
    tsa_timeout_s: float = Field(
        2.0, gt=0, description="An authority slower than this is asked again later."
    )
    tsa_roots: Path | None = Field(
        None, description="PEM file of roots that time stamps must end in; needed with a URL."
    )
    mark_backend: Literal["easel.ss64", "off", "trustmark", "pixelseal"] = Field(
        "easel.ss64",
        description="What writes marks into pixels: `easel.ss64`, `off`, or `trustmark` or "
        "`pixelseal` with EASEL_MARK_WEIGHTS.",
    )
    mark_weights: Path | None = Field(
        None, description="Folder with the networks of `trustmark` or `pixelseal`; read as well."
    )
    secret_key: SecretStr = Field(
        SecretStr(PLACEHOLDER_SECRET), description="Signs sessions and one-time links."
    )
    held_keys: SecretStr = Field(
        SecretStr(""),
        description="Keys of held pictures, with commas, the newest first; empty: one derived "
        "from EASEL_SECRET_KEY.",
    )
    policy_file: Path | None = Field(
        None, description="The community's policy; empty: the shipped PG-13 policy."
    )
    labels_keep_text: bool = Field(
        default=False, description="Keep a labelled request's words, if its author agreed too."
    )
    labels_keep_days: int = Field(365, ge=1, description="How long labelled decisions are kept.")
    model: str = Field(
        "easel-small",
        description="What draws: `easel-small` (shipped), a Hugging Face id or a local folder.",
    )
    extra_models: str = Field(
        "", description="More models that `--model` may name, as EASEL_MODEL does, with commas."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="DEBUG, INFO, WARNING or ERROR."
    )
    log_json: bool = Field(default=False, description="One JSON object a line instead of text.")
    metrics_host: str = Field(
        "127.0.0.1", description="Address that a worker process serves its metrics on."
    )
    metrics_port: int = Field(
        0, ge=0, le=65535, description="Prometheus port of a worker process; 0: none."
    )
    outbox_sweep_s: float = Field(
        5.0, gt=0, description="How often unsent tasks and lost jobs are looked for, in seconds."
    )
    visibility_timeout_s: int = Field(
        60, ge=2, description="A task not renewed for this long goes to another worker."
    )
    job_lease_s: float = Field(
        15.0, gt=0, description="A running job not renewed for this long counts as lost."
    )
    max_waiting_jobs: int = Field(
        10, ge=1, description="Jobs one member may have waiting at a time."
    )
    max_waiting_jobs_moderator: int = Field(
        20, ge=1, description="Jobs one moderator or admin may have waiting at a time."
    )
    max_waiting_jobs_slowed: int = Field(
        1, ge=1, description="Jobs a member may have waiting whom the policy's ladder slows down."
    )
    max_waiting_jobs_community: int = Field(
        500, ge=1, description="Jobs all members of a community may have waiting together."
    )
    daily_gpu_s: float = Field(
        3600.0, ge=0, description="GPU-seconds a day that one member may draw for; 0: no limit."
    )
    daily_gpu_s_moderator: float = Field(
        14400.0, ge=0, description="GPU-seconds a day for one moderator or admin; 0: no limit."
    )
    daily_gpu_s_community: float = Field(
        0.0, ge=0, description="GPU-seconds a day for all members together; 0: no limit."
    )
    confirm_gpu_s: float = Field(
        60.0, ge=0, description="A larger request is first shown with its price; 0: none is."
    )
    moderator_priority: int = Field(
        0, ge=0, le=9, description="Above 0, jobs of moderators and admins go before all others."
    )
    upload_max_bytes: int = Field(
        10_000_000, ge=1024, description="Bytes of a file that a member uploads, at most."
    )
    uploads_per_hour: int = Field(
        60, ge=1, description="Pictures and masks one member may upload in an hour."
    )
    uploads_per_day: int = Field(
        300, ge=1, description="Pictures and masks one member may upload in a day."
    )
    upload_keep_days: int = Field(
        30, ge=1, description="Days after which an uploaded picture is deleted."
    )

    label_region: Literal["none", "cn"] = Field(
        "none", description="`cn`: words in the corner and the `AIGC` key, as China asks."
    )
    label_producer: str = Field(
        "Easel", min_length=1, description="Who offers this service, as the `AIGC` key names them."
    )
    label_may_miss: str = Field(
        "",
        description="Layers of a label without which pictures may be posted, with commas; empty: "
        "none.",
    )
    label_training_mining: bool = Field(
        default=False, description="Say in each label that nobody may train models on the picture."
    )

    verify_tries: int = Field(
        30, ge=1, description="Files or ids one address or member may ask about in ten minutes."
    )
    verify_tries_overall: int = Field(
        300, ge=1, description="Files and ids that may be asked about in ten minutes, by everybody."
    )

    @property
    def models(self) -> tuple[str, ...]:
        """Every model on offer, the default first."""
        extra = (model.strip() for model in self.extra_models.split(","))
        return (self.model, *(model for model in extra if model))

    @property
    def label_layers_to_miss(self) -> tuple[str, ...]:
        """The layers that `EASEL_LABEL_MAY_MISS` names."""
        return tuple(name.strip() for name in self.label_may_miss.split(",") if name.strip())

    @property
    def held_key_ring(self) -> tuple[bytes, ...]:
        """The keys that `EASEL_HELD_KEYS` names, the one that encrypts first."""
        named = self.held_keys.get_secret_value().split(",")
        return tuple(key.strip().encode() for key in named if key.strip())

    @property
    def resolved_database_url(self) -> str:
        """The database in force."""
        return self.database_url or f"sqlite:///{(self.home / 'easel.db').resolve()}"

    @property
    def resolved_blob_url(self) -> str:
        """The blob store in force."""
        return self.blob_url or str((self.home / "blobs").resolve())

    @property
    def resolved_keys_dir(self) -> Path:
        """The folder of the signing chain in force."""
        return (self.keys_dir or self.home / "keys").resolve()

    @model_validator(mode="after")
    def _refuse_placeholders(self) -> Self:
        is_placeholder = self.secret_key.get_secret_value() in {"", PLACEHOLDER_SECRET}
        if self.environment is Environment.PRODUCTION and is_placeholder:
            raise UserError("placeholder_secret", setting="EASEL_SECRET_KEY")
        return self

    @model_validator(mode="after")
    def _refuse_weak_keys(self) -> Self:
        for number, key in enumerate(self.held_key_ring, start=1):
            if not _is_fernet_key(key):
                raise UserError("held_key_invalid", setting="EASEL_HELD_KEYS", value=number)
        return self


class WorkerSettings(BaseSettings):
    """The generation worker and its engine."""

    model_config = settings_from("EASEL_WORKER_")

    device: str = Field(
        "auto",
        pattern=r"^(auto|cpu|cuda(:\d+)?)$",
        description="`auto`, `cpu`, `cuda` or `cuda:N`.",
    )
    dtype: Literal["auto", "fp32", "fp16", "bf16"] = Field(
        "auto", description="`auto` (bf16 on CUDA, fp32 on CPU), fp32, fp16, bf16."
    )
    slots: int = Field(8, ge=1, le=64, description="Tasks taken from the broker at a time.")
    cpu_threads: int = Field(
        1, ge=1, description="torch threads on a CPU; more than 1 collapses beside busy neighbours."
    )
    cpu_parts: int | None = Field(
        None,
        ge=1,
        description="Parts of a step drawn side by side on a CPU; empty: as many as cores allow.",
    )
    cuda_graphs: bool = Field(
        default=True,
        description="On a GPU, padded forwards are recorded once and replayed; false: never.",
    )
    preview_interval_s: float = Field(
        0.5, ge=0, description="At most one preview picture a job in this time."
    )
    reproducible: bool = Field(
        default=False,
        description="Every picture comes out bitwise the same in any company; costs speed.",
    )
    memory_gib: float | None = Field(
        None,
        gt=0,
        description="Memory that models and steps may take, in GiB; empty: the device's own.",
    )
    hang_timeout_s: float = Field(
        30.0,
        gt=0,
        description="An engine silent for this long, and for ten of its steps, is killed.",
    )
    load_timeout_s: float = Field(
        1800.0,
        gt=0,
        description="An engine that loads a model for longer (a download too) is killed.",
    )
    drain_s: float = Field(
        0.0,
        ge=0,
        description="At SIGTERM, how long running jobs may go on before they are handed back.",
    )
    image_classifier: str = Field(
        "small",
        min_length=1,
        description="What looks at pictures: `small`, `none`, a folder or a Hugging Face id.",
    )
    image_category_map: Path | None = Field(
        None, description="YAML that says what its answers mean; see docs/pictures.md."
    )
    image_timeout_s: float = Field(
        30.0, gt=0, description="A check of a picture slower than this means review."
    )
    picture_deny_list: Path | None = Field(
        None, description="Pictures that are refused by sight; `easel moderation deny` adds to it."
    )


class ScreeningSettings(BaseSettings):
    """The prompt-screening worker."""

    model_config = settings_from("EASEL_SCREENING_")

    concurrency: int = Field(2, ge=1, le=64, description="Prompts screened at a time.")
    timeout_s: float = Field(5.0, gt=0, description="A classifier slower than this means review.")
    classifier: str = Field(
        "shipped",
        min_length=1,
        description="What reads prompts: `shipped`, `none`, a folder, a description or a hub's id.",
    )
    category_map: Path | None = Field(
        None,
        description="YAML that says what another classifier's answers mean; see docs/policy.md.",
    )
    shadow_classifier: str = Field(
        "none",
        min_length=1,
        description="What is asked beside it and changes nothing; named in the same way.",
    )
    shadow_category_map: Path | None = Field(
        None, description="The same YAML for the classifier in shadow."
    )
    shadow_timeout_s: float = Field(
        30.0, gt=0, description="A classifier in shadow slower than this has failed."
    )


ALL_SETTINGS: tuple[type[BaseSettings], ...] = (
    CoreSettings,
    WebSettings,
    ConsoleSettings,
    WorkerSettings,
    ScreeningSettings,
)
"""Every settings class, in the order in which docs/settings.md lists them."""
