"""Say which layers of a label a picture has, and which it was posted without."""

from collections.abc import Iterable, Mapping, Sequence

from bot.wording.phrases import joined
from bot.wording.pictures import label_of
from core.contracts.ids import VerifyId
from core.contracts.jobs import Picture
from core.contracts.registry import Layer, MarkState, ProvenanceRecord, TimeState

_MISSING = {
    Layer.MARK: "the mark in the pixels",
    Layer.XMP: "the plain metadata",
    Layer.FINGERPRINT: "the fingerprint",
    Layer.C2PA: "the signature",
    Layer.TIMESTAMP: "the time stamp",
    Layer.VISIBLE: "the words in the picture's corner",
}
"""What each layer is called where it is missing."""

_MARKS = {
    MarkState.WEAK: "its mark in the pixels is weak and may not outlast a preview",
    MarkState.TOO_SMALL: "too small for a mark in the pixels",
    MarkState.OFF: "no mark in the pixels: none is asked for here",
}
"""The states that are no failure and still to be told."""


def layers_line(record: ProvenanceRecord) -> str:
    """Say how a file is labelled: the visible words, then whatever is not as usual."""
    notes = list(_notes(record))
    return " · ".join([label_of(record.source_type), *(notes or ["all layers in place"])])


def missing_line(
    pictures: Sequence[Picture], records: Mapping[VerifyId, ProvenanceRecord]
) -> str | None:
    """Say in the message itself what pictures were posted without, as the operator allows."""
    found = [records[each.verify_id] for each in pictures if each.verify_id in records]
    missing = {layer for record in found for layer in record.downgrades}
    return _without([layer for layer in Layer if layer in missing]) if missing else None


def label_facts(
    pictures: Sequence[Picture], records: Mapping[VerifyId, ProvenanceRecord]
) -> list[tuple[str, str]]:
    """Say how pictures are labelled, once for all of them that are labelled alike."""
    alike: dict[str, list[int]] = {}
    for picture in pictures:
        if picture.verify_id in records:
            line = layers_line(records[picture.verify_id])
            alike.setdefault(line, []).append(picture.index + 1)
    if len(alike) == 1:
        return [("Label", line) for line in alike]
    return [(f"Label of {joined([*map(str, places)])}", line) for line, places in alike.items()]


def _notes(record: ProvenanceRecord) -> Iterable[str]:
    if record.downgrades:
        line = _without(record.downgrades)
        yield line[0].lower() + line[1:]
    if Layer.MARK not in record.downgrades and record.mark.state in _MARKS:
        yield _MARKS[record.mark.state]
    if record.time_state is TimeState.PENDING:
        yield "its time stamp is still awaited"


def _without(layers: Iterable[Layer]) -> str:
    missing = joined([_MISSING[each] for each in layers])
    return f"Posted without {missing}, as the settings here allow"
