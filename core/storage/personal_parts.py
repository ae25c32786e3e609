"""Say of every table what it keeps of a member: what an export shows of it, and what stays away.

A test holds this list to the tables: a new one needs a place here before anything is kept in it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session

from core.contracts.ids import CommunityId, MemberId
from core.storage.models import (
    AuditTrailRow,
    Base,
    ChatMessageRow,
    DrawnDayRow,
    JobRow,
    NoticeRow,
    PictureRow,
    ReportRow,
    VerdictRow,
)
from core.storage.personal_models import (
    ConsentRow,
    DraftRow,
    FavouriteRow,
    MemberSettingsRow,
    NamedStyleRow,
    RewriteRow,
    TurnRow,
    UploadRow,
)
from core.storage.policy_models import FeaturesRow, LabelRow, PolicyEventRow, PolicyVersionRow
from core.storage.review_models import (
    ConsoleSessionRow,
    ModeratorRow,
    ReviewRow,
    SanctionNoticeRow,
    SanctionRow,
)
from core.storage.statements import table_of

NOT_OF_MEMBERS = {
    "audit_head": "the end of the chain",
    "chat_channels": "counters",
    "disagreements": "codes about a request; whose it was, the request tells",
    "label_checks": "what platforms leave of a label",
    "legal_holds": "what must be kept is for those to say who keep it",
    "outbox": "tasks, by request",
    "policy_places": "which version is in force",
    "policy_prints": "hashes of rules",
    "policy_revision": "a counter",
    "registry": "hashes and looks of pictures; whose they are, their request tells",
    "review_cards": "where a card stands",
    "shadow_tallies": "counts",
    "takedowns": "what was to go with a request; who wanted it, the trail tells",
}
"""Tables that keep nothing of a member that is theirs to have."""


@dataclass(frozen=True, slots=True)
class Whose:
    """A member of a community, and which rows are about their requests."""

    community_id: CommunityId
    member_id: MemberId

    def of_jobs(self, column: Any) -> ColumnElement[bool]:  # Any: a column of any table.
        """Hold a row to the member's own requests."""
        own = select(JobRow.job_id).where(
            JobRow.community_id == self.community_id, JobRow.member_id == self.member_id
        )
        is_own: ColumnElement[bool] = column.in_(own)
        return is_own

    def of_member(self, row: Any) -> ColumnElement[bool]:  # Any: a class with both columns.
        """Hold a row to the member."""
        is_own: ColumnElement[bool] = row.member_id == self.member_id
        return and_(row.community_id == self.community_id, is_own)


@dataclass(frozen=True, slots=True)
class Part:
    """One table of an export."""

    table: type[Base]
    where: Callable[[Whose], ColumnElement[bool]]
    hidden: frozenset[str] = field(default_factory=frozenset)
    """Columns that are secrets, somebody else's, or only ours."""
    own_only: frozenset[str] = field(default_factory=frozenset)
    """Columns with people of which only the member themselves is shown."""


def _hidden(*names: str) -> frozenset[str]:
    return frozenset(names)


