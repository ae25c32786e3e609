"""Take a member out of every table: delete what is theirs, and leave no name where a row stays.

One unit does all of it, so a process that is killed in between has changed nothing; doing it again
finds what is left. What a legal hold names is passed by.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Delete,
    Update,
    and_,
    case,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from core.contracts.actors import Platform
from core.contracts.generation import FORGOTTEN, GenerationSpec
from core.contracts.ids import CommunityId, JobId, MemberId
from core.contracts.jobs import Picture
from core.contracts.mydata import Holdings
from core.storage.forgetting import on_hold
from core.storage.holds import Holds
from core.storage.models import (
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
from core.storage.registry_models import RegistryRow, TakedownRow
from core.storage.review_models import (
    ConsoleSessionRow,
    LegalHoldRow,
    ModeratorRow,
    ReviewRow,
    SanctionNoticeRow,
    SanctionRow,
)
from core.workflow import WAITING

_WORDLESS = GenerationSpec(prompt=FORGOTTEN).model_dump(mode="json")
"""What stands in place of a request: a job is kept as a record of when and how it ended."""

_THEIRS_ALONE = (
    MemberSettingsRow,
    ConsentRow,
    NamedStyleRow,
    DraftRow,
    TurnRow,
    DrawnDayRow,
    ModeratorRow,
    ConsoleSessionRow,
)
"""Tables of which a member's rows are deleted whole, whatever else is kept of them."""


