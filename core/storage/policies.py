"""Keep the versions of policies, what of them is in force, and everything that was done."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, bindparam, func, select, update
from sqlalchemy.orm import Session

from core.contracts.actors import Actor
from core.contracts.ids import ChannelId, CommunityId, MemberId
from core.contracts.policies import (
    InForce,
    PolicyDeed,
    PolicyEvent,
    PolicyVersion,
    PolicyVersionId,
    Scope,
)
from core.contracts.records import Fact
from core.errors import NotFound
from core.storage.policy_models import (
    PolicyEventRow,
    PolicyPlaceRow,
    PolicyPrintsRow,
    PolicyRevisionRow,
    PolicyVersionRow,
)
from core.storage.statements import insert_into, table_of

_ONLY = 1
_REVISION = select(table_of(PolicyRevisionRow).c.revision).where(
    table_of(PolicyRevisionRow).c.revision_no == bindparam("only")
)

_CHANGES = frozenset(
    {
        PolicyDeed.ACTIVATED,
        PolicyDeed.ROLLED_BACK,
        PolicyDeed.SHADOWED,
        PolicyDeed.UNSHADOWED,
    }
)
"""Deeds after which processes must look again."""


class Policies:
    """The policies of one store."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def revision(self) -> int:
        """Count the changes so far: another number means that something else may be in force."""
        return self._session.scalar(_REVISION, {"only": _ONLY}) or 0

    def add(self, version: PolicyVersion) -> None:
        """Keep a version; its number must be free in its scope."""
        facts = version.model_dump(exclude={"scope"})
        self._session.add(
            PolicyVersionRow(**facts, **version.scope.model_dump(include=_PLACE_KEYS))
        )
        self._session.flush()

    def next_number(self, scope: Scope) -> int:
        """Number the next version; under the write lock, so that it is given once."""
        query = select(func.max(PolicyVersionRow.number)).where(*_is_in(PolicyVersionRow, scope))
        return (self._session.scalar(query) or 0) + 1

    def get(self, version_id: PolicyVersionId) -> PolicyVersion:
        """Find a version.

        Raises:
            NotFound: `policy_version_not_found`.
        """
        row = self._session.get(PolicyVersionRow, version_id)
        if row is None:
            raise NotFound("policy_version_not_found", value=version_id)
        return _version(row)

    def numbered(self, scope: Scope, number: int) -> PolicyVersion:
        """Find a scope's version by its number.

        Raises:
            NotFound: `policy_version_not_found`.
        """
        query = select(PolicyVersionRow).where(
            *_is_in(PolicyVersionRow, scope), PolicyVersionRow.number == number
        )
        row = self._session.scalar(query)
        if row is None:
            raise NotFound("policy_version_not_found", value=str(number))
        return _version(row)

    def versions(self, scope: Scope, *, limit: int = 50) -> list[PolicyVersion]:
        """List a scope's versions, newest first."""
        query = (
            select(PolicyVersionRow)
            .where(*_is_in(PolicyVersionRow, scope))
            .order_by(PolicyVersionRow.number.desc())
            .limit(limit)
        )
        return [_version(row) for row in self._session.scalars(query)]

    def in_force(self, scope: Scope) -> InForce:
        """Read what holds in one scope, wider ones left aside."""
        row = self._session.get(PolicyPlaceRow, (scope.community_id, scope.channel_id))
        if row is None:
            return InForce(scope=scope)
        found = {
            name: self.get(PolicyVersionId(version_id)) if version_id else None
            for name, version_id in (("active", row.active_id), ("shadow", row.shadow_id))
        }
        return InForce(scope=scope, **found)

    def chain(self, scope: Scope) -> list[InForce]:
        """Read what holds in a scope and in the wider ones, the widest first."""
        return [self.in_force(each) for each in scope.chain]

    def places(self, community_id: CommunityId | None = None) -> list[Scope]:
        """List the scopes that ever had something in force: all, or a community's own."""
        query = select(PolicyPlaceRow.community_id, PolicyPlaceRow.channel_id)
        if community_id is not None:
            query = query.where(PolicyPlaceRow.community_id == community_id)
        rows = self._session.execute(query.order_by(*query.selected_columns))
        return [
            Scope(community_id=CommunityId(community), channel_id=ChannelId(channel))
            for community, channel in rows
        ]

    def put_in_force(
        self, scope: Scope, version_id: PolicyVersionId | None, *, now: datetime
    ) -> None:
        """Let a version hold in its scope; None: the wider levels alone do."""
        self._put(scope, "active_id", version_id, now)

    def put_in_shadow(
        self, scope: Scope, version_id: PolicyVersionId | None, *, now: datetime
    ) -> None:
        """Let a version be asked beside the one in force; None: none is."""
        self._put(scope, "shadow_id", version_id, now)

    def note(
        self,
        scope: Scope,
        deed: PolicyDeed,
        version_id: PolicyVersionId | None,
        *,
        by: Actor,
        facts: Mapping[str, Fact],
        now: datetime,
    ) -> None:
        """Write down what was done; processes look again where it changed what is in force."""
        self._session.add(
            PolicyEventRow(
                community_id=scope.community_id,
                channel_id=scope.channel_id,
                deed=deed,
                version_id=version_id,
                by=by.member_id,
                name=by.display_name,
                facts=dict(facts),
                at=now,
            )
        )
        if deed in _CHANGES:
            self._count_change()

    def events(self, scope: Scope, *, limit: int = 50) -> list[PolicyEvent]:
        """List what was done about a scope's versions, newest first."""
        query = (
            select(PolicyEventRow)
            .where(*_is_in(PolicyEventRow, scope))
            .order_by(PolicyEventRow.event_no.desc())
            .limit(limit)
        )
        return [
            PolicyEvent(
                event_no=row.event_no,
                scope=scope,
                deed=row.deed,
                version_id=PolicyVersionId(row.version_id) if row.version_id else None,
                by=MemberId(row.by),
                name=row.name,
                facts=row.facts,
                at=row.at,
            )
            for row in self._session.scalars(query)
        ]

    def keep_prints(self, policy_version: str, prints: Mapping[str, str]) -> None:
        """Keep what the rules of an effective policy match, once."""
        statement = (
            insert_into(self._session, PolicyPrintsRow)
            .values(policy_version=policy_version, prints=dict(prints))
            .on_conflict_do_nothing(index_elements=["policy_version"])
        )
        self._session.execute(statement)

    def prints(self) -> dict[str, dict[str, str]]:
        """Read what the rules of every effective policy so far matched."""
        rows = self._session.execute(select(PolicyPrintsRow.policy_version, PolicyPrintsRow.prints))
        return {version: dict(prints) for version, prints in rows}

    def _put(
        self, scope: Scope, column: str, version_id: PolicyVersionId | None, now: datetime
    ) -> None:
        values = {column: version_id, "updated_at": now}
        statement = (
            insert_into(self._session, PolicyPlaceRow)
            .values(**scope.model_dump(include=_PLACE_KEYS), **values)
            .on_conflict_do_update(index_elements=["community_id", "channel_id"], set_=values)
        )
        self._session.execute(statement)
        self._session.expire_all()  # What this unit read of the place before is over.

    def _count_change(self) -> None:
        self._session.execute(
            insert_into(self._session, PolicyRevisionRow)
            .values(revision_no=_ONLY, revision=0)
            .on_conflict_do_nothing(index_elements=["revision_no"])
        )
        self._session.execute(
            update(PolicyRevisionRow)
            .where(PolicyRevisionRow.revision_no == _ONLY)
            .values(revision=PolicyRevisionRow.revision + 1)
        )


_PLACE_KEYS = {"community_id", "channel_id"}


def _is_in(
    table: type[PolicyVersionRow | PolicyEventRow], scope: Scope
) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return table.community_id == scope.community_id, table.channel_id == scope.channel_id


def _version(row: PolicyVersionRow) -> PolicyVersion:
    kept = set(PolicyVersion.model_fields) - {"scope"}
    scope = Scope(community_id=CommunityId(row.community_id), channel_id=ChannelId(row.channel_id))
    return PolicyVersion(scope=scope, **{name: getattr(row, name) for name in kept})
