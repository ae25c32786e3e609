"""Hold what is said of a file: what was found, what that does not mean, and how it was changed."""

import re

import pytest
from inline_snapshot import snapshot

from bot import wording
from bot.wording.changes import _DONE, place_of
from bot.wording.labels import _METADATA, _OTHERS, _PROBLEMS
from bot.wording.records import Insight
from core.contracts.examination import Box, Change, Confirmation, Examination, Rung, UnsignedClaim
from core.contracts.ids import JobId
from core.contracts.provenance import DigitalSourceType, Problem
from tests.bot.web_app.examinations import EDITED, NOON, READ, RECORD, RUNGS, VERIFY_ID, examination

JUDGING = re.compile(
    r"\b(real|fake|authentic|genuine|safe|suspicious|warning|forged|human)\b", re.IGNORECASE
)


def test_a_file_as_it_was_posted_tells_all_that_is_public(told):
    assert told(wording.examined(examination(Rung.EXACT), "a.png")) == snapshot("""\
(card, private) AI-generated here, unchanged · a.png
This is the very file that was posted here: it is AI-generated, and not a byte has changed.
That does not mean that what it shows is true, or that who shows it asked for it.
Verify id: 00c0ffee00c0ffee
Label: AI-generated
Model: easel-small
Policy: easel-pg13 1.0.0+aaaaaaaa
Made at: 2026-11-21 12:00 UTC
Came about by: drawn from words alone
Posted as: image/png, 1024 x 1024\
""")


def test_a_changed_picture_names_how_it_was_changed(told):
    """In the sentence, and in figures."""
    assert told(wording.examined(examination(Rung.MARK))) == snapshot("""\
(card, private) AI-generated here, changed since
This picture carries our mark in its pixels and is the one that was posted here as AI-generated; since then it was cropped, resized, edited in one place and stripped of its metadata.
That does not mean that the change was meant to deceive, nor that nothing else was changed.
How changed: Cropped: 48% of the posted picture is left, in the middle.
Resized: to 54% of the posted picture's sides.
Edited: 9% of this picture, at the bottom right.
Verify id: 00c0ffee00c0ffee
Label: AI-generated
Model: easel-small
Policy: easel-pg13 1.0.0+aaaaaaaa
Made at: 2026-11-21 12:00 UTC
Came about by: drawn from words alone
Posted as: image/png, 1024 x 1024\
""")


def test_a_file_of_which_nothing_is_known_is_not_called_real(told):
    assert told(wording.examined(examination(Rung.NOTHING), "holiday.jpg")) == snapshot("""\
(card, private) Nothing found · holiday.jpg
This picture carries no label and no mark of this Easel, and looks like none made here.
That does not mean that a camera took it or that no AI made it: labels get lost on the way.\
""")


def test_a_label_on_another_picture_never_says_that_it_was_made_here(told):
    assert told(wording.examined(examination(Rung.MISPLACED))) == snapshot("""\
(card, private) Our label on a different picture
This picture carries our mark in its pixels, which belongs to a different picture: it was carried over.
That does not mean that this picture was made here, nor that it was made without AI.
Verify id of the label: 00c0ffee00c0ffee\
""")


def test_a_picture_known_by_its_fingerprint_alone_is_spoken_of_carefully(told):
    found = examination(Rung.MARK, confirmed_by=Confirmation.LOOKS, changes=(), region=None)

    assert told(wording.examined(found)).splitlines()[:3] == snapshot(
        [
            "(card, private) AI-generated here, as far as can be told",
            "This picture carries our mark in its pixels and resembles the one that was posted here as AI-generated, of which only a fingerprint is left to compare it with.",
            "That does not mean that it is the same in every part: a fingerprint sees no details.",
        ]
    )


@pytest.mark.parametrize("rung", Rung)
def test_every_rung_is_two_sentences_that_judge_nobody(rung):
    """`easel verify`, the page and every chat say exactly these."""
    finding = wording.finding_of(examination(rung))
    reply = wording.examined(examination(rung))

    assert reply.lines == (finding.found, finding.does_not_mean)
    assert [line.count(". ") for line in reply.lines] == [0, 0]
    assert all(line.endswith(".") and "{" not in line for line in reply.lines)
    assert "not" in finding.does_not_mean
    assert not JUDGING.search(" ".join(finding))


@pytest.mark.parametrize("rung", Rung)
def test_only_what_was_made_here_is_said_to_be(rung):
    found = examination(rung)

    assert ("AI-generated here" in wording.finding_of(found).title) is found.is_made_here
    assert ("Model" in wording.facts_of(found)) is found.is_made_here


def test_every_rung_below_has_words_of_its_own():
    assert set(_OTHERS) == {rung for rung in Rung if "confirmed_by" not in RUNGS[rung]}


def test_an_edited_picture_of_a_member_is_called_edited():
    record = RECORD.model_copy(
        update={"source_type": DigitalSourceType.COMPOSITE_WITH_TRAINED_ALGORITHMIC_MEDIA}
    )

    finding = wording.finding_of(examination(Rung.EXACT, record=record))

    assert finding.title == "AI-edited here, unchanged"
    assert "AI-edited" in finding.found


