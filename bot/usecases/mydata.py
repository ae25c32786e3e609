"""Hand a member everything that is kept of them, and delete it when they say so."""

import difflib

from bot import handover, wording
from bot.bootstrap import Services
from bot.replies import Reply
from bot.usecases import erasing
from bot.usecases.presses import Press
from core.contracts.actors import Actor, ReplyAddress
from core.contracts.ids import DraftId
from core.contracts.mydata import Holdings
from core.errors import UserError

_QUESTION = "erase-"
"""How the button's address begins; the moment at which it was asked follows."""

QUESTION_GOOD_FOR_S = 15 * 60
"""What goes and stays is another list a day later."""

_REPEATED_MAX = 60
"""Characters of a person's text that an error repeats."""


def mydata_command(services: Services, actor: Actor, rest: str, _address: ReplyAddress) -> Reply:
    """Do what stands after `/mydata`: say what is kept, hand it out, or ask before deleting it.

    Raises:
        UserError: `mydata_word_unknown`.
    """
    match rest.casefold():
        case "":
            return wording.mydata_card(holdings(services, actor))
        case "export":
            return wording.mydata_link(handover.token_of(services.settings, actor))
        case "delete":
            return question(services, actor)
    near = difflib.get_close_matches(
        rest.casefold()[:_REPEATED_MAX], list(wording.MYDATA_WORDS), n=1
    )
    raise UserError(
        "mydata_word_unknown",
        value=rest[:_REPEATED_MAX],
        allowed=list(wording.MYDATA_WORDS),
        suggestion=f"/mydata {near[0]}" if near else None,
    )


def holdings(services: Services, actor: Actor) -> Holdings:
    """Count what is kept of a member, and what of it would stay."""
    with services.store.reading() as unit:
        erasure = unit.personal.erasure(actor.community_id, actor.member_id, services.clock())
        return erasure.holdings()


def question(services: Services, actor: Actor) -> Reply:
    """Say what would go and what would stay, with the button that does it."""
    asked = DraftId(f"{_QUESTION}{int(services.clock().timestamp())}")
    return wording.mydata_question(holdings(services, actor), asked)


def confirmed(services: Services, actor: Actor, press: Press) -> Reply:
    """Delete everything that may go, for the member whose question it was.

    Raises:
        UserError: `mydata_question_old`; `mydata_busy`.
        Unavailable: the database or the blob store is away; doing it again goes on.
    """
    asked_at = (press.draft or "").removeprefix(_QUESTION)
    now_s = services.clock().timestamp()
    if not asked_at.isdecimal() or not 0 <= now_s - int(asked_at) <= QUESTION_GOOD_FOR_S:
        raise UserError("mydata_question_old")
    return wording.mydata_erased(erasing.erase(services, actor))
