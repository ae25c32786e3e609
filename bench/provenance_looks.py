"""Measure the search by looks: among a million pictures, and after what happens to them.

The million are random bits: every hash of theirs is compared and none is alike. The corpus is put
among them and looked for, changed in each way; it counts as found where it is the first found.

Times are processor time on one core, since other work may share the machine; the time that passed
stands beside them. A search includes the look for what was recorded since.
"""

import tempfile
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from sqlalchemy import insert

from bench import provenance_corpus
from bench.provenance_distortions import BEYOND, PROMISED, Distortion, Picture
from bench.report import Figure
from core.contracts.registry import Fingerprints, MarkState, RecordKind, TimeState
from core.provenance.alike import LooksIndex
from core.provenance.looks import looks_of
from core.storage import Store
from core.storage.registry_models import RegistryRow

ROWS = 1_000_000
AT_ONCE = 20_000
ROUNDS = 5
SEARCH_MS = 100.0
"""What is asked of a million rows."""

START = datetime(2026, 1, 1, tzinfo=UTC)

BARS = {
    "none": 24,
    "jpeg 50": 24,
    "webp 80": 24,
    "resize 50 %": 24,
    "550 px webp preview": 24,
    "blur of 2 px": 24,
    "screenshot-like resample": 20,
}
"""Of 24: what was measured when the two hashes were chosen; nothing is promised of the others."""


def measure(rows: int = ROWS) -> list[Figure]:
    """Search a million, and look for every picture of the corpus after each change."""
    pictures = dict(provenance_corpus.pictures())
    begun = time.process_time()
    looks = {name: _looks(pixels) for name, pixels in pictures.items()}
    looks_ms = 1000 * (time.process_time() - begun) / len(looks)
    ids = {name: f"{rows + at:016x}" for at, name in enumerate(pictures)}
    with tempfile.TemporaryDirectory() as home:
        store = Store(f"sqlite:///{Path(home) / 'easel.db'}")
        store.migrate()
        _fill(store, _random_rows(rows))
        _fill(store, [_row(ids[name], rows, each) for name, each in looks.items()])
        index = LooksIndex(store)
        begun = time.process_time()
        index.refresh()
        fill_s = time.process_time() - begun
        took = [_search_ms(index, each) for each in looks.values() for _ in range(ROUNDS)]
        found = {name: _found(index, pictures, ids, change) for name, change in _changes().items()}
        store.close()
    wrong = sum(others for _, others in found.values())
    used, passed = (sorted(times) for times in zip(*took, strict=True))
    middle = len(took) // 2
    return [
        Figure("looks_ms", "taking fingerprints, 1024 px", looks_ms, "ms", None),
        Figure("search_p50_ms", "search 1 M by looks, median", used[middle], "ms", SEARCH_MS),
        Figure("search_max_ms", "search 1 M by looks, slowest", used[-1], "ms", None),
        Figure("search_passed_ms", "search 1 M, time that passed", passed[middle], "ms", None),
        Figure("search_fill_s", "reading 1 M rows at first", fill_s, "s", None),
        Figure("looks_wrong", "another picture found", wrong, "", 0),
        *(
            Figure(f"looks: {name}", f"by looks: {name}", hits, "", BARS.get(name), True)
            for name, (hits, _) in found.items()
        ),
    ]


def _changes() -> dict[str, Distortion]:
    return {name: change for name, (change, _) in PROMISED.items()} | BEYOND


def _looks(pixels: Picture) -> Fingerprints:
    return looks_of(Image.fromarray(np.ascontiguousarray(pixels)))


def _search_ms(index: LooksIndex, looks: Fingerprints) -> tuple[float, float]:
    """Search once: processor time, and the time that passed."""
    begun, began = time.process_time(), time.perf_counter()
    index.nearest(looks)
    return 1000 * (time.process_time() - begun), 1000 * (time.perf_counter() - began)


def _found(
    index: LooksIndex, pictures: dict[str, Picture], ids: dict[str, str], change: Distortion
) -> tuple[int, int]:
    """Count the pictures that are found first, and others that are found at all."""
    hits = others = 0
    for name, pixels in pictures.items():
        found = [each.verify_id for each in index.nearest(_looks(change(pixels)))]
        hits += found[:1] == [ids[name]]
        others += len([each for each in found if each != ids[name]])
    return hits, others


def _random_rows(count: int) -> Iterator[dict[str, Any]]:
    random = np.random.default_rng(7)
    for at in range(count):
        bits = random.bytes(64).hex()
        looks = Fingerprints(pdq=bits[:64], pdq_quality=100, phash=bits[64:])
        yield _row(f"{at:016x}", at, looks)


def _row(verify_id: str, at: int, looks: Fingerprints) -> dict[str, Any]:
    return {
        "verify_id": verify_id,
        "kind": RecordKind.PICTURE,
        "sha256": verify_id * 4,
        "drawn_sha256": "",
        "media_type": "image/png",
        "width": 1024,
        "height": 1024,
        "size_bytes": 1_000_000,
        "source_type": "",
        "mode": "text2image",
        "model": "easel-small",
        "policy_name": "easel-pg13",
        "policy_version": "1.0.0",
        "mark_state": MarkState.MARKED,
        "mark_backend": "easel.ss64",
        "pdq": bytes.fromhex(looks.pdq),
        "pdq_quality": looks.pdq_quality,
        "phash": bytes.fromhex(looks.phash),
        "ingredients": [],
        "time_state": TimeState.NONE,
        "downgrades": [],
        "created_at": START + timedelta(seconds=at),
    }


def _fill(store: Store, rows: Iterable[dict[str, Any]]) -> None:
    part: list[dict[str, Any]] = []
    for row in rows:
        part.append(row)
        if len(part) == AT_ONCE:
            _add(store, part)
            part = []
    if part:
        _add(store, part)


def _add(store: Store, part: list[dict[str, Any]]) -> None:
    with store.unit() as unit:
        # A registry adds one record at a time, with all that belongs to it: a million take hours.
        unit.registry._session.execute(insert(RegistryRow), part)  # noqa: SLF001


if __name__ == "__main__":
    for each in measure():
        print(f"{each.what:<40} {each.value:>9.2f} {each.unit:<2} {each.bar or '':>6}")