class Erasure:
    """One member, about to be taken out of one store."""

    def __init__(
        self, session: Session, community_id: CommunityId, member_id: MemberId, now: datetime
    ) -> None:
        self._session = session
        self._community_id = community_id
        self._member_id = member_id
        self._now = now
        self._rows = 0
        own = (JobRow.community_id == community_id, JobRow.member_id == member_id)
        free = ~on_hold(JobRow.community_id, JobRow.member_id, JobRow.job_id)
        self._own_jobs = own
        self._jobs = select(JobRow.job_id).where(*own, free)

    def holdings(self) -> Holdings:
        """Count what is kept, and what would stay."""
        held = on_hold(JobRow.community_id, JobRow.member_id, JobRow.job_id)
        own = select(JobRow.job_id).where(*self._own_jobs)
        is_live = and_(
            SanctionRow.lifted_at.is_(None),
            or_(SanctionRow.expires_at.is_(None), SanctionRow.expires_at > self._now),
        )
        return Holdings(
            requests=self._count(JobRow, *self._own_jobs),
            pictures=self._count(
                PictureRow, PictureRow.job_id.in_(own), PictureRow.deleted_at.is_(None)
            ),
            uploads=self._count(UploadRow, self._is_own(UploadRow), UploadRow.deleted_at.is_(None)),
            messages=self._count(
                ChatMessageRow,
                ChatMessageRow.community_id == self._community_id,
                ChatMessageRow.author_id == self._member_id,
                ChatMessageRow.is_deleted.is_(False),
            ),
            under_way=self._count(JobRow, *self._own_jobs, JobRow.state.in_(sorted(WAITING))),
            held_requests=self._count(JobRow, *self._own_jobs, held),
            live_sanctions=self._count(SanctionRow, self._is_own(SanctionRow), is_live),
            open_decisions=self._count(ReviewRow, self._has_part(), ReviewRow.closed_at.is_(None)),
            is_on_hold=Holds(self._session).names_member(self._community_id, self._member_id),
        )

    def pictures(self) -> list[Picture]:
        """List the pictures whose every byte goes, posted, held or deleted before."""
        query = select(PictureRow).where(PictureRow.job_id.in_(self._jobs))
        return [
            Picture.model_validate(row, from_attributes=True)
            for row in self._session.scalars(query.order_by(PictureRow.verify_id))
        ]

    def other_files(self) -> list[str]:
        """List the other blobs that go: what they brought, and what was half drawn."""
        kept = Holds(self._session).uploads()
        uploads = select(UploadRow.blob).where(
            self._is_own(UploadRow), UploadRow.upload_id.not_in(kept)
        )
        snapshots = select(JobRow.snapshot).where(JobRow.job_id.in_(self._jobs))
        found = [*self._session.scalars(uploads), *self._session.scalars(snapshots)]
        return sorted(blob for blob in found if blob)

    def jobs(self) -> list[JobId]:
        """Name the requests that go, and let nobody else go on with them before this unit ends."""
        query = self._jobs.order_by(JobRow.job_id).with_for_update()
        return [JobId(each) for each in self._session.scalars(query)]

    def messages(self) -> list[str]:
        """Name the chat messages that go, theirs and Easel's about their requests."""
        query = select(ChatMessageRow.key).where(
            self._is_message(), ChatMessageRow.is_deleted.is_(False)
        )
        return list(self._session.scalars(query.order_by(ChatMessageRow.message_no)))

    def erase(self, gone_as: MemberId) -> int:
        """Delete and rename; the chat's messages were emptied and the requests ended before.

        Returns:
            How many rows went or lost the member.
        """
        self._session.flush()
        self._empty_chat(gone_as)
        self._delete_what_is_theirs()
        self._take_words_away()
        self._leave_reviews(gone_as)
        self._leave_sanctions(gone_as)
        self._leave_policies(gone_as)
        self._leave_takedowns(gone_as)
        self._leave_jobs(gone_as)
        self._session.expire_all()
        return self._rows

    def _empty_chat(self, gone_as: MemberId) -> None:
        is_private = ChatMessageRow.audience.is_not(None)
        self._do(
            update(ChatMessageRow)
            .where(self._is_message())
            .values(
                author="",
                author_id=None,
                audience=case((is_private, gone_as), else_=None),
            )
        )

    def _delete_what_is_theirs(self) -> None:
        for table in _THEIRS_ALONE:
            self._do(delete(table).where(self._is_own(table)))
        # The ids and hashes stay in the registry, so that a label of theirs still verifies.
        self._do(
            update(RegistryRow)
            .where(RegistryRow.job_id.in_(self._jobs), RegistryRow.thumbnail.is_not(None))
            .values(thumbnail=None)
        )
        pictures = select(PictureRow.verify_id).where(PictureRow.job_id.in_(self._jobs))
        marked = FavouriteRow.verify_id.in_(pictures)  # By others too: there is nothing to see.
        self._do(delete(FavouriteRow).where(or_(self._is_own(FavouriteRow), marked)))
        self._do(delete(PictureRow).where(PictureRow.job_id.in_(self._jobs)))
        self._do(delete(RewriteRow).where(RewriteRow.job_id.in_(self._jobs)))
        kept = Holds(self._session).uploads()
        self._do(delete(UploadRow).where(self._is_own(UploadRow), UploadRow.upload_id.not_in(kept)))
        for learnt in (FeaturesRow, LabelRow):
            is_held = on_hold(learnt.community_id, learnt.member_id, learnt.job_id)
            self._do(delete(learnt).where(self._is_own(learnt), ~is_held))

    def _take_words_away(self) -> None:
        """Leave what was decided about requests, and not what they said."""
        self._do(
            update(VerdictRow)
            .where(VerdictRow.job_id.in_(self._jobs))
            .values(findings=[], checks=[], input_sha256="", note=None)
        )
        self._do(update(ReportRow).where(ReportRow.job_id.in_(self._jobs)).values(reason=""))

    def _leave_reviews(self, gone_as: MemberId) -> None:
        """Leave how items ended; those that have yet to take effect stay until then."""
        is_over = ReviewRow.closed_at.is_not(None)
        free = ~on_hold(ReviewRow.community_id, ReviewRow.member_id, ReviewRow.job_id)
        self._do(
            update(ReviewRow)
            .where(self._is_own(ReviewRow), is_over, free)
            .values(
                member_id=gone_as,
                author="",
                text=None,
                prompt_key="",
                picture_hashes=[],
                member_note="",
                note="",
            )
        )
        for by, name in (
            ("claimed_by", "claimed_name"),
            ("first_by", "first_name"),
            ("decided_by", "decided_name"),
        ):
            is_theirs = getattr(ReviewRow, by) == self._member_id
            self._do(
                update(ReviewRow)
                .where(ReviewRow.community_id == self._community_id, is_theirs, is_over)
                .values({by: gone_as, name: ""})
            )

    def _leave_sanctions(self, gone_as: MemberId) -> None:
        """Leave what is over as a number, and what is in force as it is."""
        is_over = or_(SanctionRow.lifted_at.is_not(None), SanctionRow.expires_at <= self._now)
        own = and_(self._is_own(SanctionRow), is_over)
        over = select(SanctionRow.sanction_id).where(own)
        self._do(delete(SanctionNoticeRow).where(SanctionNoticeRow.sanction_id.in_(over)))
        self._do(
            delete(SanctionNoticeRow).where(
                self._is_own(SanctionNoticeRow), SanctionNoticeRow.acked_at.is_not(None)
            )
        )
        self._do(
            update(SanctionRow).where(own).values(member_id=gone_as, reason="", lift_reason="")
        )
        here = SanctionRow.community_id == self._community_id
        for values in (
            {"by": gone_as, "by_name": ""},
            {"lift_asked_by": gone_as},
            {"lifted_by": gone_as},
        ):
            column = getattr(SanctionRow, next(iter(values)))
            self._do(update(SanctionRow).where(here, column == self._member_id).values(values))

    def _leave_takedowns(self, gone_as: MemberId) -> None:
        """Leave what they wanted gone; what is not through yet finds nothing of theirs any more."""
        here = TakedownRow.community_id == self._community_id
        for column in (TakedownRow.by, TakedownRow.only_of):
            theirs = update(TakedownRow).where(here, column == self._member_id)
            self._do(theirs.values({column.key: gone_as}))

    def _leave_policies(self, gone_as: MemberId) -> None:
        """Leave what was proposed and done for everybody, without a name."""
        for table, by, name in (
            (PolicyVersionRow, "proposed_by", "proposer"),
            (PolicyEventRow, "by", "name"),
        ):
            is_theirs = getattr(table, by) == self._member_id
            here = table.community_id == self._community_id
            self._do(update(table).where(here, is_theirs).values({by: gone_as, name: ""}))
        here = LegalHoldRow.community_id == self._community_id
        is_lifted = LegalHoldRow.lifted_at.is_not(None)
        self._do(
            update(LegalHoldRow).where(here, LegalHoldRow.by == self._member_id).values(by=gone_as)
        )
        self._do(
            update(LegalHoldRow)
            .where(here, is_lifted, LegalHoldRow.member_id == self._member_id)
            .values(member_id=gone_as, reason="")
        )

    def _leave_jobs(self, gone_as: MemberId) -> None:
        """Leave when requests were made and how they ended: the record names them by their id."""
        in_community = select(JobRow.job_id).where(JobRow.community_id == self._community_id)
        self._do(
            update(ReportRow)
            .where(ReportRow.reporter == self._member_id, ReportRow.job_id.in_(in_community))
            .values(reporter=gone_as, reason="")
        )
        told = or_(NoticeRow.acked_at.is_not(None), NoticeRow.platform.in_(_OURS))
        self._do(delete(NoticeRow).where(NoticeRow.job_id.in_(self._jobs), told))
        self._do(
            delete(NoticeRow).where(
                NoticeRow.member_id == self._member_id, NoticeRow.job_id.in_(in_community)
            )
        )
        free = ~on_hold(JobRow.community_id, JobRow.member_id, JobRow.job_id)
        self._do(
            update(JobRow)
            .where(*self._own_jobs, free)
            .values(
                member_id=gone_as,
                display_name="",
                spec=_WORDLESS,
                seed=0,
                snapshot=None,
                forgotten_at=func.coalesce(JobRow.forgotten_at, self._now),
            )
        )

    def _is_own(self, table: Any) -> ColumnElement[bool]:  # Any: a class with both columns.
        is_theirs: ColumnElement[bool] = table.member_id == self._member_id
        return and_(table.community_id == self._community_id, is_theirs)

    def _is_message(self) -> ColumnElement[bool]:
        message = ChatMessageRow
        return and_(
            message.community_id == self._community_id,
            or_(
                message.author_id == self._member_id,
                message.audience == self._member_id,
                message.job_id.in_(self._jobs),
            ),
            ~on_hold(message.community_id, message.author_id, message.job_id),
        )

    def _has_part(self) -> ColumnElement[bool]:
        """Hold items to those about the member, or that they claimed or decided."""
        people = (ReviewRow.member_id, ReviewRow.first_by, ReviewRow.decided_by)
        return and_(
            ReviewRow.community_id == self._community_id,
            or_(*(column == self._member_id for column in people)),
        )

    def _count(self, table: Any, *where: ColumnElement[bool]) -> int:  # Any: a mapped class.
        return self._session.scalar(select(func.count()).select_from(table).where(*where)) or 0

    def _do(self, statement: Update | Delete) -> None:
        quietly = statement.execution_options(synchronize_session=False)
        result: CursorResult[Any] = self._session.execute(quietly)  # type: ignore[assignment]  # What DML gives.
        self._rows += max(0, result.rowcount)


_OURS: Sequence[Platform] = (Platform.WEB, Platform.CLI)
"""Platforms whose messages lie here and went: elsewhere one has yet to be told to remove them."""
