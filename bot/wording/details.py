"""Tell everything that it takes to draw a job again, and which checks it went through."""

from collections.abc import Mapping, Sequence

from bot.replies import Reply, ReplyField, ReplyKind, Visibility
from bot.wording.buttons import OF_THE_DETAILS
from bot.wording.layers import label_facts
from bot.wording.phrases import lines_of
from bot.wording.prices import gpu_seconds
from bot.wording.recipes import recipe
from bot.wording.reruns import difference_lines
from core.contracts.ids import VerifyId
from core.contracts.jobs import Job, Picture
from core.contracts.registry import ProvenanceRecord
from core.contracts.verdicts import Decision, Stage, Verdict
from core.prompts import escape
from moderation.policy import Policy


def details(
    job: Job,
    pictures: Sequence[Picture],
    verdicts: Sequence[Verdict],
    policy: Policy,
    lineage: Sequence[Job] = (),
    records: Mapping[VerifyId, ProvenanceRecord] | None = None,
) -> Reply:
    """Tell everything that it takes to draw a job again, and which checks it went through.

    Args:
        job: Whose details.
        pictures: Those of it that still stand.
        verdicts: As far as they are for who asks.
        policy: Words the verdicts' categories; the version in force then is the job's own.
        lineage: The jobs that it goes back to, the nearest first, as far as one may see.
        records: What the registry remembers of the pictures.
    """
    facts = [
        ("Request", job.job_id),
        ("Asked by", job.actor.display_name),
        ("Model", job.model),
        ("Policy", f"{policy.name} {job.policy_version}"),
        ("Came about by", action_in_words(job)),
        ("Goes on from", _lineage_in_words(job, lineage)),
        ("Price", _price_in_words(job, pictures)),
        *label_facts(pictures, records or {}),
        *_pictures_in_words(pictures),
        *_each_alone(job, pictures),
        *((_STAGES[each.stage], _verdict_in_words(each, policy)) for each in verdicts),
    ]
    return Reply(
        kind=ReplyKind.CARD,
        visibility=Visibility.PRIVATE,
        title="Details",
        lines=(recipe(job.spec, job.seed),),
        fields=tuple(ReplyField(name=name, value=value) for name, value in facts if value),
        buttons=OF_THE_DETAILS if pictures else (),
        job_id=job.job_id,
        author=job.actor.display_name,
    )


_ACTIONS = {
    "imagine": "a request of its own",
    "reroll": "drawing again",
    "remix": "remix",
    "vary_subtle": "vary (subtle)",
    "vary_strong": "vary (strong)",
    "vary_region": "vary region",
    "upscale": "upscale",
    "rerun": "drawing again to compare",
}
"""What each `Job.action` is called; one of a later version is shown as it is."""


def action_in_words(job: Job) -> str:
    """Say how a request came about."""
    return _ACTIONS.get(job.action, job.action)


def _lineage_in_words(job: Job, lineage: Sequence[Job]) -> str:
    """Name what it goes back to, request by request, and the picture that it took up itself."""
    back = [f"{each.job_id} ({action_in_words(each)})" for each in lineage]
    if not back and job.parent_id is not None:  # It may not be seen any more; its id tells nothing.
        back = [job.parent_id]
    taken_up = [f"picture {job.spec.image}"] if job.spec.image is not None else []
    return " · ".join([*taken_up, *back])


def _price_in_words(job: Job, pictures: Sequence[Picture]) -> str | None:
    """Hold what a request was expected to cost against what it cost."""
    if job.price_gpu_s is None:
        return None
    took_s = sum(picture.gpu_s for picture in pictures)
    took = f"in fact {gpu_seconds(took_s)}" if took_s else None
    return " · ".join(lines_of(gpu_seconds(job.price_gpu_s), took))


def _pictures_in_words(pictures: Sequence[Picture]) -> list[tuple[str, str]]:
    if not pictures:
        return []
    first = pictures[0]
    return [
        ("Steps", str(first.steps)),
        ("Guidance", f"{first.guidance_scale:g}"),
        ("Scheduler", first.scheduler),
        ("Weights", first.model_sha256 and f"SHA-256 {first.model_sha256}"),
        ("Drawn with", _environment_in_words(first)),
        *((f"Picture {each.index + 1}", _picture_in_words(each)) for each in pictures),
        *(("Compared", line) for line in difference_lines(pictures)),
    ]


def _environment_in_words(picture: Picture) -> str:
    mode = "in reproducible mode" if picture.is_reproducible else None
    return " · ".join(lines_of(picture.environment, mode))


def _each_alone(job: Job, pictures: Sequence[Picture]) -> list[tuple[str, str]]:
    """Write, for one picture of several, the command that draws it again by itself."""
    if len(pictures) < 2 or job.spec.is_forgotten:  # noqa: PLR2004 - one is alone already.
        return []
    return [
        (
            f"Picture {each.index + 1} alone",
            recipe(
                job.spec.model_copy(update={"prompt": escape(each.prompt), "count": 1}), each.seed
            ),
        )
        for each in pictures
    ]


def _picture_in_words(picture: Picture) -> str:
    size = f"{picture.width} x {picture.height}"
    seconds = f"{picture.duration_s:.1f} s"
    facts = (f"seed {picture.seed}", size, seconds, f"verify {picture.verify_id}")
    return " · ".join(facts)


_STAGES = {
    Stage.RULES: "Check by rules",
    Stage.PROMPT: "Check of the prompt",
    Stage.IMAGE: "Check of a picture",
}
_DECISIONS = {
    Decision.ALLOW: "passed",
    Decision.REVIEW: "sent to a moderator",
    Decision.BLOCK: "refused",
}
_NOTES = {
    "classifier_missing": "no classifier is set up",
    "classifier_missing_rules_only": "by rules only, no classifier is set up",
    "image_check_missing": "no picture check is set up",
    "image_check_missing_rules_only": "unseen, no picture check is set up",
    "check_failed": "a check did not work",
}


def _verdict_in_words(verdict: Verdict, policy: Policy) -> str:
    category = policy.categories.get(verdict.category) if verdict.category else None
    title = category.title if category else verdict.category
    note = _NOTES.get(verdict.note, verdict.note) if verdict.note else None
    return " · ".join(lines_of(_DECISIONS[verdict.decision], title, note, verdict.policy_version))
