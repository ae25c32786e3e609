"""Hold the audit trail to its chain, and say what is wrong with the first row that breaks it.

That something is wrong is certain; what it was is read from the rows around, and whoever may
write to the database may muddy that. Whoever may write there can also make a whole new chain: only
a hash that was written down elsewhere tells (`expected`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from core.contracts.records import ERASED, Break, ChainReport
from core.storage.chain import BEGINNING, Entry, Person
from core.storage.models import AuditTrailRow
from core.storage.review_models import AuditHeadRow
from core.storage.statements import table_of

_TABLE, _HEADS = table_of(AuditTrailRow), table_of(AuditHeadRow)

AT_A_TIME = 2000
"""Rows in memory at once: about two megabytes."""

LOOKED_AROUND = 2000
"""Rows after a break among which the one is looked for that belongs there."""

_SHIFTS = 100
"""By how many numbers rows after a break may have been moved up, to be known as such."""

_Row = Row[*tuple[Any, ...]]  # Any: the columns of the audit table.


def entry_of(row: _Row) -> Entry:
    """Read what the chain vouches for from a row."""
    about = None if row.about is None else Person(row.about, row.about_salt)
    by = Person(row.by, row.by_salt)
    return Entry(row.job_id, row.community_id, row.kind, by, about, row.facts, row.at)


def check_chain(session: Session, expected: str | None) -> ChainReport:
    """Read the whole trail, oldest first, up to its first wrong row."""
    walk = _Walk(expected)
    head = session.execute(select(_HEADS)).one_or_none()
    head_no = None if head is None else int(head.audit_no)
    query = select(_TABLE).order_by(_TABLE.c.audit_no)
    rows = session.execute(query, execution_options={"yield_per": AT_A_TIME})
    for row in rows:
        if (fault := walk.take(row, head_no)) is None:
            continue
        rows.close()
        if fault is Break.ALTERED:
            fault = _look_around(walk.last_hash, walk.next_no, _from(session, walk.next_no))
        return walk.report(fault, walk.wrong_no)
    if head is None:
        return walk.report(Break.HEAD, walk.last_no) if walk.rows else walk.report()
    if walk.last_no < head.audit_no:
        return walk.report(Break.MISSING, walk.next_no)
    if walk.last_hash != head.hash:
        return walk.report(Break.HEAD, walk.last_no)
    return walk.report()


@dataclass(slots=True)
class _Walk:
    """How far the chain was found to be whole."""

    expected: str | None
    rows: int = 0
    unchained: int = 0
    erased: int = 0
    last_no: int = 0
    last_hash: str = BEGINNING
    wrong_no: int = 0
    is_found: bool = False

    @property
    def next_no(self) -> int:
        """The number that the next row must have."""
        return self.last_no + 1

    def take(self, row: _Row, head_no: int | None) -> Break | None:
        """Go on to a row, or say why that is not possible."""
        self.wrong_no = row.audit_no
        if not self.rows:
            if row.hash is None:
                self.unchained += 1
                return None
            if (fault := self._begin(row)) is not None:
                return fault
        fault = self._fault_of(row, head_no)
        if fault is None:
            self._go_on(row)
        return fault

    def _begin(self, row: _Row) -> Break | None:
        """Take the first chained row: what it says of those before it must hold."""
        is_late = row.kind == "chain_begun"
        before = row.facts.get("rows_before") if is_late else 0
        if self.unchained != before:
            return Break.UNCHAINED
        last_no = row.facts.get("last_no")
        self.last_no = last_no if is_late and isinstance(last_no, int) else 0
        return None

    def _fault_of(self, row: _Row, head_no: int | None) -> Break | None:
        if row.audit_no > self.next_no:
            self.wrong_no = self.next_no
            return Break.MISSING
        if head_no is not None and row.audit_no > head_no:
            return Break.INSERTED
        if row.kind == "chain_head_lost":
            return Break.HEAD
        if row.hash != entry_of(row).hash_after(self.last_hash, row.audit_no):
            return Break.ALTERED
        return None

    def _go_on(self, row: _Row) -> None:
        self.rows += 1
        self.last_no, self.last_hash = row.audit_no, row.hash
        self.is_found = self.is_found or row.hash == self.expected
        people = (row.by, row.about or "")
        self.erased += any(each.startswith(ERASED) for each in people)

    def report(self, fault: Break | None = None, fault_no: int | None = None) -> ChainReport:
        """Say what was found."""
        return ChainReport(
            rows=self.rows,
            unchained=self.unchained,
            erased=self.erased,
            last_no=self.last_no,
            last_hash=self.last_hash,
            fault=fault,
            fault_no=fault_no,
            is_expected_found=None if self.expected is None else self.is_found,
        )


def _from(session: Session, audit_no: int) -> list[_Row]:
    query = select(_TABLE).where(_TABLE.c.audit_no >= audit_no).order_by(_TABLE.c.audit_no)
    return list(session.execute(query.limit(LOOKED_AROUND)))


def _look_around(previous: str, number: int, rows: list[_Row]) -> Break:
    """Tell what happened to the first of some rows, which does not follow from what is before.

    Args:
        previous: The hash of the row before it.
        number: The number that it has.
        rows: It, and those after it.
    """
    wrong, later = rows[0], rows[1:]
    if wrong.hash is None:
        itself = entry_of(wrong).hash_after(previous, number)
        was_chained = bool(later) and _follows(later[0], itself, [later[0].audit_no])
        return Break.ALTERED if was_chained else Break.INSERTED
    if any(_follows(row, previous, [number]) for row in later):
        return Break.REORDERED if _is_linked(wrong, later) else Break.INSERTED
    moved_up = range(wrong.audit_no + 2, wrong.audit_no + 2 + _SHIFTS)
    if later and _follows(later[0], wrong.hash, moved_up):
        return Break.MISSING  # And those after it were given its number.
    return Break.ALTERED


def _is_linked(row: _Row, later: Iterable[_Row]) -> bool:
    """Tell whether any later row follows from this one, wherever it stands now."""
    return any(_follows(each, row.hash, _near(each.audit_no)) for each in later)


def _near(number: int) -> Iterator[int]:
    yield from (number - 1, number, number + 1)


def _follows(row: _Row, previous: str, numbers: Iterable[int]) -> bool:
    """Tell whether a row was written after the one with that hash, under one of some numbers."""
    entry = entry_of(row)
    return any(entry.hash_after(previous, number) == row.hash for number in numbers)
