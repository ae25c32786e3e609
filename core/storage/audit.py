"""Write down what was done, by whom and when; nothing here changes a row, but to erase a person.

Rows wait in the unit and are numbered, linked and written as its last thing, under the lock of
the one row that says where the chain ends. So no number is skipped, and nobody who holds that lock
waits for another.
"""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, func, insert, or_, select, update
from sqlalchemy.orm import Session

from core.contracts.ids import CommunityId, JobId, MemberId
from core.contracts.records import ERASED, Anchor, AuditRow, ChainReport, Fact
from core.storage.chain import BEGINNING, Entry, Person
from core.storage.chain_check import check_chain, entry_of
from core.storage.models import AuditTrailRow, JobRow
from core.storage.review_models import AuditHeadRow
from core.storage.statements import ready_insert, run, table_of

_TABLE, _HEADS = table_of(AuditTrailRow), table_of(AuditHeadRow)
_ROWS, _HEAD = _TABLE.c, _HEADS.c

_THE_ONE = 1
"""The number of the only row of `audit_head`."""

_ADD = insert(_TABLE)
_LOCK_HEAD = (
    select(
        _HEAD.audit_no,
        _HEAD.hash,
        # Rows that somebody else put behind the end must not keep anybody from writing.
        select(func.max(_ROWS.audit_no)).scalar_subquery().label("taken_no"),
    )
    .where(_HEAD.head_no == _THE_ONE)
    .with_for_update(of=_HEADS)
)
_LAST = select(_TABLE).order_by(_ROWS.audit_no.desc()).limit(1)
_MOVE_HEAD = (
    update(_HEADS)
    .where(_HEAD.head_no == _THE_ONE)
    .values(audit_no=bindparam("last_no"), hash=bindparam("last_hash"))
)
_MAKE_HEAD = ready_insert(
    AuditHeadRow,
    lambda insert: insert.on_conflict_do_nothing(index_elements=["head_no"]).returning(
        _HEAD.head_no
    ),
)
_COMMUNITY_OF = select(table_of(JobRow).c.community_id).where(
    table_of(JobRow).c.job_id == bindparam("job_id")
)

EXPORTED_AT_A_TIME = 5000


@dataclass(frozen=True, slots=True)
class _Waiting:
    """One row that has no number yet."""

    kind: str
    job_id: JobId | None
    community_id: CommunityId | None
    by: str
    about: MemberId | None
    facts: dict[str, Fact]
    at: datetime


