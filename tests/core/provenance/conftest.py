"""One development chain and one picture for all tests of labels: both are slow to make anew."""

from datetime import UTC, datetime

import pytest
from PIL import Image, ImageDraw, ImageFilter

from core.contracts.ids import VerifyId
from core.contracts.provenance import StampFacts
from core.provenance.keys import SigningKeys, load_or_create_keys
from core.provenance.stamp import Stamped, Stamper


@pytest.fixture(scope="session")
def keys(tmp_path_factory) -> SigningKeys:
    """A development chain, made as at a first start."""
    return load_or_create_keys(tmp_path_factory.mktemp("home") / "keys")


@pytest.fixture(scope="session")
def impostor(tmp_path_factory) -> SigningKeys:
    """Another machine's development chain: the same names, another root."""
    return load_or_create_keys(tmp_path_factory.mktemp("elsewhere") / "keys")


@pytest.fixture(scope="session")
def picture() -> Image.Image:
    """Shapes and soft edges, so that it compresses like a drawing and not like noise."""
    image = Image.new("RGB", (96, 64), (30, 60, 120))
    ImageDraw.Draw(image).ellipse((20, 10, 70, 60), fill=(200, 40, 30))
    return image.filter(ImageFilter.GaussianBlur(2))


@pytest.fixture(scope="session")
def facts() -> StampFacts:
    return StampFacts(
        verify_id=VerifyId("0123456789abcdef"),
        model="easel-small",
        model_sha256="ab" * 32,
        policy_name="default",
        policy_version="1.0.0+1a2b3c4d",
        created_at=datetime(2026, 11, 21, 12, 0, 30, 999, tzinfo=UTC),
    )


@pytest.fixture(scope="session")
def stamped(keys, picture, facts) -> Stamped:
    """A labelled file as it is posted."""
    return Stamper(keys).stamp(picture, facts)
