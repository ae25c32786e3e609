"""Word the console's page of the policy: what is short enough for a table."""

from bot.wording.policies import POLICY_DEEDS, WAS, WOULD
from core.contracts.policies import Level

DEEDS = POLICY_DEEDS

LEVELS = {
    Level.ORGANISATION: "organisation",
    Level.COMMUNITY: "community",
    Level.CHANNEL: "channel",
}

BEFORE, AFTER = WAS, WOULD
