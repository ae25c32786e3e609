"""Write families of requests for tests: who went on from whose picture, with real bytes."""

import hashlib

from core.blobs import Blobs
from core.contracts.generation import GenerationSpec
from core.contracts.ids import JobId
from core.contracts.jobs import Picture
from core.contracts.registry import Fingerprints, RecordKind
from core.held import published_key
from core.storage import Store
from core.workflow import JobState
from tests.core.storage.samples import a_job, a_picture, a_record, at
from tests.registered import register

LOOKS = Fingerprints(pdq="0f" * 32, pdq_quality=100, phash="3c" * 32)


class FamilyTree:
    """A store and a folder that fill as requests are made from one another."""

    def __init__(self, store: Store, blobs: Blobs, data: bytes = b"pixels") -> None:
        self.store = store
        self.blobs = blobs
        self.data = data
        self.moment = 0

    def request(
        self,
        state: JobState = JobState.DELIVERED,
        *,
        of: JobId | None = None,
        image: str | None = None,
        pictures: int = 1,
        **fields,
    ) -> JobId:
        """Add a request; `of` is what it was asked from, `image` what it began with."""
        self.moment += 1
        spec = GenerationSpec(prompt="a red apple", image=image)
        job = a_job(state, parent_id=of, spec=spec, created_at=at(self.moment), **fields)
        with self.store.unit() as unit:
            unit.jobs.add(job)
            for index in range(pictures):
                picture = a_picture(job.job_id, index, parent=image, created_at=at(self.moment))
                key = published_key(job.job_id, picture.verify_id)
                sha256 = hashlib.sha256(self.data).hexdigest()
                picture = picture.model_copy(update={"blob": key, "sha256": sha256})
                unit.pictures.add(picture)
                self.blobs.put(key, self.data)
                register(unit, picture, b"small", fingerprints=LOOKS)
        return job.job_id

    def grid(self, job_id: JobId, verify_id: str) -> None:
        """Register the grid of a request's pictures."""
        record = a_record(verify_id, job_id=job_id, kind=RecordKind.GRID)
        with self.store.unit() as unit:
            unit.registry.add(record, b"small")

    def pictures(self, job_id: JobId) -> list[Picture]:
        """Read a request's pictures."""
        with self.store.reading() as unit:
            return unit.pictures.of_job(job_id)

    def image(self, job_id: JobId, index: int = 0) -> str:
        """Name one of its pictures, as `--image` does."""
        return self.pictures(job_id)[index].verify_id

    def from_picture(self, job_id: JobId, index: int = 0, **fields) -> JobId:
        """Add a request that a button below a picture began."""
        action = fields.pop("action", "vary_subtle")
        return self.request(of=job_id, image=self.image(job_id, index), action=action, **fields)
