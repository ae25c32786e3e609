"""Read a picture's label back: needs no store, only the anchors that are trusted."""

from typing import TYPE_CHECKING

from bot import wording
from bot.replies import Reply
from core.contracts.provenance import ProvenanceReport

if TYPE_CHECKING:
    from core.provenance.keys import Anchors, SigningKeys


def examine(anchors: "SigningKeys | Anchors | None", data: bytes) -> ProvenanceReport:
    """Find out what a file's label says and whether it holds."""
    # Loads C2PA, which a host that only chats does not have.
    from core.provenance.read import read

    return read(data, anchors=anchors)


def verified(report: ProvenanceReport, file_name: str = "") -> Reply:
    """Say in two sentences what a file's label is, and what that does not mean."""
    return wording.verified(report, file_name)


def verify(anchors: "SigningKeys | Anchors | None", data: bytes, file_name: str = "") -> Reply:
    """Look at a file and say what its label is."""
    return verified(examine(anchors, data), file_name)
