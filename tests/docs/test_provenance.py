"""The page on labels names everything that a label or a report can say."""

from pathlib import Path

import pytest

from core.contracts.provenance import Found, Problem, ProvenanceState, StampFacts
from core.provenance import isolation, keys, read
from core.provenance.manifest import GENERATION

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "provenance.md").read_text("utf-8")


@pytest.mark.parametrize(
    "name",
    [
        *ProvenanceState,
        *Found,
        *Problem,
        *StampFacts.model_fields,
        GENERATION,
        keys.ROOT,
        keys.CHAIN,
        keys.SIGNING_KEY,
        keys.ROOT_KEY,
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
    assert f"valid for {keys.VALIDITY.days // 365} years" in PAGE
