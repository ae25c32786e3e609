"""Find out whether a file was made here: the strongest thing that holds is the answer.

    exact bytes       the registry has the file's hash: nothing is read, so nothing can be spoilt
    our manifest      signed by us; on changed bytes only if the picture is the record's
    mark              our id in the pixels, if the picture is the record's
    misplaced         our manifest or mark on another picture: never made here
    unconfirmed       our manifest or mark, and nothing left to compare the picture with
    looks             like a picture that was made here, which is no proof
    other signer, unsigned AI metadata, a broken label, nothing, unreadable

A mark and a manifest can be copied to any picture. What makes them count is the thumbnail that the
registry kept: the picture is laid over it. Where that is gone, with a picture that was taken down
or erased, a near fingerprint of the whole picture counts, and the answer says that it did.
"""

import hashlib
from pathlib import Path

from core.contracts.examination import (
    Confirmation,
    Evidence,
    Examination,
    Lookalike,
    Rung,
    UnsignedClaim,
)
from core.contracts.ids import VerifyId
from core.contracts.provenance import Found, Problem, ProvenanceReport
from core.provenance.alike import LooksIndex
from core.provenance.examine.answers import MarkFound, Seen
from core.provenance.examine.candidates import Candidate, Records, outcome_of
from core.provenance.examine.changes import changes_of
from core.provenance.examine.claims import unsigned_claims
from core.provenance.examine.process import PixelProcess, PixelsUnreadable
from core.provenance.keys import load_anchors
from core.provenance.mark.keys import FILE as MARK_KEYS
from core.provenance.mark.keys import load_or_create_mark_keys
from core.provenance.read import read
from core.storage import Store

_DECODED = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})
_NOT_DECODED = frozenset(
    {
        Problem.EMPTY_FILE,
        Problem.TOO_LARGE,
        Problem.TOO_MANY_PIXELS,
        Problem.TOO_MANY_PARTS,
        Problem.TYPE_UNKNOWN,
        Problem.HEADER_BROKEN,
    }
)
_MOST_ALIKE = 5
_RUNGS = {
    Found.OTHER_SIGNER: Rung.OTHER_SIGNER,
    Found.BROKEN_LABEL: Rung.BROKEN_LABEL,
    Found.AI_METADATA: Rung.AI_METADATA,
    Found.NO_LABEL: Rung.NOTHING,
    Found.UNREADABLE: Rung.UNREADABLE,
    # Signed by us, but without our words: nothing says which record it would be.
    Found.CHANGED_AFTER_SIGNING: Rung.BROKEN_LABEL,
    Found.MADE_HERE: Rung.OUR_MANIFEST,
}


