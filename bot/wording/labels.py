"""Say what became known of a file in two sentences: what was found, and what it does not mean.

The words are those of C2PA's guide for users: “AI-generated”, “AI-edited”, “changed”. Nothing is
called real, fake, safe or suspicious, and no finding is a verdict on whoever shows the picture.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from bot.replies import (
    PictureRegion,
    Reply,
    ReplyField,
    ReplyKind,
    Visibility,
)
from bot.wording.changes import changes_in_figures, done_to_it
from bot.wording.phrases import joined, lines_of, shortened
from bot.wording.pictures import label_of
from bot.wording.records import Insight, insight_facts, record_facts, record_link
from core.contracts.examination import (
    Change,
    Confirmation,
    Evidence,
    Examination,
    PublicRecord,
    Rung,
    UnsignedClaim,
)
from core.contracts.provenance import DigitalSourceType, Problem, ProvenanceReport


class Finding(NamedTuple):
    """A rung of the ladder in words: a title, and a sentence each way."""

    title: str
    found: str
    does_not_mean: str


_SAVED = "That does not mean that the change was meant to deceive: saving it again is enough."
_EDITED = (
    "That does not mean that the change was meant to deceive, nor that nothing else was changed."
)

_UNCHANGED: dict[Rung, Finding] = {
    Rung.EXACT: Finding(
        "{label} here, unchanged",
        "This is the very file that was posted here: it is {label}, and not a byte has changed.",
        "That does not mean that what it shows is true, or that who shows it asked for it.",
    ),
    Rung.OUR_MANIFEST: Finding(
        "{label} here, unchanged",
        "The signed label in this file is ours and whole: it is {label}, and not a byte has "
        "changed.",
        "That does not mean that what it shows is true, or that who shows it asked for it.",
    ),
}
"""Where the hash or the signature covers every byte."""

_MADE_HERE: dict[Rung, Finding] = {
    Rung.OUR_MANIFEST: Finding(
        "{label} here, changed since",
        "This picture carries our signed label and is the one that was posted here as "
        "{label}{done}.",
        "{caution}",
    ),
    Rung.MARK: Finding(
        "{label} here, changed since",
        "This picture carries our mark in its pixels and is the one that was posted here as "
        "{label}{done}.",
        "{caution}",
    ),
}
"""Where it was held against what is remembered of the picture, and fits."""

_RESEMBLES = Finding(
    "{label} here, as far as can be told",
    "This picture carries {evidence} and resembles the one that was posted here as {label}, of "
    "which only a fingerprint is left to compare it with{done}.",
    "That does not mean that it is the same in every part: a fingerprint sees no details.",
)
"""Where nothing but a fingerprint was there to compare with."""

_OTHERS: dict[Rung, Finding] = {
    Rung.MISPLACED: Finding(
        "Our label on a different picture",
        "This picture carries {evidence}, which belongs to a different picture: it was carried "
        "over.",
        "That does not mean that this picture was made here, nor that it was made without AI.",
    ),
    Rung.UNCONFIRMED: Finding(
        "Our label, and nothing to compare with",
        "This picture carries {evidence}, and nothing is left here to compare the picture with.",
        "That does not mean that it was made here: a label can be carried over to another picture.",
    ),
    Rung.LOOKS: Finding(
        "Looks like a picture made here",
        "This picture carries nothing of ours, but it looks like {alike} made here.",
        "That does not mean that it is the same: pictures of the same words resemble each other.",
    ),
    Rung.OTHER_SIGNER: Finding(
        "Another signer's label",
        "This file carries an unbroken label of a signer that this Easel does not know.",
        "That does not mean that the signer is who the label says.",
    ),
    Rung.AI_METADATA: Finding(
        "Says that it is AI-generated",
        "This file is not signed, but its plain metadata says that AI made it.",
        "That does not prove it: anybody can write or remove such metadata.",
    ),
    Rung.BROKEN_LABEL: Finding(
        "Broken label",
        "This file carries a label that does not fit it or cannot be read.",
        "That does not mean that this Easel made it, nor that it did not.",
    ),
    Rung.NOTHING: Finding(
        "Nothing found",
        "This picture carries no label and no mark of this Easel, and looks like none made here.",
        "That does not mean that a camera took it or that no AI made it: labels get lost on the "
        "way.",
    ),
    Rung.UNREADABLE: Finding(
        "Not readable",
        "This is no picture that Easel can read.",
        "That does not mean anything about where it comes from.",
    ),
}
"""Where it can not be said that the picture was made here."""

_EVIDENCE = {
    Evidence.BYTES: "the bytes of ours",
    Evidence.MANIFEST: "our signed label",
    Evidence.MARK: "our mark in its pixels",
}

_METADATA = {
    UnsignedClaim.XMP: "IPTC's fields for AI",
    UnsignedClaim.PARAMETERS: "a text of parameters, as some programs that draw write it",
    UnsignedClaim.COMFYUI: "a workflow of ComfyUI",
    UnsignedClaim.AIGC: "the key AIGC, as China's rules ask",
    UnsignedClaim.SOFTWARE: "the name of a program that draws by AI",
}

_PROBLEMS: dict[str, str] = {
    Problem.EMPTY_FILE: "The file is empty.",
    Problem.TOO_LARGE: "The file is larger than Easel reads.",
    Problem.TOO_MANY_PIXELS: "The picture has more pixels than Easel reads.",
    Problem.TOO_MANY_PARTS: "The file has more parts than any program writes.",
    Problem.TYPE_UNKNOWN: "It is of no kind that Easel reads, whatever its name says.",
    Problem.HEADER_BROKEN: "Its first bytes give no size.",
    Problem.TRUNCATED: "Its end is missing.",
    Problem.CRC_BROKEN: "A checksum inside does not fit.",
    Problem.PIXELS_UNREADABLE: "Its picture cannot be decoded.",
    Problem.PIXELS_TOO_COSTLY: "Its picture takes more time or memory than Easel gives it.",
    Problem.MANIFEST_UNREADABLE: "Its label cannot be read.",
    Problem.MANIFEST_TOO_COSTLY: "Its label takes more time or memory than Easel gives it.",
    Problem.REMOTE_MANIFEST: "It names a server that has its label; Easel asks no servers.",
    Problem.ASSERTION_UNREADABLE: "It is signed here, but what Easel says of it cannot be read.",
    Problem.XMP_UNREADABLE: "Its plain metadata cannot be read.",
}
"""C2PA's own dotted codes are shown as they are: operators look them up."""

