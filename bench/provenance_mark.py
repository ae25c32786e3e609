"""Measure our own mark: what it outlasts, what it costs, what finds it where none is."""

import time
from collections.abc import Callable, Iterable

import numpy as np
from pydantic import SecretBytes

from bench import provenance_attack
from bench.provenance_corpus import Picture, pictures
from bench.provenance_distortions import BEYOND, PROMISED, Distortion, jpeg, resized
from bench.provenance_likeness import psnr, ssim
from bench.report import Figure, percentile
from core.contracts.ids import VerifyId
from core.provenance.mark.base import Detected, Effort, Embedded
from core.provenance.mark.keys import MarkKey, MarkKeys
from core.provenance.mark.spread import SpreadSpectrum

SMALL_SIDE = 512
"""What the shipped model's pictures are posted at."""
Corpus = dict[str, Picture]


def method(secret: int = 1) -> SpreadSpectrum:
    """Build the method with a key that is the same in every run."""
    return SpreadSpectrum(MarkKeys((MarkKey(1, SecretBytes(bytes([secret]) * 32)),)))


def id_of(number: int) -> VerifyId:
    """Number the pictures' ids, far apart."""
    return VerifyId(f"{(number + 1) * 0x9E3779B97F4A7C15 % 2**64:016x}")


def measure() -> tuple[list[Figure], dict[str, object]]:
    """Take every figure of the mark; some minutes."""
    corpus = dict(pictures())
    ours = method()
    marked, figures, each = _marked(ours, corpus)
    lost: dict[str, list[str]] = {}
    spent: list[float] = []
    for name, (distort, bar) in PROMISED.items():
        figures.append(_survival(ours, marked, name, distort, lost, spent, bar=bar))
    figures.append(Figure("find_p95_ms", "found again, p95", percentile(spent, 0.95), "ms", 3000))
    for name, distort in BEYOND.items():
        figures.append(_survival(ours, marked, name, distort, lost, spent))
    figures += _small(ours, corpus, lost)
    figures += _unmarked(ours, corpus)
    figures.append(_anew(ours, corpus))
    figures += provenance_attack.measure(ours, corpus)
    return figures, {"pictures": each, "lost": {k: v for k, v in lost.items() if v}}


def looked_for(ours: SpreadSpectrum, pixels: Picture) -> Detected | None:
    """Look as the ladder does: quickly, then thoroughly."""
    quick = ours.detect(pixels, effort=Effort.QUICK)
    return quick or ours.detect(pixels, effort=Effort.FULL)


def _marked(
    ours: SpreadSpectrum, corpus: Corpus
) -> tuple[dict[str, Embedded], list[Figure], dict[str, object]]:
    marked: dict[str, Embedded] = {}
    seconds, noise, likeness = [], [], []
    for number, (name, pixels) in enumerate(corpus.items()):
        began = time.process_time()
        marked[name] = ours.embed(pixels, id_of(number))
        seconds.append(time.process_time() - began)
        noise.append(psnr(pixels, marked[name].pixels))
        likeness.append(ssim(pixels, marked[name].pixels))
    each = {
        name: {
            "state": embedded.facts.state,
            "strength_db": embedded.facts.strength_db,
            "psnr": round(noise[number], 2),
            "ssim": round(likeness[number], 4),
        }
        for number, (name, embedded) in enumerate(marked.items())
    }
    figures = [
        Figure("pictures", "pictures of 1024 px", len(corpus), "", 24, higher_is_better=True),
        Figure("psnr_db", "PSNR, mean", float(np.mean(noise)), "dB", 44, higher_is_better=True),
        Figure("ssim", "SSIM, mean", float(np.mean(likeness)), "", 0.975, higher_is_better=True),
        Figure("psnr_least_db", "PSNR, least", min(noise), "dB", None),
        Figure("ssim_least", "SSIM, least", min(likeness), "", None),
        Figure("embed_p50_s", "writing it, median CPU", float(np.median(seconds)), "s", None),
        Figure("embed_p95_s", "writing it, p95 CPU", percentile(seconds, 0.95), "s", 1.3),
    ]
    return marked, figures, each


