"""Answer “Was this made here?”: of a file, of a verify id, of what a message shows.

No platform is named here: a front-end brings bytes, an id or the ids of pictures, and shows the
reply. What anybody may know is `Examination` and `PublicRecord`; who asked for a picture is added
for moderators of the very community that it was asked for in, and for nobody else.
"""

import re
from collections.abc import Sequence

from bot import permissions, wording
from bot.bootstrap import Services
from bot.replies import Reply
from bot.usecases.inputs import POSTED
from bot.usecases.presses import Press
from bot.wording import Insight
from core.contracts.actors import Actor, ReplyAddress
from core.contracts.examination import Examination, PublicRecord
from core.contracts.ids import VerifyId
from core.contracts.jobs import Picture
from core.contracts.registry import ProvenanceRecord
from core.errors import NotFound, UserError
from core.provenance.examine.candidates import Records
from core.storage import Unit

_VERIFY_ID = re.compile(r"[0-9a-f]{16}")

_REPEATED_MAX = 40
"""Characters of what was typed that an answer repeats."""

MESSAGE_MOST = 10
"""Pictures of one message; no request has more."""


def verify_command(services: Services, actor: Actor, rest: str, _address: ReplyAddress) -> Reply:
    """Do what stands after `/verify`: a verify id; a file is brought to `of_file` instead.

    Raises:
        UserError: `verify_what`, `verify_id_invalid`.
        NotFound: `record_not_found`.
    """
    if not rest.strip():
        raise UserError("verify_what")
    return of_id(services, actor, rest.split(maxsplit=1)[0])


def of_file(services: Services, actor: Actor, data: bytes, file_name: str = "") -> Reply:
    """Look at a file that a member brought; nothing of it is kept.

    Raises:
        UserError: `verify_too_often`.
        Unavailable: `verify_busy`; the database is away.
    """
    _admit(services, actor)
    with services.examiner.place():
        examination = services.examiner.examine(data)
    with services.store.reading() as unit:
        insight = _insight_into(unit, actor, examination)
    return wording.examined(examination, file_name, insight)


def of_id(services: Services, actor: Actor, word: str) -> Reply:
    """Say what is on record under a verify id.

    Raises:
        UserError: `verify_too_often`, `verify_id_invalid`.
        NotFound: `record_not_found`.
    """
    _admit(services, actor)
    record = _record(services, word)
    with services.store.reading() as unit:
        insight = _insight(unit, actor, record)
    return wording.recorded(_records(services).public(record), insight)


def look_up(services: Services, word: str) -> PublicRecord:
    """Find what anybody may know under a verify id.

    Raises:
        UserError: `verify_id_invalid`.
        NotFound: `record_not_found`.
    """
    return _records(services).public(_record(services, word))


def of_pictures(services: Services, actor: Actor, verify_ids: Sequence[VerifyId]) -> Reply:
    """Look at the pictures of a message as if somebody had brought their files.

    Raises:
        NotFound: `picture_not_found`, also where one is not this person's to see.
        UserError: `verify_too_often`.
        Unavailable: `verify_busy`; the database or the blob store is away.
    """
    if not verify_ids:
        raise NotFound("picture_not_found")
    _admit(services, actor)
    with services.store.reading() as unit:
        pictures = [_posted(unit, actor, each) for each in verify_ids[:MESSAGE_MOST]]
    examine = services.examiner.examine
    with services.examiner.place():
        found = [examine(services.blobs.get(each.blob)) for each in pictures]
    if len(found) > 1:
        return wording.all_examined(found)
    with services.store.reading() as unit:
        insight = _insight_into(unit, actor, found[0])
    return wording.examined(found[0], insight=insight)


def about(services: Services, actor: Actor, press: Press) -> Reply:
    """Say what the labels of a job's posted pictures say.

    Raises:
        NotFound: `job_not_found`, also where the job is not this person's to see;
            `record_not_found`: no picture of it stands that has a record.
    """
    with services.store.reading() as unit:
        job = permissions.visible_job(unit, actor, press.job_id)
        pictures = [
            each
            for each in (unit.pictures.of_job(job.job_id) if job.state in POSTED else [])
            if press.picture in {None, each.index} and not unit.pictures.is_deleted(each.verify_id)
        ]
        known = unit.registry.named(each.verify_id for each in pictures)
        records = [known[each.verify_id] for each in pictures if each.verify_id in known]
        if not records:
            raise NotFound("record_not_found", value=press.job_id)
        insight = _insight(unit, actor, records[0])
    public = [_records(services).public(record) for record in records]
    return wording.about(job.job_id, public, dict(wording.label_facts(pictures, known)), insight)


def _admit(services: Services, actor: Actor) -> None:
    services.examiner.admit(f"member {actor.community_id} {actor.member_id}")


def _records(services: Services) -> Records:
    return Records(services.store, services.settings.tsa_roots)


def _record(services: Services, word: str) -> ProvenanceRecord:
    verify_id = word.strip().lower()
    if _VERIFY_ID.fullmatch(verify_id) is None:
        raise UserError("verify_id_invalid", value=word[:_REPEATED_MAX])
    record = _records(services).find(VerifyId(verify_id))
    if record is None:
        raise NotFound("record_not_found", value=verify_id)
    return record


def _posted(unit: Unit, actor: Actor, verify_id: VerifyId) -> Picture:
    picture = unit.pictures.get(verify_id)
    job = unit.jobs.get(picture.job_id)
    is_shown = job.state in POSTED and not unit.pictures.is_deleted(verify_id)
    if not is_shown or not permissions.may_see(actor, job):
        raise NotFound("picture_not_found", verify_id=verify_id)
    return picture


def _insight_into(unit: Unit, actor: Actor, examination: Examination) -> Insight | None:
    """Say who asked for what was found; on a label carried over, who asked for the label's own."""
    if examination.record is None:
        return None
    record = unit.registry.find(examination.record.verify_id)
    insight = None if record is None else _insight(unit, actor, record)
    if insight is None or examination.is_made_here:
        return insight
    return insight._replace(is_owner_of_the_label=True)


def _insight(unit: Unit, actor: Actor, record: ProvenanceRecord) -> Insight | None:
    """Say who asked for a picture to a moderator of that community, and to nobody else."""
    if not actor.is_moderator or record.job_id is None:
        return None
    try:
        job = unit.jobs.get(record.job_id)
    except NotFound:  # Gone by the community's rules on how long requests are kept.
        return None
    if not permissions.is_of_community(actor, job):
        return None
    return Insight(job.job_id, f"{job.actor.display_name} ({job.actor.member_id})")
