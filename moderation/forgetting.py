"""Delete what replays need once the time is over that a community's policy gives it."""

from datetime import datetime, timedelta

import structlog

from core.contracts.ids import ChannelId
from core.storage import Store
from moderation.gates import Gates

log = structlog.get_logger()

DISAGREEMENTS_KEPT = timedelta(days=90)
"""A candidate that was not decided about in a quarter is decided about."""


def forget_features(store: Store, gates: Gates, *, now: datetime) -> int:
    """Delete the features of each community that are older than its policy keeps them.

    Returns:
        How many went.

    Raises:
        Unavailable: the database is away.
    """
    with store.reading() as unit:
        communities = unit.features.communities()
    gone = 0
    for community_id in communities:
        policy = gates.of(community_id, ChannelId("")).policy
        before = now - timedelta(days=policy.retention.features_days)
        with store.unit() as unit:
            gone += unit.features.forget_before(community_id, before)
    with store.unit() as unit:
        unit.features.forget_disagreements(now - DISAGREEMENTS_KEPT)
    if gone:
        log.info("features_forgotten", requests=gone)
    return gone
