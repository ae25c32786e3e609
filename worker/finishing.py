"""Check, label and store finished pictures, in this order: nothing unchecked is ever published."""

import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import structlog
from PIL import Image

from core.blobs import Blobs
from core.catalog import Catalog
from core.contracts.ids import new_verify_id
from core.contracts.jobs import Job, Picture
from core.contracts.provenance import Recipe, StampFacts
from core.contracts.registry import ProvenanceRecord
from core.contracts.verdicts import Decision, Verdict
from core.errors import Unavailable
from core.held import HeldArea, published_key
from core.provenance.pdq import MIN_QUALITY
from core.provenance.stamp import Stamped, Stamper, record_of
from core.workflow import Outcome
from moderation.classifiers.base import PICTURE_BLANK
from moderation.engine import Gate, outcome_of
from moderation.gates import Gates
from moderation.review.opening import Held, weightiest
from worker.descent import Descent, descent_of
from worker.encode import alt_text, picture_of
from worker.engine.messages import DrawFinished, DrawResult, PictureDrawn
from worker.orders import prompts_of
from worker.sources import Source

log = structlog.get_logger()

_STRICTNESS = tuple(Decision)


@dataclass(frozen=True, slots=True)
class Labelled:
    """What the registry is to remember of one picture."""

    record: ProvenanceRecord
    thumbnail: bytes | None = field(default=None, repr=False)
    """None also for a picture that waits for a person: until then nothing of it can be seen."""