PARTS: tuple[Part, ...] = (
    Part(JobRow, lambda whose: whose.of_member(JobRow), _hidden("address", "worker_id")),
    Part(PictureRow, lambda whose: whose.of_jobs(PictureRow.job_id), _hidden("blob")),
    Part(VerdictRow, lambda whose: whose.of_jobs(VerdictRow.job_id)),
    Part(RewriteRow, lambda whose: whose.of_jobs(RewriteRow.job_id)),
    Part(NoticeRow, lambda whose: whose.of_jobs(NoticeRow.job_id), _hidden("address", "member_id")),
    Part(
        ReviewRow,
        lambda whose: whose.of_member(ReviewRow),
        # Who decided, and what they noted for each other, is theirs.
        _hidden("claimed_by", "claimed_name", "claimed_until", "first_by", "first_name")
        | _hidden("decided_by", "decided_name", "note"),
    ),
    Part(
        SanctionRow,
        lambda whose: whose.of_member(SanctionRow),
        _hidden("by", "by_name", "lift_asked_by", "lifted_by"),
    ),
    Part(SanctionNoticeRow, lambda whose: whose.of_member(SanctionNoticeRow), _hidden("owner")),
    Part(
        ReportRow,
        lambda whose: (ReportRow.reporter == whose.member_id) & _in_community(whose, ReportRow),
    ),
    Part(
        ChatMessageRow,
        lambda whose: (
            (ChatMessageRow.community_id == whose.community_id)
            & (ChatMessageRow.author_id == whose.member_id)
        ),
    ),
    Part(UploadRow, lambda whose: whose.of_member(UploadRow), _hidden("blob")),
    Part(MemberSettingsRow, lambda whose: whose.of_member(MemberSettingsRow)),
    Part(NamedStyleRow, lambda whose: whose.of_member(NamedStyleRow)),
    Part(FavouriteRow, lambda whose: whose.of_member(FavouriteRow)),
    Part(ConsentRow, lambda whose: whose.of_member(ConsentRow)),
    Part(DraftRow, lambda whose: whose.of_member(DraftRow), _hidden("address")),
    Part(DrawnDayRow, lambda whose: whose.of_member(DrawnDayRow)),
    Part(TurnRow, lambda whose: whose.of_member(TurnRow)),
    Part(FeaturesRow, lambda whose: whose.of_member(FeaturesRow)),
    Part(LabelRow, lambda whose: whose.of_member(LabelRow)),
    Part(ModeratorRow, lambda whose: whose.of_member(ModeratorRow)),
    Part(
        ConsoleSessionRow,
        lambda whose: whose.of_member(ConsoleSessionRow),
        _hidden("token_sha256", "proof_id"),
    ),
    Part(
        PolicyVersionRow,
        lambda whose: (
            (PolicyVersionRow.community_id == whose.community_id)
            & (PolicyVersionRow.proposed_by == whose.member_id)
        ),
    ),
    Part(
        PolicyEventRow,
        lambda whose: (
            (PolicyEventRow.community_id == whose.community_id)
            & (PolicyEventRow.by == whose.member_id)
        ),
    ),
    Part(
        AuditTrailRow,
        lambda whose: or_(
            whose.of_jobs(AuditTrailRow.job_id),
            or_(AuditTrailRow.by == whose.member_id, AuditTrailRow.about == whose.member_id)
            & or_(
                AuditTrailRow.community_id == whose.community_id,
                AuditTrailRow.community_id.is_(None),
            ),
        ),
        _hidden("by_salt", "about_salt"),
        _hidden("by", "about"),
    ),
)
"""In the order in which an export lists them."""


def _in_community(whose: Whose, row: Any) -> ColumnElement[bool]:  # Any: a class with a job.
    of_all = select(JobRow.job_id).where(JobRow.community_id == whose.community_id)
    is_there: ColumnElement[bool] = row.job_id.in_(of_all)
    return is_there


def exported(session: Session, whose: Whose) -> dict[str, list[dict[str, Any]]]:
    """Read everything that is kept of a member, table by table, as JSON takes it."""
    return {
        table_of(part.table).name: list(_rows(session, part, whose)) for part in PARTS
    }  # Any above: what JSON takes.


def _rows(session: Session, part: Part, whose: Whose) -> Iterator[dict[str, Any]]:
    columns = [each for each in table_of(part.table).columns if each.name not in part.hidden]
    query: Select[*tuple[Any, ...]] = select(*columns).where(part.where(whose))
    for row in session.execute(query.order_by(*table_of(part.table).primary_key)):
        values = dict(zip((each.name for each in columns), row, strict=True))
        for name in part.own_only:
            values[name] = "you" if values[name] == whose.member_id else None
        yield {name: _plain(value) for name, value in values.items()}


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    return value.isoformat() if isinstance(value, date) else value
