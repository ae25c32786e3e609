"""Answers that a ladder gives, one for each rung, and a ladder that gives the one it is told to."""

import hashlib
from datetime import UTC, datetime

from core.contracts.examination import (
    Box,
    Change,
    Confirmation,
    Evidence,
    Examination,
    Lookalike,
    PublicRecord,
    Rung,
    UnsignedClaim,
)
from core.contracts.ids import VerifyId
from core.contracts.provenance import Found, Problem, ProvenanceReport, ProvenanceState
from core.contracts.registry import MarkState

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
VERIFY_ID = VerifyId("00c0ffee00c0ffee")

RECORD = PublicRecord(
    verify_id=VERIFY_ID,
    model="easel-small",
    policy_name="easel-pg13",
    policy_version="1.0.0+aaaaaaaa",
    created_at=NOON,
    media_type="image/png",
    width=1024,
    height=1024,
    mark=MarkState.MARKED,
    is_standing=True,
)

READ = ProvenanceReport(
    state=ProvenanceState.UNLABELLED, found=Found.NO_LABEL, width=512, height=384
)

EDITED = {
    "rung": Rung.MARK,
    "evidence": (Evidence.MARK,),
    "confirmed_by": Confirmation.THUMBNAIL,
    "record": RECORD,
    "claimed_id": VERIFY_ID,
    "changes": (Change.CROPPED, Change.RESIZED, Change.EDITED_LOCALLY, Change.METADATA_LOST),
    "kept": Box(left=0.1, top=0.1, width=0.8, height=0.6),
    "region": Box(left=0.55, top=0.6, width=0.3, height=0.3),
    "scale": 0.54,
    "report": READ,
}
"""Our picture after a crop, a smaller copy and something painted over."""

RUNGS = {
    Rung.EXACT: {
        "evidence": (Evidence.BYTES,),
        "confirmed_by": Confirmation.BYTES,
        "record": RECORD,
    },
    Rung.OUR_MANIFEST: {
        "evidence": (Evidence.MANIFEST,),
        "confirmed_by": Confirmation.BYTES,
        "record": RECORD,
    },
    Rung.MARK: EDITED,
    Rung.MISPLACED: {"evidence": (Evidence.MARK,), "record": RECORD, "claimed_id": VERIFY_ID},
    Rung.UNCONFIRMED: {"evidence": (Evidence.MANIFEST,), "claimed_id": VERIFY_ID},
    Rung.LOOKS: {
        "alike": (
            Lookalike(verify_id=VERIFY_ID, pdq_distance=12, phash_distance=20),
            Lookalike(verify_id=VerifyId("1" * 16), phash_distance=31),
        )
    },
    Rung.OTHER_SIGNER: {"report": READ.model_copy(update={"signer": "Example Camera Co."})},
    Rung.AI_METADATA: {"metadata": (UnsignedClaim.PARAMETERS, UnsignedClaim.XMP)},
    Rung.BROKEN_LABEL: {"problems": ("assertion.dataHash.mismatch",)},
    Rung.NOTHING: {"report": READ},
    Rung.UNREADABLE: {"problems": (Problem.TYPE_UNKNOWN,)},
}
"""What stands on each rung, as the ladder fills it in."""


def examination(rung: Rung = Rung.NOTHING, data: bytes = b"", **changes) -> Examination:
    facts = {"rung": rung, "sha256": hashlib.sha256(data).hexdigest(), "size_bytes": len(data)}
    return Examination(**{**facts, **RUNGS[rung], **changes})


class LadderOf:
    """Climbs to the rung it is told to, and remembers what it was shown."""

    def __init__(self, rung: Rung = Rung.NOTHING, **changes) -> None:
        self.rung = rung
        self.changes = changes
        self.shown: list[bytes] = []

    def examine(self, data: bytes) -> Examination:
        self.shown.append(data)
        return examination(self.rung, data, **self.changes)
