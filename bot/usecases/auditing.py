"""Hand the record out, and write down first that it was: one that is broken off leaves a trace."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

from bot.bootstrap import Services
from core.contracts.actors import Actor, Role
from core.contracts.ids import CommunityId
from core.errors import UserError

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


def export(
    services: Services, actor: Actor, *, since: datetime = BEGINNING, community_id: CommunityId
) -> Iterator[str]:
    """List the rows since a time as lines of JSON, oldest first; the export itself is the last.

    Args:
        services: What every use case is handed.
        actor: Who wants it.
        since: From when on.
        community_id: Of which community; empty: everything, which only a terminal asks for.

    Raises:
        UserError: `not_permitted`: only admins take the record out of the house.
    """
    if actor.role is not Role.ADMIN:
        raise UserError("not_permitted", value="audit_export", allowed=[Role.ADMIN.value])
    with services.store.unit() as unit:
        unit.audit.add(
            "audit_exported",
            job_id=None,
            by=actor.member_id,
            facts={"since": since.isoformat()},
            now=services.clock(),
            community_id=community_id or None,
        )
    return _lines(services, since, community_id)


def _lines(services: Services, since: datetime, community_id: CommunityId) -> Iterator[str]:
    with services.store.reading() as unit:
        for row, digests in unit.audit.since(since, community_id or None):
            yield json.dumps({**row.model_dump(mode="json"), **digests}, ensure_ascii=False)
