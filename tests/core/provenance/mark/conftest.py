import numpy as np
import pytest
from pydantic import SecretBytes

from core.contracts.ids import VerifyId
from core.provenance.mark.keys import MarkKey, MarkKeys
from core.provenance.mark.spread import SpreadSpectrum

MARK_ID = VerifyId("0123456789abcdef")


@pytest.fixture(scope="package")
def keys():
    return MarkKeys((MarkKey(1, SecretBytes(bytes(range(32)))),))


@pytest.fixture(scope="package")
def method(keys):
    return SpreadSpectrum(keys)


@pytest.fixture(scope="package")
def picture():
    """512 px of what pictures are made of: a slope, edges, something rough."""
    random = np.random.default_rng(4)
    y, x = np.mgrid[0:512, 0:512]
    slope = 60 + 120 * (x + y) / 1024
    slope[150:360, 90:300] = 40
    slope[(x - 360) ** 2 + (y - 170) ** 2 < 90**2] = 215
    rough = np.kron(random.normal(0, 14, (128, 128)), np.ones((4, 4)))
    slope[380:] += rough[380:]
    pixels = np.stack([slope, slope * 0.9, 255 - slope], axis=-1)
    return np.clip(pixels, 0, 255).astype(np.uint8)


@pytest.fixture(scope="package")
def embedded(method, picture):
    return method.embed(picture, MARK_ID)
