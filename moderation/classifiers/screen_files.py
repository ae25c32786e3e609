"""Describe a shipped screen: its files and their hashes, its outputs, how scores are combined."""

import hashlib
import json
from pathlib import Path
from typing import Self

from pydantic import Field, ValidationError, model_validator

from core.contracts.base import Contract
from moderation.classifiers.base import UNSAFE

MANIFEST = "screen.json"
NETWORK = "network.onnx"
TOKENIZER = "tokenizer.json"
NGRAMS = "ngrams.npz"


class ModelError(RuntimeError):
    """Say that a model's files are missing, damaged or not what they claim to be."""


class Blend(Contract):
    """How one output's logits become one: a weight for each, and a constant.

    A window counts like the whole prompt, less a discount: a fragment is easily misread. Fitted
    on sources that the parts had not seen; the sigmoid of the higher sum is a probability.
    """

    network: float = Field(ge=0)
    ngrams: float = Field(ge=0)
    constant: float
    window_discount: float = Field(ge=0)


class ScreenManifest(Contract):
    """What `screen.json` says."""

    name: str
    version: str = Field(description="A date, and the start of the hash of everything else.")
    outputs: tuple[str, ...]
    silent: tuple[str, ...] = Field((), description="Outputs never trained: they are not told.")
    longest_tokens: int = Field(gt=2)
    blends: dict[str, Blend]
    files: dict[str, str] = Field(description="SHA-256 of each file.")

    @model_validator(mode="after")
    def _has_all(self) -> Self:
        if UNSAFE not in self.outputs or set(self.blends) != set(self.outputs):
            raise ValueError("outputs and blends do not belong together")
        if not {NETWORK, TOKENIZER, NGRAMS} <= set(self.files):
            raise ValueError("a file has no hash")
        return self

    def digest(self) -> str:
        """Hash everything but the version."""
        content = self.model_dump(mode="json", exclude={"version"})
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]


def hash_of(path: Path) -> str:
    """Hash one file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_manifest(folder: Path, manifest: ScreenManifest, date: str) -> ScreenManifest:
    """Write the description with the version that its content gives."""
    dated = manifest.model_copy(update={"version": f"{date}-{manifest.digest()}"})
    (folder / MANIFEST).write_text(dated.model_dump_json(indent=1) + "\n", "utf-8")
    return dated


def read_manifest(folder: Path) -> ScreenManifest:
    """Read the description of a folder, and check it and every file it names.

    Raises:
        ModelError: a file is missing or is not the one that was shipped.
    """
    try:
        manifest = ScreenManifest.model_validate_json((folder / MANIFEST).read_bytes())
        wrong = [
            name for name, wanted in manifest.files.items() if hash_of(folder / name) != wanted
        ]
    except (OSError, ValidationError) as error:
        raise ModelError(f"{folder.name}: {type(error).__name__}") from error
    if wrong:
        raise ModelError(f"{folder.name}: damaged {', '.join(wrong)}")
    if manifest.version.rpartition("-")[2] != manifest.digest():
        raise ModelError(f"{folder.name}: damaged {MANIFEST}")
    return manifest