NO_REGISTRY = (
    "There is no registry on this host: the labels inside the files were read; whether the very "
    "bytes were posted, marks in pixels and looks were not looked at."
)
"""Beside the answers of a host that has keys alone."""

_NAME_MAX = 80


def finding_of(examination: Examination) -> Finding:
    """Say what was found in a title and two sentences."""
    words = _words_for(examination)
    done = done_to_it(examination)
    filled = {
        "label": label_of(_source_type_of(examination.record, examination.report)),
        "done": f"; since then it was {done}" if done else "",
        "evidence": joined([_EVIDENCE[each] for each in examination.evidence]) or "a label of ours",
        "caution": _EDITED if Change.EDITED_LOCALLY in examination.changes else _SAVED,
        "alike": "one" if len(examination.alike) == 1 else f"{len(examination.alike)}",
    }
    return Finding(*(text.format_map(filled) for text in words))


def examined(
    examination: Examination,
    file_name: str = "",
    insight: Insight | None = None,
) -> Reply:
    """Say in two sentences what was found and what it does not mean; fields have the rest.

    Args:
        examination: What was found; all of it may be shown to anybody.
        file_name: What the file was called, by whoever brought it.
        insight: Who asked for the picture, for moderators alone.
    """
    finding = finding_of(examination)
    facts = {**facts_of(examination), **insight_facts(insight)}
    record = examination.record
    return Reply(
        kind=ReplyKind.CARD,
        visibility=Visibility.PRIVATE,
        title=" · ".join(lines_of(finding.title, shortened(file_name, _NAME_MAX))),
        lines=(finding.found, finding.does_not_mean),
        fields=tuple(ReplyField(name=name, value=value) for name, value in facts.items() if value),
        region=region_of(examination),
        links=() if record is None else (record_link(record),),
    )


