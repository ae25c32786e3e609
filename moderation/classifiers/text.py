"""Score prompts with the shipped screen: a small transformer and n-grams, on the processor.

A long prompt is read whole and in windows of whole clauses; the highest reading counts, in the
measure that the screen's blends say. Only onnxruntime, tokenizers and numpy are needed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from moderation.classifiers.base import UNSAFE, Scores
from moderation.classifiers.ngrams import NGramModel
from moderation.classifiers.occlusion import Influence, influences
from moderation.classifiers.screen_files import (
    NETWORK,
    NGRAMS,
    TOKENIZER,
    Blend,
    ModelError,
    read_manifest,
)
from moderation.classifiers.windows import windows_of

SHIPPED = Path(__file__).parents[1] / "models" / "easel-screen"

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Reading:
    """What the screen makes of one prompt: is it unsafe at all, and in which way."""

    unsafe: float
    categories: dict[str, float]

    def scores(self) -> dict[str, float]:
        """Give each category's score and "unsafe"; the gate says what answers for it."""
        return self.categories | {UNSAFE: self.unsafe}


class EaselScreen:
    """The classifier that is shipped. Safe to share by threads: it keeps nothing of a text."""

    def __init__(self, folder: Path = SHIPPED) -> None:
        """Load and check a folder.

        Raises:
            ModelError: a file is missing, damaged or unreadable.
        """
        self._manifest = read_manifest(folder)
        try:
            self._session = _session(folder / NETWORK)
            self._tokenizer = _tokenizer(folder / TOKENIZER, self._manifest.longest_tokens)
            self._ngrams = NGramModel.load(folder / NGRAMS)
        except Exception as error:
            # Both libraries raise bare exceptions of their own; to us all mean the same.
            raise ModelError(f"{folder.name}: {type(error).__name__}") from error
        self._blends = [self._manifest.blends[name] for name in self._manifest.outputs]

    @property
    def name(self) -> str:
        """Name the screen in verdicts."""
        return self._manifest.name

    @property
    def version(self) -> str:
        """Tell these weights and this calibration from every other."""
        return self._manifest.version

    def score(self, texts: Sequence[str]) -> list[Scores]:
        """Score each text against the policy's categories."""
        return [reading.scores() for reading in self.read(texts)]

    def read(self, texts: Sequence[str]) -> list[Reading]:
        """Score each text, "unsafe" apart."""
        return [self._reading(self._probabilities(text)) for text in texts]

    def explain(self, text: str, category: str) -> list[Influence]:
        """Find the spans whose removal lowers a category's score most, the strongest first."""

        def score(texts: Sequence[str]) -> list[float]:
            return [max(scores[category], scores[UNSAFE]) for scores in self.score(texts)]

        return influences(text, score)

    def logits(self, texts: Sequence[str]) -> Floats:
        """Give what blends are fitted on: text by part by output.

        The parts are the whole prompt's logits, of network and n-grams, and the highest of its
        windows'. A prompt without windows stands for its own.
        """
        rows = [self._parts(text) for text in texts]
        return np.stack(rows) if rows else np.empty((0, 4, len(self._manifest.outputs)), np.float32)

    def _parts(self, text: str) -> Floats:
        windows = windows_of(text) or [text]
        texts = [text, *windows] if windows != [text] else [text]
        both = np.stack([self._network(texts), self._ngrams.logits(texts)], 1)
        return np.concatenate([both[0], both[-len(windows) :].max(0)])

    def _probabilities(self, text: str) -> Floats:
        row: Floats = blended(self._parts(text)[None], self._blends)[0]
        return row

    def _reading(self, row: Floats) -> Reading:
        told = zip(self._manifest.outputs, map(float, row), strict=True)
        scores = {name: score for name, score in told if name not in self._manifest.silent}
        unsafe = scores.pop(UNSAFE)
        return Reading(unsafe, scores)

    def _network(self, texts: Sequence[str]) -> Floats:
        """Run the network on each text alone.

        Activations are quantised by their range in the whole batch, so in company a text would
        score a little differently than alone, and a replay would differ from the first decision.
        """
        rows = []
        for text in texts:
            ids = np.array([self._tokenizer.encode(text).ids], np.int64)
            inputs = {"ids": ids, "attended": np.ones(ids.shape, np.float32)}
            logits: Floats = self._session.run(None, inputs)[0]
            rows.append(logits[0])
        return np.stack(rows)


def blended(logits: Floats, blends: Sequence[Blend]) -> Floats:
    """Blend texts' parts (text by part by output) into probabilities, an output a blend."""
    network, ngrams, constant, discount = (
        np.array([getattr(blend, name) for blend in blends], np.float32)
        for name in ("network", "ngrams", "constant", "window_discount")
    )
    whole = logits[:, 0] * network + logits[:, 1] * ngrams
    window = logits[:, 2] * network + logits[:, 3] * ngrams - discount
    sums = np.clip(np.maximum(whole, window) + constant, -30, 30)
    shares: Floats = (1 / (1 + np.exp(-sums))).astype(np.float32)
    return shares


def _session(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    # The arena keeps the largest batch's memory for good; this process has other things to do.
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _tokenizer(path: Path, longest: int) -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.enable_truncation(longest)
    return tokenizer
