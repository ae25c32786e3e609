"""Give members their private notices about what people decided of others' requests.

Authors are told by the workflow's own steps; this is for those who reported a picture.
"""

from datetime import datetime

from core.contracts.reviews import ReviewItem, ReviewKind, Ruling
from core.storage import Unit
from core.workflow import NoticeKind

_NOTICES = {
    Ruling.APPROVE: NoticeKind.REPORT_KEPT,
    Ruling.REJECT: NoticeKind.REPORT_TAKEN_DOWN,
}


def tell_reporters(unit: Unit, item: ReviewItem, *, now: datetime) -> int:
    """Tell everybody who reported a picture what was decided; say how many they are.

    Part of the unit that settles the item, so that each hears of it once. Who reported it before
    an earlier decision heard of that one.
    """
    if item.kind is not ReviewKind.REPORT or item.ruling is None:
        return 0
    job = unit.jobs.get(item.job_id)
    address = job.address.model_copy(update={"thread": None})
    told_until = _last_told(unit, item)
    told = 0
    for report in unit.reports.of_job(item.job_id):
        if told_until is None or report.created_at > told_until:
            unit.notices.add(
                _NOTICES[item.ruling], item.job_id, address, now=now, member_id=report.reporter
            )
            told += 1
    return told


def _last_told(unit: Unit, item: ReviewItem) -> datetime | None:
    """Find when the last decision about earlier reports of the same pictures took effect."""
    before = (
        each.closed_at
        for each in reversed(unit.reviews.of_job(item.job_id))
        if each.item_id != item.item_id and each.kind is ReviewKind.REPORT and each.ruling
    )
    return next(before, None)
