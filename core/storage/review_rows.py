"""Turn review items into rows and back, and what is asked of a queue into conditions."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, literal, or_

from core.contracts.ids import CommunityId
from core.contracts.reviews import (
    LIVE,
    ReviewFilter,
    ReviewItem,
    ReviewKind,
    ReviewState,
    Ruling,
)
from core.storage.models import JobRow
from core.storage.review_models import ReviewRow
from core.storage.statements import table_of
from core.workflow import JobState

REVIEWS = table_of(ReviewRow)
_C, _JOBS = REVIEWS.c, table_of(JobRow).c

HELD_STATES = frozenset({JobState.PROMPT_REVIEW, JobState.OUTPUT_REVIEW})
"""Where a job stands while an item of it decides what follows."""

POSTED_STATES = frozenset({JobState.PUBLISHED, JobState.DELIVERED})
"""Where a job stands while a report of it decides what follows."""

IS_LIVE = _C.closed_at.is_(None)
IS_STANDING_REJECTION = and_(_C.state == ReviewState.DECIDED, _C.ruling == Ruling.REJECT)
WAITS_FOR_IT = or_(
    and_(_C.kind == ReviewKind.REPORT, _JOBS.state.in_(sorted(POSTED_STATES))),
    and_(_C.kind != ReviewKind.REPORT, _JOBS.state.in_(sorted(HELD_STATES))),
)
"""The item's job stands where the item has something to decide; both tables joined."""


def asked_for(
    community_id: CommunityId, asked: ReviewFilter, now: datetime
) -> Iterator[ColumnElement[bool]]:
    """Say a filter in SQL."""
    yield _C.community_id == community_id
    yield from _standing(asked, now)
    for column, wanted in (
        (_C.kind, asked.kinds),
        (_C.category, asked.categories),
        (_C.severity, asked.severities),
    ):
        if wanted:
            yield column.in_(sorted(wanted))
    if asked.is_escalated is not None:
        yield _C.is_escalated.is_(asked.is_escalated)
    if asked.member_id is not None:
        yield _C.member_id == asked.member_id
    if asked.words:
        # Lowered by the database on both sides: each knows other letters.
        pattern = "%" + re.sub(r"([%_/])", r"/\1", asked.words) + "%"
        yield func.lower(_C.text).like(func.lower(pattern), escape="/")


def _standing(asked: ReviewFilter, now: datetime) -> Iterator[ColumnElement[bool]]:
    if asked.states:
        yield _C.state.in_(sorted(asked.states))
    if asked.states and asked.states <= LIVE:
        yield IS_LIVE  # Said of the states already; so the queue's own index serves.
    if asked.claimed_by is not None:
        yield _C.claimed_by == asked.claimed_by
        yield _C.claimed_until > now
    if asked.is_free:
        yield or_(_C.claimed_until.is_(None), _C.claimed_until <= now)


def bound(column: ColumnElement[Any], value: object) -> ColumnElement[Any]:
    """Bind a value as its column is: a bare one would forget how SQLite keeps a time."""
    return literal(value, type_=column.type)


def to_values(item: ReviewItem) -> dict[str, object]:
    """Make the row of an item."""
    return {**item.model_dump(), "picture_hashes": list(item.picture_hashes)}


def to_item(row: Row[*tuple[Any, ...]]) -> ReviewItem:  # Any: the columns, in their order.
    """Read an item from its row."""
    return ReviewItem.model_validate(row._mapping)  # noqa: SLF001 - Row's public name for it.
