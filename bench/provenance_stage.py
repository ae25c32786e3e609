"""Measure the label stage: how long a picture takes, what its parts take, what a label adds.

Times are processor time on one core, since other work may share the machine; the time that passed
stands beside them. Whether `openssl` is there decides if a time stamp's bytes are measured.
"""

import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from bench import provenance_corpus
from bench.report import Figure, percentile
from core.contracts.base import utc_now
from core.contracts.ids import VerifyId, new_verify_id
from core.contracts.provenance import Ingredient, Relation, StampFacts
from core.contracts.registry import RecordKind, TimeState
from core.provenance import native
from core.provenance.authority_time import TimeAuthority
from core.provenance.encoding import PNG, Words, encode
from core.provenance.keys import SigningKeys, load_or_create_keys
from core.provenance.manifest import manifest_of
from core.provenance.mark.marker import load_marker
from core.provenance.options import LabelOptions
from core.provenance.stamp import Stamped, Stamper
from core.provenance.xmp import packet_of

STAGE_S, SIGN_MS = 2.0, 15.0
ADDED_BYTES, ADDED_BYTES_WITH_TIME = 6 * 1024, 16 * 1024
SIGNINGS = 100


def measure() -> list[Figure]:
    """Label every picture of the corpus; sign one of them again and again."""
    with tempfile.TemporaryDirectory() as home:
        keys = load_or_create_keys(Path(home) / "keys")
        marker = load_marker(Path(home) / "keys", backend="easel.ss64")
        stamper = Stamper(keys, marker, LabelOptions(forbids_mining=True))
        stages, stamped = _stages(stamper)
        sign_s, added = _signings(keys, stamped)
        return [
            _figure("stage_p50_s", "label stage at 1024 px, median", percentile(stages, 0.5), "s"),
            _figure(
                "stage_p95_s", "label stage at 1024 px, p95", percentile(stages, 0.95), "s", STAGE_S
            ),
            _figure("sign_p50_ms", "signing, median", 1000 * percentile(sign_s, 0.5), "ms"),
            _figure("sign_p95_ms", "signing, p95", 1000 * percentile(sign_s, 0.95), "ms", SIGN_MS),
            _figure("c2pa_bytes", "C2PA adds, a parent and all options", added, "B", ADDED_BYTES),
            _figure("grid_s", "a grid of four, 2048 px", _grid_s(stamper), "s"),
            *_with_time(Path(home), keys, stamped),
        ]


def _figure(key: str, what: str, value: float, unit: str, bar: float | None = None) -> Figure:
    return Figure(key, what, value, unit, bar)


def _facts(*ingredients: Ingredient) -> StampFacts:
    return StampFacts(
        verify_id=new_verify_id(),
        model="easel-small",
        model_sha256="ab" * 32,
        policy_name="easel-pg13",
        policy_version="1.0.0+1a2b3c4d",
        created_at=utc_now(),
        ingredients=ingredients,
    )


def _parent(relation: Relation = Relation.PARENT_OF) -> Ingredient:
    return Ingredient(relation=relation, verify_id=new_verify_id(), sha256="cd" * 32)


def _timed(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def _stages(stamper: Stamper) -> tuple[list[float], Stamped]:
    taken: list[float] = []
    stamped: Stamped | None = None
    for _, pixels in provenance_corpus.pictures():
        image = Image.fromarray(np.ascontiguousarray(pixels))
        begun = time.process_time()
        stamped = stamper.stamp(image, _facts(_parent()))
        taken.append(time.process_time() - begun)
    if stamped is None:
        raise RuntimeError("the corpus is empty")
    return taken, stamped


def _unsigned(facts: StampFacts, image: Image.Image) -> bytes:
    return encode(image, PNG, Words(packet_of(facts)))


def _signings(keys: SigningKeys, stamped: Stamped) -> tuple[list[float], int]:
    """Sign one finished file many times, and tell what that adds to it."""
    facts = _facts(_parent())
    if stamped.drawn is None:
        raise RuntimeError("nothing was drawn")
    plain = _unsigned(facts, stamped.drawn)
    mark = stamped.mark.model_copy(update={"mark_id": VerifyId(facts.verify_id)})
    manifest = manifest_of(facts, mark, forbids_mining=True)
    times, added = [], 0
    for _ in range(SIGNINGS):
        begun = time.process_time()
        signed = native.sign(plain, PNG, manifest, keys)
        times.append(time.process_time() - begun)
        added = max(added, len(signed.data) - len(plain))
    return times, added


def _grid_s(stamper: Stamper) -> float:
    tiles = [
        Image.fromarray(pixels)
        for _, (_, pixels) in zip(range(4), provenance_corpus.drawn(), strict=False)
    ]
    facts = _facts(*(_parent(Relation.COMPONENT_OF) for _ in tiles))
    return _timed(lambda: stamper.stamp_grid(tiles, facts))


def _with_time(home: Path, keys: SigningKeys, stamped: Stamped) -> list[Figure]:
    """Have an authority on this machine vouch for the time, and tell what that adds."""
    if shutil.which("openssl") is None:
        print("bytes with a time stamp: not measured, there is no openssl here")
        return []
    from tests.core.provenance.clock import Clock, serving

    facts, clock = _facts(_parent()), Clock(home / "clock")
    if stamped.drawn is None:
        raise RuntimeError("nothing was drawn")
    plain = _unsigned(facts, stamped.drawn)
    manifest = manifest_of(facts, stamped.mark, RecordKind.PICTURE, forbids_mining=True)
    with serving(clock) as url:
        authority = TimeAuthority(url, clock.root_pem, 30.0)
        signed = native.sign(plain, PNG, manifest, keys, authority)
    if signed.time_state is not TimeState.STAMPED:
        raise RuntimeError("the authority did not answer in time")
    added = len(signed.data) - len(plain)
    what = "C2PA adds, with a time stamp"
    return [_figure("c2pa_time_bytes", what, added, "B", ADDED_BYTES_WITH_TIME)]


if __name__ == "__main__":
    for each in measure():
        print(each)