class Ladder:
    """Examine files; safe to share by threads. Each file costs up to 3 s of CPU and 1 GB."""

    def __init__(
        self,
        store: Store,
        keys_dir: Path,
        index: LooksIndex,
        time_roots: Path | None = None,
        mark_weights: Path | None = None,
    ) -> None:
        """Take what is known.

        Args:
            store: Where the registry is.
            keys_dir: Read anew for each file, so that keys that were rotated count at once.
            index: The looks of the registry.
            time_roots: PEM file of whom to believe a time stamp; None: nobody.
            mark_weights: Folder of an operator's networks that read marks; None: our method alone.

        Raises:
            UserError: `time_authority_unusable`.
        """
        self._records = Records(store, time_roots)
        self._time_roots = time_roots
        self._keys_dir = keys_dir
        self._mark_weights = mark_weights
        self._index = index

    def examine(self, data: bytes) -> Examination:
        """Find out what a file is; never raises for what a file holds. Blocks for up to seconds.

        Raises:
            Unavailable: `database_away`.
            UserError: `signing_keys_unusable` or `mark_keys_unusable`, by no fault of the file.
        """
        sha256 = hashlib.sha256(data).hexdigest()
        record = self._records.by_sha256(sha256)
        if record is not None:
            return Examination(
                rung=Rung.EXACT,
                evidence=(Evidence.BYTES,),
                confirmed_by=Confirmation.BYTES,
                record=self._records.public(record),
                claimed_id=record.verify_id,
                sha256=sha256,
                size_bytes=len(data),
            )
        report = read(data, anchors=load_anchors(self._keys_dir, self._time_roots))
        case = _Case(data, sha256, report)
        if report.is_ours:
            return self._intact(case)
        if report.media_type in _DECODED and not _NOT_DECODED & set(report.problems):
            return self._by_pixels(case)
        return case.answer(_rung(case), claimed_id=report.verify_id)

    def _intact(self, case: "_Case") -> Examination:
        verify_id = case.report.verify_id
        record = None if verify_id is None else self._records.find(verify_id)
        return case.answer(
            Rung.OUR_MANIFEST,
            evidence=(Evidence.MANIFEST,),
            confirmed_by=Confirmation.BYTES,
            record=None if record is None else self._records.public(record),
            claimed_id=verify_id,
        )

    def _by_pixels(self, case: "_Case") -> Examination:
        """Decode it, look for a mark, and compare it with what it is said to be."""
        try:
            with self._process(case) as pixels:
                case.seen = pixels.look()
                self._seek(case, pixels)
        except PixelsUnreadable as error:
            case.problems.append(error.problem)
        if case.seen is None:
            return case.answer(Rung.UNREADABLE, claimed_id=case.report.verify_id)
        alike = self._alike(case.seen)
        chosen = outcome_of(case.candidates)
        if chosen is not None:
            return self._ours(case, chosen, alike)
        return case.answer(Rung.LOOKS if alike else _rung(case), alike=alike)

    def _seek(self, case: "_Case", pixels: PixelProcess) -> None:
        """Take up what of ours is in the file, the cheap first; stop where it is confirmed."""
        claimed = case.report.verify_id
        if case.report.found is Found.CHANGED_AFTER_SIGNING and claimed is not None:
            case.mark = pixels.mark(is_thorough=False)
            if case.mark is not None and case.mark.mark_id == self._mark_of(claimed):
                # One claim, made twice: it lies as its mark says.
                evidence = (Evidence.MANIFEST, Evidence.MARK)
                self._take_up(case, pixels, claimed, evidence, case.mark)
                return
            self._take_up(case, pixels, claimed, (Evidence.MANIFEST,), None)
            if case.candidates[-1].is_same:
                return
        if case.mark is None:
            case.mark = pixels.mark(is_thorough=True)
        if case.mark is not None:
            self._take_up(case, pixels, case.mark.mark_id, (Evidence.MARK,), case.mark)

    def _take_up(
        self,
        case: "_Case",
        pixels: PixelProcess,
        verify_id: VerifyId,
        evidence: tuple[Evidence, ...],
        mark: MarkFound | None,
    ) -> None:
        case.candidates.append(
            self._records.compare(verify_id, evidence, pixels, mark, seen=case.seen)
        )

    def _mark_of(self, verify_id: VerifyId) -> VerifyId | None:
        record = self._records.find(verify_id)
        return None if record is None else record.mark.mark_id

    def _ours(self, case: "_Case", chosen: Candidate, alike: tuple[Lookalike, ...]) -> Examination:
        evidence = tuple(
            each for each in Evidence if any(each in one.evidence for one in case.candidates)
        )
        record = None if chosen.record is None else self._records.public(chosen.record)
        facts = {"evidence": evidence, "record": record, "claimed_id": chosen.verify_id}
        if not chosen.is_same or chosen.record is None:
            rung = Rung.MISPLACED if chosen.is_other else Rung.UNCONFIRMED
            return case.answer(rung, alike=alike, **facts)
        rung = Rung.OUR_MANIFEST if Evidence.MANIFEST in chosen.evidence else Rung.MARK
        return case.answer(
            rung,
            alike=tuple(each for each in alike if each.verify_id != chosen.verify_id),
            confirmed_by=chosen.confirmed_by,
            **changes_of(case.report, chosen.record, chosen.fitting),
            **facts,
        )

    def _alike(self, seen: Seen) -> tuple[Lookalike, ...]:
        """List what looks like the picture or its mirror image, and can still be seen."""
        found: dict[VerifyId, Lookalike] = {}
        for looks in (seen.looks, seen.mirrored_looks):
            for each in self._index.nearest(looks, 2 * _MOST_ALIKE):
                found.setdefault(
                    each.verify_id,
                    Lookalike(
                        verify_id=each.verify_id,
                        pdq_distance=each.pdq_distance,
                        phash_distance=each.phash_distance,
                    ),
                )
        standing = self._records.standing(tuple(found))
        kept = [each for each in found.values() if each.verify_id in standing]
        return tuple(sorted(kept, key=lambda each: each.phash_distance)[:_MOST_ALIKE])

    def _process(self, case: "_Case") -> PixelProcess:
        media_type = case.report.media_type or ""
        return PixelProcess(case.data, media_type, self._mark_keys(), self._mark_weights)

    def _mark_keys(self) -> tuple[tuple[int, str], ...]:
        """Read the secrets; a host that never drew has none, and makes none by looking."""
        if not (self._keys_dir / MARK_KEYS).is_file():
            return ()
        keys = load_or_create_mark_keys(self._keys_dir)
        return tuple((key.version, key.secret.get_secret_value().hex()) for key in keys.versions)


class _Case:
    """One file, and what became known of it so far."""

    def __init__(self, data: bytes, sha256: str, report: ProvenanceReport) -> None:
        self.data, self.sha256, self.report = data, sha256, report
        self.claims: tuple[UnsignedClaim, ...] = unsigned_claims(data, report)
        self.seen: Seen | None = None
        self.mark: MarkFound | None = None
        self.candidates: list[Candidate] = []
        self.problems: list[str] = []

    def answer(self, rung: Rung, **facts: object) -> Examination:
        """Say it, with all that was read on the way."""
        return Examination.model_validate(
            {
                "rung": rung,
                "metadata": self.claims,
                "report": self.report,
                "problems": (*self.report.problems, *self.problems),
                "sha256": self.sha256,
                "size_bytes": len(self.data),
                **facts,
            }
        )


def _rung(case: _Case) -> Rung:
    """Name the rung of a file with nothing of ours in its pixels."""
    rung = _RUNGS[case.report.found]
    if rung is Rung.NOTHING and case.claims:
        return Rung.AI_METADATA
    if rung is Rung.UNREADABLE and case.seen is not None:
        # Its frame has a fault, but a picture was found in it all the same.
        return Rung.AI_METADATA if case.claims else Rung.NOTHING
    return rung
