"""Hold one labelled file, and write down what the registry remembers of it."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core.contracts.ids import JobId
from core.contracts.provenance import Relation, StampFacts
from core.contracts.registry import (
    Fingerprints,
    Layer,
    MarkFacts,
    ProvenanceRecord,
    RecordKind,
    TimeState,
)

if TYPE_CHECKING:
    from PIL import Image


@dataclass(frozen=True, slots=True)
class Stamped:
    """One labelled file; nothing may touch its bytes, or the signature breaks."""

    data: bytes = field(repr=False)
    width: int
    height: int
    media_type: str
    kind: RecordKind
    mark: MarkFacts
    sha256: str = ""
    """Of the data; empty as long as it is not signed."""
    fingerprints: Fingerprints | None = None
    thumbnail: bytes | None = field(default=None, repr=False)
    drawn: "Image.Image | None" = field(default=None, repr=False, compare=False)
    """The pixels before they were marked: what is drawn again is held against them."""
    drawn_sha256: str = ""
    time_state: TimeState = TimeState.NONE
    downgrades: tuple[Layer, ...] = ()


def record_of(stamped: Stamped, facts: StampFacts, job_id: JobId | None) -> ProvenanceRecord:
    """Write down a file as the registry remembers it.

    Args:
        stamped: The file.
        facts: What it was stamped with.
        job_id: Whose it is; None: of no job, such as a sample of an operator's.
    """
    parents = [each for each in facts.ingredients if each.relation is Relation.PARENT_OF]
    is_copy = stamped.kind is RecordKind.COPY
    return ProvenanceRecord(
        verify_id=facts.verify_id,
        job_id=job_id,
        kind=stamped.kind,
        sha256=stamped.sha256,
        drawn_sha256=stamped.drawn_sha256,
        media_type=stamped.media_type,
        width=stamped.width,
        height=stamped.height,
        size_bytes=len(stamped.data),
        source_type=facts.source_type,
        mode=facts.mode,
        model=facts.model,
        policy_name=facts.policy_name,
        policy_version=facts.policy_version,
        mark=stamped.mark,
        fingerprints=stamped.fingerprints,
        ingredients=facts.ingredients,
        original=parents[0].verify_id if is_copy and parents else None,
        time_state=stamped.time_state,
        downgrades=stamped.downgrades,
        created_at=facts.created_at,
    )
