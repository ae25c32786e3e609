"""Hold what is sent and answered to the platforms' own published schemas, where they are at hand.

`EASEL_SPECS_DIR` names their folder (`discord/openapi.json`, `slack/…`); they are third parties'
files and no part of this project. Without them the protocol servers still check by hand.
"""

import json
import os
from functools import cache
from pathlib import Path

import jsonschema

FOLDER = os.environ.get("EASEL_SPECS_DIR", "")


def story() -> str:
    """Say whether the schemas were at hand."""
    return f"checked by {FOLDER}" if FOLDER else "not checked, EASEL_SPECS_DIR is not set"


@cache
def load(path: str):
    """Read one of the files."""
    return json.loads((Path(FOLDER) / path).read_text("utf-8"))


@cache
def discord_validator(name: str):
    """Make the validator of one of Discord's components; None without the schemas."""
    if not FOLDER:
        return None
    components = load("discord/openapi.json")["components"]
    reference = f"#/components/schemas/{name}"
    return jsonschema.Draft202012Validator({"$ref": reference, "components": components})


@cache
def slack_validator(name: str):
    """Make the validator of one of Slack's blocks; None without the schemas."""
    if not FOLDER:
        return None
    definitions = load("slack/blockkit.schema.json")["definitions"]
    return jsonschema.Draft7Validator({"$ref": f"#/definitions/{name}", "definitions": definitions})


def faults(validator, content) -> list[str]:
    """List what does not fit a schema, by place."""
    if validator is None:
        return []
    return [
        f"{list(error.path)}: {error.message[:300]}" for error in validator.iter_errors(content)
    ]


def unknown_keys(path: str, *parts: str, content: dict) -> set[str]:
    """Find keys that an official sample answer does not have; none without the samples."""
    if not FOLDER:
        return set()
    sample = load(path)
    for part in parts:
        sample = sample[part]
    return set(content) - set(sample)
