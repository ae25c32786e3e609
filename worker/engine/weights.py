"""Find a model's files and name them by their content."""

import hashlib
import re
from pathlib import Path

from core.errors import UserError

_SHA256 = re.compile(r"[0-9a-f]{64}")
_HUB_ID = re.compile(r"[\w.-]+(/[\w.-]+)?")


def folder_of(source: str) -> Path:
    """Find the folder of a model, fetching it from the Hugging Face hub where it is an id.

    Only safetensors weights are fetched: pickled ones can run code.

    Raises:
        UserError: `model_not_found`, `model_unreachable` or `model_unreadable`.
    """
    folder = Path(source).expanduser()
    if folder.is_dir():
        return folder
    if not _HUB_ID.fullmatch(source) or source.startswith("."):
        raise UserError("model_not_found", value=source)
    return _fetch(source)


def _fetch(source: str) -> Path:
    from diffusers import DiffusionPipeline

    try:
        return Path(DiffusionPipeline.download(source, use_safetensors=True))
    except (
        Exception
    ) as error:  # the hub's client, its HTTP library and diffusers each have their own
        raise UserError(_code_of(error), value=source) from error


def _code_of(error: Exception) -> str:
    """Tell a hub that was not reached from an id that it does not know, and from unusable files."""
    from huggingface_hub import errors

    cause = error.__cause__ or error  # diffusers chains what the hub said to its own words.
    if isinstance(cause, errors.LocalEntryNotFoundError):
        return "model_unreachable"
    if isinstance(cause, errors.RepositoryNotFoundError | errors.EntryNotFoundError):
        return "model_not_found"
    is_own_word = isinstance(error, OSError) and cause is error
    if is_own_word and not isinstance(error, errors.HfHubHTTPError):
        return "model_unreadable"  # For example: it has no safetensors weights.
    return "model_unreachable"


def weights_sha256(folder: Path) -> str:
    """Name a model by one hash over its weight files' own hashes and relative paths.

    The hub's cache stores large files under their SHA-256, so those are not read again.
    """
    lines = []
    for path in sorted(folder.rglob("*.safetensors")):
        stored_as = path.resolve().name
        digest = stored_as if _SHA256.fullmatch(stored_as) else _file_sha256(path)
        lines.append(f"{digest}  {path.relative_to(folder).as_posix()}\n")
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