@pytest.mark.parametrize("change", Change)
def test_every_change_has_words(change):
    found = wording.finding_of(examination(Rung.MARK, changes=(change,)))

    assert f"since then it was {_DONE[change]}." in found.found
    assert ("saving it again is enough" in found.does_not_mean) is (
        change is not Change.EDITED_LOCALLY
    )


def test_changes_keep_their_order_whatever_order_they_were_found_in():
    found = examination(Rung.MARK, changes=(Change.METADATA_LOST, Change.CROPPED, Change.MIRRORED))

    assert "cropped, mirrored and stripped of its metadata" in wording.finding_of(found).found


@pytest.mark.parametrize(
    ("box", "place"),
    [
        ((0.0, 0.0, 0.2, 0.2), "at the top left"),
        ((0.4, 0.4, 0.2, 0.2), "in the middle"),
        ((0.4, 0.9, 0.2, 0.1), "at the bottom"),
        ((0.9, 0.45, 0.1, 0.1), "at the right"),
        ((0.0, 0.0, 1.0, 1.0), "in the middle"),
        ((1.0, 1.0, 0.0, 0.0), "at the bottom right"),
    ],
)
def test_a_place_is_told_in_thirds(box, place):
    left, top, width, height = box

    assert place_of(Box(left=left, top=top, width=width, height=height)) == place


def test_a_region_can_be_drawn_where_the_picture_was_measured():
    region = wording.examined(examination(Rung.MARK)).region
    unmeasured = wording.examined(examination(Rung.MARK, report=None)).region

    assert (region.box, region.width, region.height) == (EDITED["region"], 512, 384)
    assert unmeasured is None


def test_moderators_read_who_asked_and_whose_label_was_carried_over():
    insight = Insight(JobId("3k7fq2m9x0ab"), "Ada (web:ada)")

    own = wording.examined(examination(Rung.EXACT), insight=insight).fields
    carried = wording.examined(
        examination(Rung.MISPLACED), insight=insight._replace(is_owner_of_the_label=True)
    ).fields

    assert [(each.name, each.value) for each in own][-2:] == [
        ("Request", "3k7fq2m9x0ab"),
        ("Asked by", "Ada (web:ada)"),
    ]
    assert [each.name for each in carried][-2:] == [
        "The label's request",
        "The label's requester",
    ]


def test_several_pictures_of_which_the_same_holds_are_told_of_once(told):
    assert told(wording.all_examined([examination(Rung.EXACT)] * 3)) == snapshot("""\
(card, private) AI-generated here, unchanged
Of each of these pictures holds:
This is the very file that was posted here: it is AI-generated, and not a byte has changed.
That does not mean that what it shows is true, or that who shows it asked for it.
Verify ids: 00c0ffee00c0ffee
00c0ffee00c0ffee
00c0ffee00c0ffee\
""")


def test_several_that_differ_are_told_of_one_by_one(told):
    found = [examination(Rung.EXACT), examination(Rung.NOTHING), examination(Rung.EXACT)]

    assert told(wording.all_examined(found)) == snapshot("""\
(card, private) Different things hold of these pictures
Pictures 1 and 3: AI-generated here, unchanged. This is the very file that was posted here: it is AI-generated, and not a byte has changed. That does not mean that what it shows is true, or that who shows it asked for it.
Picture 2: Nothing found. This picture carries no label and no mark of this Easel, and looks like none made here. That does not mean that a camera took it or that no AI made it: labels get lost on the way.
Verify ids: 00c0ffee00c0ffee
00c0ffee00c0ffee\
""")


def test_without_a_record_our_own_label_tells_what_it_says(told):
    """On a host that has keys alone."""
    report = READ.model_copy(
        update={
            "is_ours": True,
            "verify_id": VERIFY_ID,
            "model": "easel-small",
            "policy_name": "easel-pg13",
            "policy_version": "1.0.0",
            "created_at": NOON,
            "source_type": DigitalSourceType.COMPOSITE_WITH_TRAINED_ALGORITHMIC_MEDIA,
        }
    )

    assert told(
        wording.examined(examination(Rung.OUR_MANIFEST, record=None, report=report))
    ) == snapshot("""\
(card, private) AI-edited here, unchanged
The signed label in this file is ours and whole: it is AI-edited, and not a byte has changed.
That does not mean that what it shows is true, or that who shows it asked for it.
Verify id: 00c0ffee00c0ffee
Label: AI-edited
Model: easel-small
Policy: easel-pg13 1.0.0
Made at: 2026-11-21 12:00 UTC\
""")


def test_every_problem_and_every_kind_of_metadata_has_words():
    assert set(_PROBLEMS) == set(Problem)
    assert set(_METADATA) == set(UnsignedClaim)


def test_codes_of_c2pa_are_told_as_they_are():
    fields = wording.facts_of(
        examination(Rung.BROKEN_LABEL, problems=("crc_broken", "assertion.dataHash.mismatch"))
    )

    assert fields["Problems"] == "A checksum inside does not fit. assertion.dataHash.mismatch"


def test_nothing_public_has_a_field_for_a_member_or_a_request():
    """Who may know more is told by the use case, beside the examination."""
    names = {name for rung in Rung for name in wording.facts_of(examination(rung))}

    assert not {"Request", "Asked by", "Prompt"} & names
    assert not {"job_id", "member_id", "actor", "prompt"} & set(Examination.model_fields)
