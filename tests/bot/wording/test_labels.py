"""Hold what is said of a file's label: what was found, and what that does not mean."""

import pytest
from inline_snapshot import snapshot

from bot import wording
from bot.wording.labels import _PROBLEMS
from core.contracts.ids import VerifyId
from core.contracts.provenance import Found, Problem, ProvenanceReport, ProvenanceState
from tests.bot.wording.conftest import NOON


def test_a_valid_label_tells_all_it_says(told):
    report = ProvenanceReport(
        state=ProvenanceState.VALID,
        found=Found.MADE_HERE,
        is_ours=True,
        verify_id=VerifyId("00c0ffee00c0ffee"),
        model="easel-small",
        policy_name="easel-pg13",
        policy_version="1.0.0+aaaaaaaa",
        created_at=NOON,
        signer="Easel development - untrusted",
    )

    assert told(wording.verified(report, "a.png")) == snapshot("""\
(card, private) Valid label · a.png
This file carries a valid label of this Easel: it is AI-generated, and not a byte of it has changed since it was posted.
That does not mean that what it shows is true, or who asked for it.
Verify id: 00c0ffee00c0ffee
Model: easel-small
Policy: easel-pg13 1.0.0+aaaaaaaa
Made at: 2026-11-21 12:00 UTC
Signer: Easel development - untrusted\
""")


def test_a_file_without_a_label_is_not_called_real(told):
    report = ProvenanceReport(state=ProvenanceState.UNLABELLED, found=Found.NO_LABEL)

    assert told(wording.verified(report, "holiday.jpg")) == snapshot("""\
(card, private) No label · holiday.jpg
This file carries no label that Easel can read.
That does not mean that a camera took it or that no AI made it: labels get lost on the way.\
""")


def test_problems_are_told_in_words_and_foreign_codes_as_they_are(told):
    report = ProvenanceReport(
        state=ProvenanceState.INVALID,
        found=Found.CHANGED_AFTER_SIGNING,
        problems=(Problem.CRC_BROKEN, "assertion.dataHash.mismatch"),
    )

    assert told(wording.verified(report)) == snapshot("""\
(card, private) Changed after labelling
This file carries a label of this Easel, but the file was changed after it was signed.
That does not mean that the change was meant to deceive: saving it again is enough.
Problems: A checksum inside does not fit. assertion.dataHash.mismatch\
""")


@pytest.mark.parametrize("found", Found)
def test_every_finding_is_two_sentences(found):
    """`easel verify` prints exactly these."""
    reply = wording.verified(ProvenanceReport(state=ProvenanceState.INVALID, found=found))

    assert len(reply.lines) == 2
    assert "not" in reply.lines[1]


def test_every_problem_has_words():
    assert set(_PROBLEMS) == set(Problem)
