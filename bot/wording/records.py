"""Say what the registry remembers of a labelled file: to anybody, and a little more to moderators.

What anybody may read has no member, no request, no channel and no prompt in it.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from bot.replies import Reply, ReplyField, ReplyKind, ReplyLink, Visibility
from bot.wording.buttons import DETAILS
from bot.wording.pictures import LABEL, LABEL_EDITED, label_of
from core.contracts.examination import PublicRecord
from core.contracts.ids import JobId
from core.contracts.provenance import GenerationMode
from core.contracts.registry import MarkState, RecordKind, TimeState


class Insight(NamedTuple):
    """What moderators of the community may know of a picture, and nobody else."""

    job_id: JobId
    requester: str
    is_owner_of_the_label: bool = False
    """The request is that of the label, which stands on another picture than its own."""


_MODES = {
    GenerationMode.TEXT2IMAGE: "drawn from words alone",
    GenerationMode.IMAGE2IMAGE: "drawn from words and a picture",
    GenerationMode.INPAINT: "a part of a picture drawn anew",
    GenerationMode.UPSCALE: "a picture enlarged",
    GenerationMode.VARIATION: "a variation of a picture drawn here",
}

_KINDS = {
    RecordKind.PICTURE: "",
    RecordKind.GRID: "several pictures of one request side by side",
    RecordKind.COPY: "a copy, encoded once more to fit where it was posted",
    RecordKind.ANIMATION: "a picture that moves: signed, without a mark in its pixels",
}

_MARKS = {
    MarkState.MARKED: "",
    MarkState.WEAK: "a weak one, which may not outlast a preview",
    MarkState.TOO_SMALL: "none: the picture is too small for one",
    MarkState.OFF: "none was asked for",
    MarkState.FAILED: "none: it was posted without",
}

_TIMES = {
    TimeState.NONE: "",
    TimeState.PENDING: "still awaited from the time-stamp authority",
    TimeState.STAMPED: "vouched for by a time-stamp authority",
}

_MEANS = {
    LABEL: "AI-generated: a model drew all of this picture, and Easel posted it.",
    LABEL_EDITED: "AI-edited: a member brought this picture, AI drew a part of it, and Easel "
    "posted it.",
}

_DOES_NOT_MEAN = (
    "That does not mean that what it shows is true, or that who shows it elsewhere asked for it."
)


def record_facts(record: PublicRecord) -> dict[str, str]:
    """List what anybody may know of a labelled file; empty where there is nothing to tell."""
    return {
        "Verify id": record.verify_id,
        "Label": label_of(record.source_type),
        "Model": record.model,
        "Policy": f"{record.policy_name} {record.policy_version}",
        "Made at": f"{record.created_at:%Y-%m-%d %H:%M} UTC",
        "Time": _TIMES[record.time_state],
        "Came about by": _MODES[record.mode],
        "Posted as": f"{record.media_type}, {record.width} x {record.height}",
        "Kind": _KINDS[record.kind],
        "Copy of": record.original or "",
        "Mark in the pixels": _MARKS[record.mark],
        "Since then": "" if record.is_standing else "taken down; its label still verifies",
    }


def insight_facts(insight: Insight | None) -> dict[str, str]:
    """List what moderators get beside it; nothing for everybody else."""
    if insight is None:
        return {}
    if insight.is_owner_of_the_label:
        return {"The label's request": insight.job_id, "The label's requester": insight.requester}
    return {"Request": insight.job_id, "Asked by": insight.requester}


def record_lines(record: PublicRecord) -> tuple[str, str]:
    """Say in two sentences what a record says of its file, and what that does not mean."""
    return _MEANS[label_of(record.source_type)], _DOES_NOT_MEAN


def recorded(record: PublicRecord, insight: Insight | None = None) -> Reply:
    """Say what is remembered under a verify id."""
    facts = {**record_facts(record), **insight_facts(insight)}
    return Reply(
        kind=ReplyKind.CARD,
        visibility=Visibility.PRIVATE,
        title=f"Record {record.verify_id}",
        lines=record_lines(record),
        fields=tuple(ReplyField(name=name, value=value) for name, value in facts.items() if value),
        links=(record_link(record),),
    )


def about(
    job_id: JobId,
    records: Sequence[PublicRecord],
    layers: Mapping[str, str],
    insight: Insight | None = None,
) -> Reply:
    """Say below posted pictures what their labels say; of several, what holds of all of them."""
    first = records[0]
    facts = record_facts(first)
    if len(records) > 1:
        facts["Verify id"] = "\n".join(each.verify_id for each in records)
    facts = {**facts, **layers, **insight_facts(insight)}
    return Reply(
        kind=ReplyKind.CARD,
        visibility=Visibility.PRIVATE,
        title="About this image" if len(records) == 1 else "About these images",
        lines=record_lines(first),
        fields=tuple(ReplyField(name=name, value=value) for name, value in facts.items() if value),
        links=(record_link(first),) if len(records) == 1 else (),
        buttons=(DETAILS,),
        job_id=job_id,
    )


def record_link(record: PublicRecord) -> ReplyLink:
    """Lead to the page that shows a record to anybody."""
    return ReplyLink(path=f"/verify/{record.verify_id}", label="Its public record", is_page=True)
