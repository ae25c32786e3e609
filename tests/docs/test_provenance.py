"""The page on labels names everything that a label or a report can say."""

from pathlib import Path

import pytest

from core.contracts.provenance import (
    Found,
    GenerationMode,
    Problem,
    ProvenanceState,
    Relation,
    StampFacts,
)
from core.contracts.registry import Layer
from core.provenance import authority_time, development, isolation, key_folder, keys, read
from core.provenance.manifest import GENERATION
from core.provenance.mark.keys import FILE as MARK_KEYS
from core.settings import CoreSettings

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "provenance.md").read_text("utf-8")


@pytest.mark.parametrize(
    "name",
    [
        *ProvenanceState,
        *Found,
        *Problem,
        *StampFacts.model_fields,
        *GenerationMode,
        *Relation,
        *Layer,
        GENERATION,
        key_folder.ROOT,
        key_folder.CHAIN,
        key_folder.SIGNING_KEY,
        key_folder.ROOT_KEY,
        key_folder.REQUEST_KEY,
        MARK_KEYS,
    ],
)
def test_name_is_on_the_page(name):
    assert f"`{name}`" in PAGE


def test_bounds_on_the_page_are_those_in_force():
    assert read.MAX_BYTES == 20_000_000
    assert read.MAX_PIXELS == 25_000_000
    assert "up to 20 MB and 25 megapixels" in PAGE
    assert isolation.MEMORY_BYTES == 512 << 20
    assert f"512 MB of address space, {isolation.CPU_S} s of CPU" in PAGE
    assert f"valid for {development.VALIDITY.days // 365} years" in PAGE


def test_limits_of_the_clock_on_the_page_are_those_in_force():
    limit_s = CoreSettings.model_fields["tsa_timeout_s"].default
    skew = authority_time.CLOCK_SKEW.seconds // 60
    assert f"`EASEL_TSA_TIMEOUT_S` ({limit_s:g} s)" in PAGE
    assert f"nobody asks for {authority_time.REST_S:g} s" in PAGE
    assert f"within {skew} minutes of our clock" in PAGE
    assert keys.SOON.days == 30
    assert "from a month before the end" in PAGE