def _survival(  # noqa: PLR0913 - two of them only collect.
    ours: SpreadSpectrum,
    marked: dict[str, Embedded],
    name: str,
    distort: Distortion,
    lost: dict[str, list[str]],
    spent: list[float],
    *,
    bar: int | None = None,
) -> Figure:
    lost[name] = []
    for title, embedded in marked.items():
        distorted = distort(embedded.pixels)
        began = time.process_time()
        found = looked_for(ours, distorted)
        spent.append(1000 * (time.process_time() - began))
        if found is None or found.mark_id != embedded.facts.mark_id:
            lost[name].append(title)
    kept = len(marked) - len(lost[name])
    print(f"{name}: {kept} of {len(marked)} {' '.join(lost[name])}", flush=True)
    key = "kept_" + "_".join(name.replace("%", "").replace(",", "").split())
    return Figure(key, name, kept, "", bar, higher_is_better=True)


def _small(ours: SpreadSpectrum, corpus: Corpus, lost: dict[str, list[str]]) -> list[Figure]:
    """Mark the same pictures at the size at which the shipped model's are posted."""
    marked = {
        name: ours.embed(resized(pixels, SMALL_SIDE / pixels.shape[0]), id_of(number))
        for number, (name, pixels) in enumerate(corpus.items())
    }
    wanted: Iterable[tuple[str, Distortion, int]] = (
        ("512 px none", lambda pixels: pixels, 24),
        ("512 px jpeg 70", jpeg(70), 23),
        ("512 px crop 50 %", PROMISED["crop 50 %"][0], 22),
        ("512 px screenshot", PROMISED["screenshot-like resample"][0], 22),
    )
    return [
        _survival(ours, marked, name, distort, lost, [], bar=bar) for name, distort, bar in wanted
    ]


def _unmarked(ours: SpreadSpectrum, corpus: Corpus) -> list[Figure]:
    """Look for marks where there are none of ours, as thoroughly as can be."""
    foreign = method(secret=2)
    makers: tuple[Callable[[Picture, int], Picture], ...] = (
        lambda pixels, _number: pixels,
        lambda pixels, _number: resized(pixels, 0.71)[5:-90, 40:],
        lambda pixels, number: foreign.embed(pixels, id_of(number)).pixels,
    )
    wrong, quick, full = 0, [], []
    for number, pixels in enumerate(corpus.values()):
        for make in makers:
            made = make(pixels, number)
            began = time.process_time()
            found = ours.detect(made, effort=Effort.QUICK)
            middle = time.process_time()
            found = found or ours.detect(made, effort=Effort.FULL)
            full.append(time.process_time() - began)
            quick.append(1000 * (middle - began))
            wrong += found is not None
    return [
        Figure("unmarked", "unmarked, cut, or with another key's mark", len(full), "", None),
        Figure("unmarked_wrong", "of these found to be ours", wrong, "", 0),
        Figure("quick_p50_ms", "quick search in vain, median", float(np.median(quick)), "ms", None),
        Figure("quick_p95_ms", "quick search in vain, p95", percentile(quick, 0.95), "ms", None),
        Figure("full_p50_s", "both searches in vain, median", float(np.median(full)), "s", None),
        Figure("full_max_s", "both searches in vain, longest", max(full), "s", 3),
    ]


def _anew(ours: SpreadSpectrum, corpus: Corpus) -> Figure:
    """Enlarge marked pictures to twice their sides, mark them anew, look at every size."""
    right, names = 0, list(corpus)[::4]
    for number, name in enumerate(names):
        first = ours.embed(resized(corpus[name], 0.5), id_of(number))
        second = ours.embed(resized(first.pixels, 2), id_of(number + 100))
        sizes = (second.pixels, resized(second.pixels, 0.5), PROMISED["jpeg 70"][0](second.pixels))
        found = [looked_for(ours, size) for size in sizes]
        right += all(each is not None and each.mark_id == id_of(number + 100) for each in found)
    print(f"enlarged and marked anew: {right} of {len(names)}")
    return Figure(
        "anew", f"enlarged x 2, marked anew: the new id, of {len(names)}", right, "",
        len(names), higher_is_better=True,
    )  # fmt: skip
