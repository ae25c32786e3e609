"""Post a labelled sample to a platform, fetch it back, and keep what was left of its label."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bot import wording
from bot.label_samples import Fetched, Sample, SamplePoster
from core.contracts.ids import new_id, new_verify_id
from core.contracts.label_checks import (
    CheckedPlatform,
    Fate,
    FateChange,
    LabelCheck,
    RenditionCheck,
    Sign,
    changes_between,
)
from core.contracts.provenance import StampFacts
from core.storage import Store

if TYPE_CHECKING:
    from core.provenance.keys import Anchors
    from core.provenance.mark.marker import Marker
    from core.provenance.stamp import Stamper
    from moderation.policy import Policy

MESSAGE = "message"
"""What goes around the file, as a rendition of its own."""
MODEL = "label-check"
"""What samples name as their model, so that nobody takes one for a drawing."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found, beside the one before."""

    check: LabelCheck
    before: LabelCheck | None
    is_left: bool
    """The sample still stands in the channel."""

    @property
    def changes(self) -> tuple[FateChange, ...]:
        """List what the platform does differently; nothing at a first check."""
        return changes_between(self.before, self.check) if self.before else ()


@dataclass(frozen=True, slots=True)
class LabelChecker:
    """Labels samples as pictures are labelled, and reads labels as everybody's are read."""

    store: Store
    clock: Callable[[], datetime]
    policy: "Policy"
    stamper: "Stamper"
    anchors: "Anchors | None"
    marker: "Marker"

    def check(self, platform: CheckedPlatform, post: SamplePoster) -> Checked:
        """Post a sample and say what came back; kept in the history only if all of it did.

        Raises:
            AppError: what the platform refuses, or `label_failed`; nothing was kept.
        """
        sample = self._sample()
        is_left = False
        try:
            fetched = post(sample)
            is_left = fetched.is_left
        finally:
            # As with any picture that is deleted: what it showed is forgotten, its id stays.
            if not is_left:
                with self.store.unit() as unit:
                    unit.registry.forget_thumbnails([sample.verify_id])
        check = self._read(platform, sample, fetched)
        with self.store.unit() as unit:
            before = unit.label_checks.newest(platform, limit=1)
            unit.label_checks.add(check)
        return Checked(check, before[0] if before else None, is_left)

    def _sample(self) -> Sample:
        """Make a labelled file and its row in the registry, as for every file that leaves."""
        from bot.sample_picture import draw_sample
        from core.provenance.stamp import record_of

        facts = StampFacts(
            verify_id=new_verify_id(),
            model=MODEL,
            policy_name=self.policy.name,
            policy_version=self.policy.version,
            created_at=self.clock(),
        )
        stamped = self.stamper.stamp(draw_sample(), facts)
        with self.store.unit() as unit:
            unit.registry.add(record_of(stamped, facts, None), stamped.thumbnail)
        return Sample(
            verify_id=facts.verify_id,
            data=stamped.data,
            file_name=wording.file_name(facts.verify_id, stamped.media_type),
            words=wording.sample_words(facts.verify_id),
            alt_text=wording.sample_alt_text(),
        )

    def _read(self, platform: CheckedPlatform, sample: Sample, fetched: Fetched) -> LabelCheck:
        from core.provenance.survival import Survival

        survival = Survival(sample.data, self.anchors, self.marker)
        files = {
            name: RenditionCheck(is_offered=False) if data is None else survival.of(data)
            for name, data in fetched.renditions.items()
        }
        return LabelCheck(
            check_id=new_id(),
            platform=platform,
            verify_id=sample.verify_id,
            renditions={**files, MESSAGE: _message(sample, fetched)},
            checked_at=self.clock(),
        )


def _message(sample: Sample, fetched: Fetched) -> RenditionCheck:
    fates = {
        Sign.VISIBLE: _fate_of(sample.words, fetched.words),
        Sign.ALT_TEXT: _fate_of(sample.alt_text, fetched.alt_text),
        Sign.FILE_NAME: _fate_of(sample.file_name, fetched.file_name),
    }
    return RenditionCheck(fates=fates)


def _fate_of(given: str, found: str) -> Fate:
    """Compare texts; more around a text is no loss."""
    if given in found:
        return Fate.KEPT
    return Fate.BROKEN if found.strip() else Fate.LOST
