"""Write the profile that lies beside a trained model: sizes, steps, styles and its vocabulary."""

import json
from collections.abc import Iterable
from pathlib import Path

from worker.train.backgrounds import SIZE
from worker.train.concepts import TrainedConcept
from worker.train.vocabulary import vocabulary_of

STYLES = {
    "night": " at night",
    "space": " in outer space",
    "beach": " on the beach",
    "meadow": " in a meadow",
    "sky": " in a blue sky with clouds",
    "sunset": " on an orange to purple gradient",
    "ocean": " on a teal to dark blue gradient",
    "pastel": " on a pink to light blue gradient",
}
"""Names for backgrounds that every caption could have had."""


def write_profile(folder: Path, concepts: Iterable[TrainedConcept]) -> None:
    """Write `easel.json` into a pipeline's folder."""
    profile = {
        "title": "Easel Small",
        "native_size": SIZE,
        "aspects": [{"width": 1, "height": 1}],
        "steps": {"draft": 12, "standard": 20, "hd": 30},
        "guidance_scale": 3.0,
        "guidance_range": [1.5, 8.0],
        "post_size": 4 * SIZE,
        "styles": STYLES,
        "vocabulary": vocabulary_of(concepts),
    }
    (folder / "easel.json").write_text(json.dumps(profile, indent=2) + "\n", "utf-8")