@dataclass(frozen=True, slots=True)
class Finished:
    """What became of a job's pictures, to be recorded in one transaction."""

    outcome: Outcome
    pictures: tuple[Picture, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    snapshot: str | None = None
    """Where a drained engine's work was left, for the next attempt."""
    labels: tuple[Labelled, ...] = ()
    """One for each picture."""
    drawn: tuple[Image.Image, ...] = field(default=(), repr=False, compare=False)
    """Each picture's pixels before they were marked, to be held against an original's."""


@dataclass(frozen=True, slots=True)
class Finishing:
    """The last hands that a picture goes through."""

    catalog: Catalog
    gate: Gate
    stamper: Stamper
    blobs: Blobs
    held: HeldArea
    """Where pictures wait for a person, encrypted."""
    clock: Callable[[], datetime]
    gates: Gates | None = None
    """The gate of each place; None: `gate` is everybody's."""

    def gate_of(self, job: Job) -> Gate:
        """Find the gate that a job's pictures pass.

        Raises:
            Unavailable: the database is away, and nobody knows what is in force.
        """
        if self.gates is None:
            return self.gate
        return self.gates.of(job.actor.community_id, job.address.channel_id)

    def look_at(self, job: Job, source: Source | None) -> tuple[Verdict | None, ...]:
        """Have a picture checked that a member brought, where there is a check for pictures.

        What was drawn here was checked when it was drawn. That a drawn picture is empty is a sign
        of trouble; a member may well begin with an even ground.
        """
        if source is None or not source.is_upload or not self.gate.has_image_check:
            return ()
        verdict = self._screen(job, source.picture)
        is_only_blank = verdict is not None and (verdict.deciding, verdict.note) == (
            None,
            PICTURE_BLANK,
        )
        return () if is_only_blank else (verdict,)

    def finish(
        self,
        job: Job,
        drawn: DrawResult,
        source: Source | None = None,
        seen: Sequence[Verdict | None] = (),
    ) -> Finished:
        """Turn a job's raw pixels into stored, labelled pictures, if they may be kept.

        The strictest verdict counts for all pictures of a job, because they are one message:
        all are published, all are held, or, where one is blocked, none is kept.

        Args:
            job: Whose they are.
            drawn: What the engine made.
            source: What it went on from.
            seen: What was found when that was looked at; None: it could not be checked.

        Raises:
            AppError: `label_failed`: a layer of a label did; nothing is posted.
            Unavailable: the blob store is away; nothing of this attempt is left in it.
        """
        images = [self._posted(job, picture, source) for picture in drawn.pictures]
        verdicts = [*seen, *(self._screen(job, image) for image in images)]
        outcome = _strictest(verdicts)
        recorded = known(verdicts)
        if outcome is Outcome.OUTPUT_BLOCK:
            return Finished(outcome, (), recorded)
        is_posted = outcome is Outcome.OUTPUT_ALLOW
        descent = descent_of(job, source)
        finished = Finished(outcome, (), recorded)
        try:
            for picture, image in zip(drawn.pictures, images, strict=True):
                facts = self._facts(job, drawn.facts, picture, descent)
                stamped = self.stamper.stamp(image, facts, has_corner=self._has_corner(job))
                stored = self._store(job, drawn.facts, picture, facts, stamped, is_posted=is_posted)
                finished = _with(finished, stored, stamped, facts)
        except BaseException:
            self.discard(finished.pictures)
            raise
        return finished

    def why_held(self, job: Job, finished: Finished) -> Held:
        """Say why a job's pictures wait for a person, if they do.

        Raises:
            Unavailable: the database is away.
        """
        policy = self.gate_of(job).policy
        return Held(
            outcome=finished.outcome,
            verdict=weightiest(finished.verdicts, policy),
            policy=policy,
            picture_hashes=tuple(each.pdq for each in finished.pictures if each.pdq),
        )

    def discard(self, pictures: Sequence[Picture]) -> None:
        """Remove what an attempt stored in vain; what can not be reached now stays, unlisted."""
        for picture in pictures:
            try:
                self.blobs.delete(picture.blob)
            except Unavailable as error:
                log.warning("blob_left_behind", blob=picture.blob, code=error.code)

    def _posted(self, job: Job, drawn: PictureDrawn, source: Source | None) -> Image.Image:
        """Make the picture as it is posted, with what a mask leaves out as it was."""
        image = picture_of(drawn, self.catalog.get(job.model).post_size)
        return image if source is None else source.kept_in(image, job.spec.aspect)

    def _screen(self, job: Job, image: Image.Image) -> Verdict | None:
        """Ask the gate; None: it could not be asked, and the picture waits for a person."""
        try:
            return self.gate_of(job).screen_image(
                image,
                community_id=job.actor.community_id,
                job_id=job.job_id,
                now=self.clock(),
                is_age_restricted=job.address.is_age_restricted,
            )
        except Unavailable:
            raise  # Another attempt may find what is in force.
        except Exception as error:  # noqa: BLE001 - a gate that breaks must not let through.
            frames = traceback.format_tb(error.__traceback__)
            cause = type(error).__name__
            log.error("image_screening_failed", job_id=job.job_id, cause=cause, frames=frames)  # noqa: TRY400 - its message may quote a prompt.
            return None

    def _has_corner(self, job: Job) -> bool:
        return self.gate_of(job).policy.label.corner

    def _facts(
        self, job: Job, facts: DrawFinished, drawn: PictureDrawn, descent: Descent
    ) -> StampFacts:
        """Say what a picture's label says; the id is derived from nothing."""
        policy = self.gate_of(job).policy
        recipe = Recipe(
            prompt=prompts_of(job)[drawn.picture],
            negative=job.spec.negative,
            seed=drawn.seed,
            steps=facts.steps,
            guidance_scale=facts.guidance_scale,
            scheduler=facts.scheduler,
        )
        return StampFacts(
            verify_id=new_verify_id(),
            model=job.model,
            model_sha256=facts.model_sha256,
            policy_name=policy.name,
            policy_version=policy.version,
            created_at=self.clock(),
            mode=descent.mode,
            source_type=descent.source_type,
            ingredients=descent.ingredients,
            recipe=recipe if policy.recipe_in_file else None,
        )

    def _store(
        self,
        job: Job,
        drawn: DrawFinished,
        picture: PictureDrawn,
        label: StampFacts,
        stamped: Stamped,
        *,
        is_posted: bool,
    ) -> Picture:
        prompt = prompts_of(job)[picture.picture]
        if is_posted:
            blob = published_key(job.job_id, label.verify_id)
            self.blobs.put(blob, stamped.data)
        else:
            blob = self.held.put(label.verify_id, stamped.data)
        return Picture(
            verify_id=label.verify_id,
            job_id=job.job_id,
            index=picture.picture,
            blob=blob,
            sha256=stamped.sha256,
            media_type=stamped.media_type,
            width=stamped.width,
            height=stamped.height,
            size_bytes=len(stamped.data),
            seed=picture.seed,
            prompt=prompt,
            alt_text=alt_text(prompt),
            model=job.model,
            model_sha256=drawn.model_sha256,
            policy_version=label.policy_version,
            steps=drawn.steps,
            guidance_scale=drawn.guidance_scale,
            scheduler=drawn.scheduler,
            duration_s=picture.duration_s,
            gpu_s=picture.gpu_s,
            parent=job.spec.image,
            pdq="" if is_posted else _look_of(stamped),
            created_at=self.clock(),
        )


def _with(finished: Finished, picture: Picture, stamped: Stamped, facts: StampFacts) -> Finished:
    """Add one picture with its label."""
    is_posted = finished.outcome is Outcome.OUTPUT_ALLOW
    record = record_of(stamped, facts, picture.job_id)
    label = Labelled(record, stamped.thumbnail if is_posted else None)
    drawn = () if stamped.drawn is None else (stamped.drawn,)
    return replace(
        finished,
        pictures=(*finished.pictures, picture),
        labels=(*finished.labels, label),
        drawn=(*finished.drawn, *drawn),
    )


def _look_of(stamped: Stamped) -> str:
    """Take the hash by which moderators find the like, where it says something."""
    looks = stamped.fingerprints
    return looks.pdq if looks is not None and looks.pdq_quality >= MIN_QUALITY else ""


def known(verdicts: Sequence[Verdict | None]) -> tuple[Verdict, ...]:
    """Leave out the checks that did not come to a verdict."""
    return tuple(verdict for verdict in verdicts if verdict is not None)


def is_blocked(verdicts: Sequence[Verdict | None]) -> bool:
    """Tell whether one verdict alone forbids to go on."""
    return any(verdict.decision is Decision.BLOCK for verdict in known(verdicts))


def _strictest(verdicts: Sequence[Verdict | None]) -> Outcome:
    """Let the strictest verdict count; a missing one asks for a person."""
    made = known(verdicts)
    outcomes = {
        verdict.decision: outcome_of(verdict)
        for verdict in sorted(made, key=lambda verdict: _STRICTNESS.index(verdict.decision))
    }
    if Decision.BLOCK in outcomes:
        return outcomes[Decision.BLOCK]
    if len(made) < len(verdicts):
        return Outcome.CHECK_UNAVAILABLE
    return outcomes.get(Decision.REVIEW, Outcome.OUTPUT_ALLOW)
