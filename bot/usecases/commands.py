"""Run what a person typed: the first word names the command, the rest is its own."""

import difflib
from collections.abc import Callable

from bot import wording
from bot.bootstrap import Services
from bot.command_table import COMMANDS, Command
from bot.replies import Reply
from bot.usecases import help as cards
from bot.usecases import imagine, show
from bot.usecases.cancel import cancel_command
from bot.usecases.conduct import standing_command
from bot.usecases.favourites import favourites_command
from bot.usecases.history import history_command
from bot.usecases.lineage import lineage_command
from bot.usecases.mydata import mydata_command
from bot.usecases.policy import policy_command
from bot.usecases.privacy import privacy_command
from bot.usecases.rerun import rerun_command
from bot.usecases.review import review_command
from bot.usecases.sanctions import pardon_command, sanction_command
from bot.usecases.settings import settings_command
from bot.usecases.styles import style_command
from bot.usecases.transparency import transparency_command
from bot.usecases.verify import verify_command
from core.contracts.actors import Actor, ReplyAddress
from core.errors import AppError, UserError

__all__ = ["COMMANDS", "Command", "run"]

_Run = Callable[[Services, Actor, str, ReplyAddress], Reply]


def run(services: Services, actor: Actor, text: str, address: ReplyAddress) -> Reply:
    """Do what a typed line says, and answer for what went wrong as well."""
    try:
        word, rest = _split(text)
        return _COMMANDS[word](services, actor, rest, address)
    except AppError as error:
        return wording.error(error)


def _split(text: str) -> tuple[str, str]:
    """Part a line into its command and the rest.

    Raises:
        UserError: `command_missing` or `command_unknown`, the latter with a suggestion.
    """
    word, rest = (*text.split(maxsplit=1), "", "")[:2]
    if not word.startswith("/") or word == "/":
        raise UserError("command_missing", allowed=[f"/{each.name}" for each in COMMANDS])
    name = word[1:].lower()
    if name not in _COMMANDS:
        near = difflib.get_close_matches(name, _COMMANDS, n=1)
        raise UserError(
            "command_unknown",
            value=word[:40],  # Enough to recognise a slip; a long word is no command.
            allowed=[f"/{each.name}" for each in COMMANDS],
            suggestion=f"/{near[0]}" if near else None,
        )
    return name, rest


_COMMANDS: dict[str, _Run] = {
    "imagine": imagine.submit,
    "show": show.show_command,
    "cancel": cancel_command,
    "history": history_command,
    "favourites": favourites_command,
    "lineage": lineage_command,
    "rerun": rerun_command,
    "verify": verify_command,
    "settings": settings_command,
    "style": style_command,
    "privacy": privacy_command,
    "mydata": mydata_command,
    "standing": standing_command,
    "help": lambda services, _actor, rest, _address: cards.help_command(services, rest),
    "policy": policy_command,
    "transparency": transparency_command,
    "review": review_command,
    "sanction": sanction_command,
    "pardon": pardon_command,
}
"""What each word of `COMMANDS` does."""
