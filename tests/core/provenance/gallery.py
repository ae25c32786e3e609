"""Post pictures as the worker does, and change them as people do."""

import io
from datetime import UTC, datetime

import numpy as np
from PIL import Image

from core.contracts.ids import VerifyId, new_verify_id
from core.contracts.provenance import StampFacts
from core.provenance.alike import LooksIndex
from core.provenance.keys import load_or_create_keys
from core.provenance.ladder import Ladder
from core.provenance.mark.keys import load_or_create_mark_keys
from core.provenance.mark.marker import Marker
from core.provenance.mark.spread import SpreadSpectrum
from core.provenance.stamp import Stamped, Stamper
from core.provenance.stamped import record_of
from core.storage import Store
from core.workflow import JobState
from tests.core.storage.samples import a_job, a_picture, at


class Gallery:
    """One Easel: its keys, its registry and its ladder."""

    def __init__(self, folder):
        self.keys_dir = folder / "keys"
        self.store = Store(f"sqlite:///{folder / 'easel.db'}")
        self.store.migrate()
        keys = load_or_create_keys(self.keys_dir)
        method = SpreadSpectrum(load_or_create_mark_keys(self.keys_dir))
        self.stamper = Stamper(keys, Marker(method, (method,)))
        self.index = LooksIndex(self.store)
        self.ladder = Ladder(self.store, self.keys_dir, self.index)
        job = a_job(JobState.PUBLISHED)
        with self.store.unit() as unit:
            unit.jobs.add(job)
        self.job_id = job.job_id
        self._posted = 0

    def stamp(self, image: Image.Image, verify_id: VerifyId | None = None):
        """Label a picture; it is not recorded yet."""
        facts = self.facts(verify_id)
        return self.stamper.stamp(image, facts), facts

    def facts(self, verify_id: VerifyId | None = None) -> StampFacts:
        """Say what a label says."""
        return StampFacts(
            verify_id=verify_id or new_verify_id(),
            model="easel-small",
            policy_name="default",
            policy_version="1.0.0+1a2b3c4d",
            created_at=datetime(2026, 11, 21, 12, 0, 30, tzinfo=UTC),
        )

    def post(self, image: Image.Image) -> tuple[Stamped, VerifyId]:
        """Label a picture, record it, and show it."""
        stamped, facts = self.stamp(image)
        picture = a_picture(
            self.job_id,
            self._posted,
            verify_id=facts.verify_id,
            sha256=stamped.sha256,
            blob=f"published/{self.job_id}/{facts.verify_id}.png",
        )
        self._posted += 1
        with self.store.unit() as unit:
            unit.pictures.add(picture)
            unit.registry.add(record_of(stamped, facts, self.job_id), stamped.thumbnail)
        return stamped, facts.verify_id

    def take_down(self, verify_id: VerifyId) -> None:
        """Delete a picture and forget what it showed."""
        with self.store.unit() as unit:
            unit.pictures.mark_deleted(verify_id, at(60))
            unit.registry.forget_thumbnails([verify_id])


def opened(data: bytes) -> Image.Image:
    """Decode a file."""
    with Image.open(io.BytesIO(data)) as image:
        return image.convert("RGB")


def saved(image: Image.Image, kind: str = "JPEG", quality: int = 85) -> bytes:
    """Encode a picture, with nothing in it but pixels."""
    out = io.BytesIO()
    options = {"compress_level": 1} if kind == "PNG" else {"quality": quality}
    image.save(out, kind, **options)
    return out.getvalue()


def screenshot(image: Image.Image, scale: float = 1.37) -> Image.Image:
    """Show a picture on a screen that shows more, at a scale of its own."""
    shown = image.resize([round(side * scale) for side in image.size])
    screen = Image.new("RGB", (1920, 1600), (30, 30, 34))
    screen.paste(shown, (260, 120))
    return screen


def with_mark_of(marked: Image.Image, drawn: Image.Image, foreign: Image.Image) -> Image.Image:
    """Carry a mark over, by one who knows even the picture before it was marked."""
    mark = np.asarray(marked, np.int16) - np.asarray(drawn.convert("RGB"), np.int16)
    carried = np.clip(np.asarray(foreign, np.int16) + mark, 0, 255)
    return Image.fromarray(carried.astype(np.uint8))
