"""The recipe writes the profile that is shipped."""

import json

from core.catalog import SHIPPED_MODELS
from worker.train.concepts import CONCEPTS
from worker.train.profiles import write_profile


def test_the_profile_of_the_first_list_is_the_shipped_one(tmp_path):
    """So that a model trained anew can take its place."""
    write_profile(tmp_path, CONCEPTS)

    made, shipped = (
        json.loads((folder / "easel.json").read_text("utf-8"))
        for folder in (tmp_path, SHIPPED_MODELS / "easel-small")
    )
    assert made == shipped