class AuditTrail:
    """The trail of one store."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._waiting: list[_Waiting] = []

    def add(  # noqa: PLR0913 - a row has this many parts, all of them named.
        self,
        kind: str,
        *,
        job_id: JobId | None,
        by: str,
        facts: Mapping[str, Fact],
        now: datetime,
        community_id: CommunityId | None = None,
        about: MemberId | None = None,
    ) -> None:
        """Append one row; it shows once the unit has ended.

        Args:
            kind: What was done, as a code.
            job_id: The job that it was done to.
            by: Who did it.
            facts: Codes and numbers, never a prompt, a name or a member's id: what stands here
                stays for ever.
            now: When.
            community_id: Where; None: where the job is.
            about: The member whom it was done to, where the job does not tell.
        """
        self._waiting.append(_Waiting(kind, job_id, community_id, by, about, dict(facts), now))

    def seal(self) -> None:
        """Number, link and write what was added; the unit's last thing before its commit."""
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, []
        self._session.flush()
        communities = self._communities_of(waiting)
        last_no, last_hash = self._locked_head(waiting[0].at)
        rows = []
        for each in waiting:
            last_no += 1
            salts = secrets.token_hex(32)  # One draw for both people.
            by = Person(each.by, salts[:32])
            about = None if each.about is None else Person(each.about, salts[32:])
            community_id = each.community_id or communities.get(each.job_id)
            entry = Entry(each.job_id, community_id, each.kind, by, about, each.facts, each.at)
            last_hash = entry.hash_after(last_hash, last_no)
            rows.append(_to_values(entry, last_no, last_hash))
        self._session.execute(_ADD, rows)
        self._session.execute(_MOVE_HEAD, {"last_no": last_no, "last_hash": last_hash})

    def of_job(self, job_id: JobId) -> list[AuditRow]:
        """List what was done about a job, oldest first."""
        query = select(_TABLE).where(_ROWS.job_id == job_id).order_by(_ROWS.audit_no)
        return [_to_row(row) for row in self._session.execute(query)]

    def page(
        self,
        community_id: CommunityId,
        *,
        kind: str | None = None,
        member_id: MemberId | None = None,
        job_id: JobId | None = None,
        before_no: int | None = None,
        limit: int = 50,
    ) -> list[AuditRow]:
        """List what was done in a community, newest first.

        Args:
            community_id: Which.
            kind: Only rows of this kind.
            member_id: Only what this member did, or what was done to them.
            job_id: Only what was done to this job.
            before_no: Only rows before this one: the last of the page before.
            limit: How many.
        """
        query = select(_TABLE).where(_ROWS.community_id == community_id)
        if kind is not None:
            query = query.where(_ROWS.kind == kind)
        if member_id is not None:
            query = query.where(or_(_ROWS.by == member_id, _ROWS.about == member_id))
        if job_id is not None:
            query = query.where(_ROWS.job_id == job_id)
        if before_no is not None:
            query = query.where(_ROWS.audit_no < before_no)
        query = query.order_by(_ROWS.audit_no.desc()).limit(limit)
        return [_to_row(row) for row in self._session.execute(query)]

    def since(
        self, since: datetime, community_id: CommunityId | None = None
    ) -> Iterator[tuple[AuditRow, dict[str, str | None]]]:
        """Read what was done since a time, oldest first, with the digests of its people.

        The digests stand in the chain, so that a copy of the rows can be verified without salts.
        """
        query = select(_TABLE).where(_ROWS.at >= since).order_by(_ROWS.audit_no)
        if community_id is not None:
            query = query.where(_ROWS.community_id == community_id)
        found = self._session.execute(query, execution_options={"yield_per": EXPORTED_AT_A_TIME})
        for row in found:
            entry = entry_of(row)
            about = None if entry.about is None else entry.about.digest
            yield _to_row(row), {"by_sha256": entry.by.digest, "about_sha256": about}

    def check(self, expected: str | None = None) -> ChainReport:
        """Hold the whole trail to its chain; read in one unit, it sees one moment.

        Args:
            expected: A hash that was written down elsewhere and must be in the chain.
        """
        return check_chain(self._session, expected)

    def anchor(self) -> Anchor | None:
        """Tell where the chain ends; None: it has not begun."""
        row = self._session.execute(select(_HEAD.audit_no, _HEAD.hash)).one_or_none()
        return None if row is None else Anchor(audit_no=row.audit_no, hash=row.hash)

    def erase(self, member_id: MemberId, community_id: CommunityId | None = None) -> int:
        """Put the digest in place of a member's id wherever it stands; say in how many rows.

        Args:
            member_id: Who.
            community_id: Only there, and where no community is said; None: everywhere.
        """
        query = select(_TABLE).where(or_(_ROWS.by == member_id, _ROWS.about == member_id))
        if community_id is not None:
            query = query.where(
                or_(_ROWS.community_id == community_id, _ROWS.community_id.is_(None))
            )
        rows = self._session.execute(query).all()
        for row in rows:
            entry = entry_of(row)
            changed: dict[str, str | None] = {}
            if row.by == member_id:
                changed |= {"by": ERASED + entry.by.digest, "by_salt": None}
            if entry.about is not None and row.about == member_id:
                changed |= {"about": ERASED + entry.about.digest, "about_salt": None}
            self._session.execute(
                update(_TABLE).where(_ROWS.audit_no == row.audit_no).values(changed)
            )
        return len(rows)

    def _communities_of(self, waiting: list[_Waiting]) -> dict[JobId | None, CommunityId]:
        """Find where jobs are of which a row was added without saying so."""
        known = {each.job_id: each.community_id for each in waiting if each.community_id}
        for each in waiting:
            if each.job_id is None or each.community_id or each.job_id in known:
                continue
            found = run(self._session, _COMMUNITY_OF, job_id=each.job_id).scalar_one_or_none()
            if found is not None:
                known[each.job_id] = CommunityId(found)
        return {job_id: community for job_id, community in known.items() if job_id is not None}

    def _locked_head(self, now: datetime) -> tuple[int, str]:
        head = self._session.execute(_LOCK_HEAD).one_or_none()
        if head is None:
            return self._begin(now)
        return max(head.audit_no, head.taken_no or 0), head.hash

    def _begin(self, now: datetime) -> tuple[int, str]:
        """Begin the chain after what is there; where there was one, say that its end was lost."""
        last = self._session.execute(_LAST).one_or_none()
        last_no = 0 if last is None else last.audit_no
        last_hash = BEGINNING if last is None or last.hash is None else last.hash
        made = _MAKE_HEAD.run(self._session, head_no=_THE_ONE, audit_no=last_no, hash=last_hash)
        if made.one_or_none() is None or last is None:  # Another unit was quicker; or it is all.
            head = self._session.execute(_LOCK_HEAD).one()
            return head.audit_no, head.hash
        count = self._session.scalar(select(func.count()).select_from(_TABLE)) or 0
        facts: dict[str, Fact] = {"rows_before": count, "last_no": last_no}
        kind = "chain_begun" if last.hash is None else "chain_head_lost"
        by = Person("system", secrets.token_hex(16))
        entry = Entry(None, None, kind, by, None, facts, now)
        linked = entry.hash_after(last_hash, last_no + 1)
        self._session.execute(_ADD, [_to_values(entry, last_no + 1, linked)])
        return last_no + 1, linked


def _to_values(entry: Entry, audit_no: int, linked: str) -> dict[str, Any]:  # Any: a row's values.
    return {
        "audit_no": audit_no,
        "job_id": entry.job_id,
        "kind": entry.kind,
        "by": entry.by.member,
        "facts": entry.facts,
        "at": entry.at,
        "community_id": entry.community_id,
        "about": None if entry.about is None else entry.about.member,
        "by_salt": entry.by.salt,
        "about_salt": None if entry.about is None else entry.about.salt,
        "hash": linked,
    }


def _to_row(row: Row[*tuple[Any, ...]]) -> AuditRow:
    return AuditRow.model_validate(row, from_attributes=True)
