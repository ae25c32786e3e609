"""Fetch emoji as vector drawings: the font's bitmaps are too small to learn 512 pixels from.

They are those of Noto Emoji in Iconify's form (npm package `@iconify-json/noto`, Apache-2.0), and
`resvg-py` renders them. Training alone needs either; `make train-enlarger` brings both.
"""

import hashlib
import importlib
import io
import json
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any, Self

from PIL import Image

PACKAGE = "@iconify-json/noto"
VERSION = "1.2.9"
TARBALL = "iconify-json-noto-1.2.9.tgz"
SHA256 = "3e918d88fc945c0bb3d468dbace6f88caef67f01c9f0e7bcae0915a042e8f1ad"
"""Of the tarball: what is trained on is what the model card names."""

HELD_OUT_SHARE = 10
"""One family of drawings in this many is never trained on."""

_BODY_MAX = 30_000  # Two drawings are longer, and take ten times as long to render as the others.
_PEOPLE = ("man", "woman", "person", "people", "men", "women", "family", "couple", "kiss")
_SIGNS = ("button", "letter", "keycap")
_MANY = frozenset((*_PEOPLE, *_SIGNS, "skin", "flag"))
"""Words of drawings that come by the hundred and differ in little: they would crowd the rest."""


class MissingTool(Exception):
    """Something that only training needs is not on this machine."""


class VectorArtwork:
    """Drawings by name, rendered at any size."""

    def __init__(self, bodies: dict[str, str], view: tuple[int, int]) -> None:
        self._bodies, self._view = bodies, view
        try:
            # Training alone needs it, and it publishes no types.
            self._renderer: Any = importlib.import_module("resvg_py")
        except ImportError as error:
            raise MissingTool("resvg-py: pip install 'easel[train]'") from error

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read the drawings, fetching the package into the folder where it is not there yet.

        Raises:
            MissingTool: npm or the renderer is not on this machine.
            ValueError: the package is not the one that the recipe names.
        """
        tarball = _fetched(folder)
        with tarfile.open(tarball) as package:
            file = package.extractfile("package/icons.json")
            assert file is not None
            icons = json.load(file)
        bodies = {name: icon["body"] for name, icon in icons["icons"].items() if _fits(name, icon)}
        return cls(bodies, (icons["width"], icons["height"]))

    @property
    def taught(self) -> list[str]:
        """The drawings to learn from."""
        return [name for name in sorted(self._bodies) if not is_held_out(name)]

    @property
    def held_out(self) -> list[str]:
        """The drawings to measure with."""
        return [name for name in sorted(self._bodies) if is_held_out(name)]

    def picture(self, name: str, size: int) -> Image.Image:
        """Render a drawing, RGBA, in a square of that many pixels."""
        width, height = self._view
        svg = (
            '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
            f'viewBox="0 0 {width} {height}" width="{size}" height="{size}">'
            f"{self._bodies[name]}</svg>"
        )
        rendered = self._renderer.svg_to_bytes(svg_string=svg, skip_system_fonts=True)
        with Image.open(io.BytesIO(rendered)) as image:
            return image.convert("RGBA")


def is_held_out(name: str) -> bool:
    """Say whether a drawing is kept for testing, with all whose names end with the same word.

    `grinning-cat` and `crying-cat` are one drawing with two mouths: to learn from one and to be
    measured on the other would be recall.
    """
    digest = hashlib.sha256(f"enlarger {name.rpartition('-')[2]}".encode()).digest()
    return digest[0] < 256 // HELD_OUT_SHARE


def _fits(name: str, icon: dict[str, Any]) -> bool:  # JSON
    is_many = not _MANY.isdisjoint(name.split("-"))
    return not icon.get("hidden") and not is_many and len(icon["body"]) < _BODY_MAX


def _fetched(folder: Path) -> Path:
    path = folder / TARBALL
    if not path.is_file():
        npm = shutil.which("npm")
        if npm is None:
            raise MissingTool(f"npm, which fetches {PACKAGE}; or put {TARBALL} into {folder}")
        folder.mkdir(parents=True, exist_ok=True)
        command = [npm, "pack", "--silent", f"{PACKAGE}@{VERSION}"]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
    if hashlib.sha256(path.read_bytes()).hexdigest() != SHA256:
        raise ValueError(f"{path} is not {PACKAGE} {VERSION}")
    return path
