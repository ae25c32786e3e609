"""Say what a file's label is, and what that does not mean."""

from typing import NamedTuple

from bot.replies import Reply, ReplyField, ReplyKind, Visibility
from bot.wording.phrases import lines_of, shortened
from core.contracts.provenance import Found, Problem, ProvenanceReport


class _Finding(NamedTuple):
    title: str
    found: str
    does_not_mean: str


_FINDINGS: dict[Found, _Finding] = {
    Found.MADE_HERE: _Finding(
        "Valid label",
        "This file carries a valid label of this Easel: it is AI-generated, and not a byte of it "
        "has changed since it was posted.",
        "That does not mean that what it shows is true, or who asked for it.",
    ),
    Found.CHANGED_AFTER_SIGNING: _Finding(
        "Changed after labelling",
        "This file carries a label of this Easel, but the file was changed after it was signed.",
        "That does not mean that the change was meant to deceive: saving it again is enough.",
    ),
    Found.BROKEN_LABEL: _Finding(
        "Broken label",
        "This file carries a label that does not fit it or cannot be read.",
        "That does not mean that this Easel made it, nor that it did not.",
    ),
    Found.OTHER_SIGNER: _Finding(
        "Another signer's label",
        "This file carries an unbroken label of a signer that this Easel does not know.",
        "That does not mean that the signer is who the label says.",
    ),
    Found.AI_METADATA: _Finding(
        "Says it is AI-generated",
        "This file is not signed, but its plain metadata says that it is AI-generated.",
        "That does not prove it: anybody can write or remove such metadata.",
    ),
    Found.NO_LABEL: _Finding(
        "No label",
        "This file carries no label that Easel can read.",
        "That does not mean that a camera took it or that no AI made it: labels get lost on the "
        "way.",
    ),
    Found.UNREADABLE: _Finding(
        "Not readable",
        "This is no picture that Easel can read.",
        "That does not mean anything about where it comes from.",
    ),
}

_PROBLEMS: dict[str, str] = {
    Problem.EMPTY_FILE: "The file is empty.",
    Problem.TOO_LARGE: "The file is larger than Easel reads.",
    Problem.TOO_MANY_PIXELS: "The picture has more pixels than Easel reads.",
    Problem.TOO_MANY_PARTS: "The file has more parts than any program writes.",
    Problem.TYPE_UNKNOWN: "It is neither PNG nor JPEG nor WebP.",
    Problem.HEADER_BROKEN: "Its first bytes give no size.",
    Problem.TRUNCATED: "Its end is missing.",
    Problem.CRC_BROKEN: "A checksum inside does not fit.",
    Problem.MANIFEST_UNREADABLE: "Its label cannot be read.",
    Problem.MANIFEST_TOO_COSTLY: "Its label takes more time or memory than Easel gives it.",
    Problem.REMOTE_MANIFEST: "It names a server that has its label; Easel asks no servers.",
    Problem.ASSERTION_UNREADABLE: "It is signed here, but what Easel says of it cannot be read.",
    Problem.XMP_UNREADABLE: "Its plain metadata cannot be read.",
}
"""C2PA's own dotted codes are shown as they are: operators look them up."""

_NAME_MAX = 80


def verified(report: ProvenanceReport, file_name: str = "") -> Reply:
    """Say in two sentences what was found and what it does not mean; fields have the rest."""
    finding = _FINDINGS[report.found]
    facts = {
        "Verify id": report.verify_id,
        "Model": report.model,
        "Policy": " ".join(lines_of(report.policy_name, report.policy_version)),
        "Made at": report.created_at and f"{report.created_at:%Y-%m-%d %H:%M} UTC",
        "Signer": report.signer,
        "Problems": " ".join(_PROBLEMS.get(each, each) for each in report.problems),
    }
    return Reply(
        kind=ReplyKind.CARD,
        visibility=Visibility.PRIVATE,
        title=" · ".join(lines_of(finding.title, shortened(file_name, _NAME_MAX))),
        lines=(finding.found, finding.does_not_mean),
        fields=tuple(ReplyField(name=name, value=value) for name, value in facts.items() if value),
    )
