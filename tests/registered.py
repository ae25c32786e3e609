"""Put pictures into the registry as the worker does: in the transaction that records them."""

from core.contracts.jobs import Picture
from core.contracts.registry import MarkFacts, MarkState, ProvenanceRecord
from core.storage import Unit


def record_of(picture: Picture, **changes) -> ProvenanceRecord:
    """What the registry remembers of a picture; every picture that is posted has such a row."""
    facts = {
        "verify_id": picture.verify_id,
        "job_id": picture.job_id,
        "sha256": picture.sha256,
        "media_type": picture.media_type,
        "width": picture.width,
        "height": picture.height,
        "size_bytes": picture.size_bytes,
        "model": picture.model,
        "policy_name": "easel-pg13",
        "policy_version": picture.policy_version,
        "mark": MarkFacts(
            state=MarkState.MARKED,
            backend="easel.ss64",
            mark_id=picture.verify_id,
            key_version=1,
            strength_db=45.0,
        ),
        "created_at": picture.created_at,
    }
    return ProvenanceRecord(**{**facts, **changes})


def register(unit: Unit, picture: Picture, thumbnail: bytes | None = None, **changes) -> None:
    unit.registry.add(record_of(picture, **changes), thumbnail)
