"""Answer what Easel can do here and what the community allows."""

from bot import wording
from bot.bootstrap import Services
from bot.command_table import COMMANDS
from bot.grammar import FLAGS
from bot.replies import Reply


def help_card(services: Services) -> Reply:
    """List the commands and flags, and what the model in force knows."""
    return wording.help_card(COMMANDS, FLAGS, services.catalog.default)


def policy_card(services: Services) -> Reply:
    """Show the policy in force in the community's own words."""
    return wording.policy_card(services.gate.policy)
