"""Answer what Easel can do here."""

from bot import wording
from bot.bootstrap import Services
from bot.command_table import COMMANDS
from bot.grammar import FLAGS
from bot.replies import Reply

_DIGITS_MOST = 4
"""Of a page's number; a longer one is no page."""


def help_command(services: Services, rest: str) -> Reply:
    """Show the page of the help that stands after `/help`; the first where none does."""
    page = rest.strip()
    is_page = page.isascii() and page.isdigit() and len(page) <= _DIGITS_MOST
    return help_card(services, max(1, int(page)) if is_page else 1)


def help_card(services: Services, page: int = 1) -> Reply:
    """List the commands and flags, and what the model in force knows."""
    return wording.help_card(COMMANDS, FLAGS, services.catalog.default, page)
