"""Look at the label inside a file and at nothing else: for hosts that have keys and no registry.

Without the registry nobody can say of changed bytes whether the picture is still the labelled one,
whose mark is in its pixels, or what it looks like: those rungs are not climbed.
"""

from typing import TYPE_CHECKING

from core.contracts.examination import Confirmation, Evidence, Examination, Rung
from core.contracts.provenance import Found, ProvenanceReport

if TYPE_CHECKING:
    from core.provenance.keys import Anchors, SigningKeys

_RUNGS = {
    Found.MADE_HERE: Rung.OUR_MANIFEST,
    Found.CHANGED_AFTER_SIGNING: Rung.UNCONFIRMED,
    Found.OTHER_SIGNER: Rung.OTHER_SIGNER,
    Found.AI_METADATA: Rung.AI_METADATA,
    Found.BROKEN_LABEL: Rung.BROKEN_LABEL,
    Found.NO_LABEL: Rung.NOTHING,
    Found.UNREADABLE: Rung.UNREADABLE,
}


def by_label(anchors: "SigningKeys | Anchors | None", data: bytes) -> Examination:
    """Say what a file's own label says."""
    # Loads C2PA, which a host that only chats does not have.
    from core.provenance.examine.claims import unsigned_claims
    from core.provenance.read import read

    report = read(data, anchors=anchors)
    rung = _rung(report)
    claims = unsigned_claims(data, report)
    if rung is Rung.NOTHING and claims:
        rung = Rung.AI_METADATA
    return Examination(
        rung=rung,
        evidence=(Evidence.MANIFEST,) if rung in {Rung.OUR_MANIFEST, Rung.UNCONFIRMED} else (),
        confirmed_by=Confirmation.BYTES if rung is Rung.OUR_MANIFEST else None,
        claimed_id=report.verify_id,
        metadata=claims,
        report=report,
        problems=report.problems,
        sha256=report.sha256 or "",
        size_bytes=len(data),
    )


def _rung(report: ProvenanceReport) -> Rung:
    """Name the rung; a label signed by us that names no record proves nothing."""
    rung = _RUNGS[report.found]
    return Rung.BROKEN_LABEL if rung is Rung.UNCONFIRMED and report.verify_id is None else rung
