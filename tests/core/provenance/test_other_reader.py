"""Another reader agrees: c2pa-ts is written in TypeScript and shares no code with our library."""

import io
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from core.contracts.ids import VerifyId
from core.contracts.provenance import Ingredient, Relation
from core.contracts.registry import MarkFacts, MarkState, RecordKind
from core.provenance import native
from core.provenance.manifest import manifest_of
from core.provenance.read import read
from tests.core.provenance.manifests import manifest_of_file
from tests.core.provenance.png import chunk, insert_before_pixels

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "build" / "readers"
IS_HERE = shutil.which("node") is not None and (FOLDER / "node_modules/@trustnxt/c2pa-ts").is_dir()

pytestmark = pytest.mark.skipif(
    not IS_HERE, reason="no other C2PA reader here: `make readers` fetches c2pa-ts (needs npm)"
)

MARK = MarkFacts(
    state=MarkState.MARKED,
    backend="easel.ss64",
    mark_id=VerifyId("0123456789abcdef"),
    key_version=1,
)


def _told(tmp_path, files: dict[str, bytes]) -> dict[str, dict]:
    """Have the other reader look at files; what it says of each."""
    # A module finds its packages from where it lies.
    script = FOLDER / "read.mjs"
    shutil.copy(ROOT / "tests" / "readers" / "read.mjs", script)
    paths = []
    for name, data in files.items():
        paths.append(tmp_path / name)
        paths[-1].write_bytes(data)
    done = subprocess.run(
        ["node", script, *paths], capture_output=True, text=True, check=True, timeout=120
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {Path(line["name"]).name: line for line in lines}


def _signed(keys, facts, kind, media_type, *ingredients) -> bytes:
    plain = io.BytesIO()
    Image.effect_noise((64, 64), 40).convert("RGB").save(plain, media_type.partition("/")[2])
    about = facts.model_copy(update={"ingredients": ingredients})
    manifest = manifest_of(about, MARK, kind, forbids_mining=True)
    return native.sign(plain.getvalue(), media_type, manifest, keys).data


def _reference(relation) -> Ingredient:
    return Ingredient(relation=relation, verify_id=VerifyId("fedcba9876543210"), sha256="cd" * 32)


@pytest.fixture
def files(keys, facts, stamped) -> dict[str, bytes]:
    """One file of each kind of manifest, as they leave."""
    parent, shown = _reference(Relation.PARENT_OF), _reference(Relation.INPUT_TO)
    tiles = [_reference(Relation.COMPONENT_OF) for _ in range(4)]
    kind = RecordKind
    return {
        "picture.png": stamped.data,
        "shown.png": _signed(keys, facts, kind.PICTURE, "image/png", shown),
        "edited.png": _signed(keys, facts, kind.PICTURE, "image/png", parent),
        "grid.png": _signed(keys, facts, kind.GRID, "image/png", *tiles),
        "copy.jpg": _signed(keys, facts, kind.COPY, "image/jpeg", parent),
    }


def test_it_takes_our_labels_as_we_do(files, keys, tmp_path):
    """Every kind of manifest holds, with the same assertions."""
    told = _told(tmp_path, files)

    for name, data in files.items():
        assert read(data, anchors=keys).is_ours
        assert (told[name]["has_label"], told[name]["is_valid"], told[name]["codes"]) == (
            True,
            True,
            [],
        ), told[name]
        assert "internal.easel.generation" in told[name]["assertions"]
        assert "c2pa.actions.v2" in told[name]["assertions"]
    assert "c2pa.soft-binding" in told["edited.png"]["assertions"]
    assert (
        sum(each.startswith("c2pa.ingredient.v3") for each in told["grid.png"]["assertions"]) == 4
    )


def test_it_sees_what_we_see_of_a_changed_file(files, keys, tmp_path):
    """The same files hold no more, for the same reason."""
    whole = files["edited.png"]
    place = whole.index(b"IDAT") + 30
    other = io.BytesIO()
    Image.new("RGB", (64, 64), "teal").save(other, "PNG")
    moved = insert_before_pixels(other.getvalue(), chunk(b"caBX", manifest_of_file(whole)[1]))
    changed = {
        "byte.png": whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :],
        "text.png": insert_before_pixels(whole, chunk(b"tEXt", b"Comment\0made by hand")),
        "moved.png": moved,
        "word.png": whole.replace(b"easel-small", b"easel-large"),
        "bare.png": other.getvalue(),
    }

    told = _told(tmp_path, changed)

    for name, data in changed.items():
        ours = read(data, anchors=keys)
        assert told[name]["is_valid"] is ours.is_ours is False, name
        assert told[name]["has_label"] is (name != "bare.png")
    for name in ("byte.png", "text.png", "moved.png"):
        assert "assertion.dataHash.mismatch" in told[name]["codes"], told[name]
        assert "assertion.dataHash.mismatch" in read(changed[name], anchors=keys).problems
    assert "assertion.hashedURI.mismatch" in told["word.png"]["codes"]
