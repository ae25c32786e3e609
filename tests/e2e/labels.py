"""Hold every file that is posted to its label: trusted, one row, one visible line."""

import hashlib

from bot.bootstrap import Services
from bot.replies import Reply
from core.contracts.ids import JobId
from core.contracts.provenance import ProvenanceState
from core.contracts.registry import MarkState, RecordKind
from core.provenance.keys import load_anchors
from core.provenance.read import read

VISIBLE = ("AI-generated", "AI-edited")


def assert_files_labelled(services: Services, job_id: JobId) -> None:
    """Each stored file of a job is signed under our own root and has exactly one row."""
    anchors = load_anchors(services.settings.resolved_keys_dir)
    with services.store.reading() as unit:
        pictures = unit.pictures.of_job(job_id)
        records = [each for each in unit.registry.of_job(job_id) if each.kind is RecordKind.PICTURE]
    assert pictures
    assert sorted(each.verify_id for each in records) == sorted(each.verify_id for each in pictures)
    rows = {each.verify_id: each for each in records}
    for picture in pictures:
        data, row = services.blobs.get(picture.blob), rows[picture.verify_id]
        report = read(data, anchors=anchors)
        assert (report.state, report.is_ours) == (ProvenanceState.VALID, True), report.problems
        assert report.is_signer_trusted
        assert report.verify_id == picture.verify_id
        assert report.digital_source_type == row.source_type
        assert row.sha256 == picture.sha256 == hashlib.sha256(data).hexdigest()
        assert row.drawn_sha256
        assert row.fingerprints is not None
        assert row.downgrades == ()
        assert row.mark.state in {MarkState.MARKED, MarkState.WEAK}


def assert_visibly_labelled(reply: Reply) -> None:
    """One line, and the first one, says that AI made it; each picture says it too."""
    said = [line for line in reply.lines if line.startswith(VISIBLE)]
    assert said == [reply.lines[0]]
    for picture in reply.pictures:
        assert picture.label in VISIBLE
        assert picture.alt_text.startswith(VISIBLE)
        assert picture.verify_id in reply.lines[0]
        assert picture.verify_id in picture.file_name