def all_examined(examinations: Sequence[Examination]) -> Reply:
    """Say it of several pictures of one message, once for all of them of which the same holds."""
    alike: dict[Finding, list[str]] = {}
    for place, examination in enumerate(examinations, start=1):
        alike.setdefault(finding_of(examination), []).append(str(place))
    only = next(iter(alike)) if len(alike) == 1 else None
    fields = [
        ReplyField(
            name=f"Picture{'s' if len(places) > 1 else ''} {joined(places)}",
            value=f"{finding.title}. {finding.found} {finding.does_not_mean}",
        )
        for finding, places in alike.items()
    ]
    ids = [each.record.verify_id for each in examinations if each.record is not None]
    return Reply(
        kind=ReplyKind.CARD,
        visibility=Visibility.PRIVATE,
        title="Different things hold of these pictures" if only is None else only.title,
        lines=() if only is None else ("Of each of these pictures holds:", *only[1:]),
        fields=(
            *(fields if only is None else ()),
            *((ReplyField(name="Verify ids", value="\n".join(ids)),) if ids else ()),
        ),
    )


def facts_of(examination: Examination) -> Mapping[str, str]:
    """List what is known beside the two sentences, for anybody; empty where there is nothing."""
    report = examination.report
    return {
        "How changed": changes_in_figures(examination),
        **_record_in_words(examination),
        "Looks like": "\n".join(each.verify_id for each in examination.alike),
        "Signer": (report and report.signer) or "",
        "Plain metadata": joined([_METADATA[each] for each in examination.metadata]),
        "Problems": " ".join(_PROBLEMS.get(each, each) for each in examination.problems),
    }


def region_of(examination: Examination) -> PictureRegion | None:
    """Show where a picture was edited, where that is known."""
    report = examination.report
    if examination.region is None or report is None or not report.width or not report.height:
        return None
    return PictureRegion(
        box=examination.region,
        width=report.width,
        height=report.height,
        label="Where the picture was edited",
    )


def _words_for(examination: Examination) -> Finding:
    match examination.confirmed_by:
        case None:
            return _OTHERS[examination.rung]
        case Confirmation.BYTES:
            return _UNCHANGED[examination.rung]
        case Confirmation.LOOKS:
            return _RESEMBLES
        case Confirmation.THUMBNAIL:
            return _MADE_HERE[examination.rung]


def _record_in_words(examination: Examination) -> Mapping[str, str]:
    """Tell of the record where the picture is its own, and else only whose label it is."""
    if not examination.is_made_here:
        return {"Verify id of the label": examination.claimed_id or ""}
    if examination.record is not None:
        return record_facts(examination.record)
    return {} if examination.report is None else _label_in_words(examination.report)


def _label_in_words(report: ProvenanceReport) -> dict[str, str]:
    """Tell what our own unbroken label says, where there is no record to ask."""
    return {
        "Verify id": report.verify_id or "",
        "Label": label_of(_source_type_of(None, report)),
        "Model": report.model or "",
        "Policy": " ".join(lines_of(report.policy_name, report.policy_version)),
        "Made at": f"{report.created_at:%Y-%m-%d %H:%M} UTC" if report.created_at else "",
    }


def _source_type_of(
    record: PublicRecord | None, report: ProvenanceReport | None
) -> DigitalSourceType:
    named = record.source_type if record is not None else report and report.source_type
    return named or DigitalSourceType.TRAINED_ALGORITHMIC_MEDIA
