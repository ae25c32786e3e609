"""Name what was done to a picture since it was posted."""

from typing import Any

from core.contracts.examination import Change
from core.contracts.provenance import ProvenanceReport, ProvenanceState
from core.contracts.registry import ProvenanceRecord
from core.provenance.examine.answers import Fitting


def changes_of(
    report: ProvenanceReport, record: ProvenanceRecord, fitting: Fitting
) -> dict[str, Any]:  # checked by the contract
    """Give the fields of an examination that say how a picture was changed."""
    found = {
        Change.CROPPED: fitting.kept is not None,
        Change.RESIZED: fitting.is_resized,
        Change.MIRRORED: fitting.is_mirrored,
        Change.FRAMED: fitting.placed is not None,
        Change.RECOLOURED: fitting.is_recoloured,
        Change.EDITED_LOCALLY: fitting.region is not None,
    }
    has_new_pixels = any(found.values())
    # A label that went with its bytes' change may have come off without a pixel being touched.
    found[Change.RE_ENCODED] = report.media_type != record.media_type
    found[Change.METADATA_LOST] = report.state is ProvenanceState.UNLABELLED
    found[Change.BYTES_CHANGED] = report.state is ProvenanceState.INVALID and not (
        has_new_pixels or found[Change.RE_ENCODED]
    )
    return {
        "changes": tuple(change for change in Change if found[change]),
        "kept": fitting.kept,
        "placed": fitting.placed,
        "region": fitting.region,
        "scale": fitting.scale if fitting.is_resized else None,
    }
