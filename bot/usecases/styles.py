"""Keep words under a name, for `--style` and for the settings: twenty a person."""

import difflib
import re
from collections.abc import Callable

from bot import wording
from bot.bootstrap import Services
from bot.replies import Reply
from bot.settings_table import BY_NAME
from bot.usecases import settings
from bot.usecases.added_words import read_words, screen_words
from bot.usecases.effective import NO_STYLE
from core.contracts.actors import Actor, ReplyAddress
from core.contracts.personal import STYLES_MAX, NamedStyle
from core.contracts.verdicts import Decision
from core.errors import UserError

NAME_MAX = 32
"""The bound of `NamedStyle.name`."""

_NAME = re.compile(rf"[a-z0-9][a-z0-9-]{{0,{NAME_MAX - 1}}}")


def style_command(services: Services, actor: Actor, rest: str, address: ReplyAddress) -> Reply:
    """Do what stands after `/style`: list, save, delete or use.

    Raises:
        UserError: `style_verb_unknown`, `style_name_missing`, `style_text_missing` or
            `style_unknown`, and whatever `save` raises.
    """
    verb, name, text = (*rest.split(maxsplit=2), "", "", "")[:3]
    verb = verb.casefold() or "list"
    if verb not in _VERBS:
        near = difflib.get_close_matches(verb[:NAME_MAX], _VERBS, n=1)
        raise UserError(
            "style_verb_unknown",
            value=verb[:NAME_MAX],
            allowed=[f"/style {each}" for each in _VERBS],
            suggestion=f"/style {near[0]}" if near else None,
        )
    if verb != "list" and not name:
        raise UserError("style_name_missing", value=f"/style {verb}")
    return _VERBS[verb](services, actor, name, text, address)


def list_styles(services: Services, actor: Actor) -> Reply:
    """List a person's own styles and the model's, privately."""
    with services.store.reading() as unit:
        own = unit.styles.of_member(actor.community_id, actor.member_id)
        in_force = unit.settings.get(actor.community_id, actor.member_id).style
    return wording.styles_card(own, services.catalog.default, in_force)


def save(services: Services, actor: Actor, name: str, text: str, address: ReplyAddress) -> Reply:
    """Keep words under a name, in place of what that name meant; refused words are not kept.

    Raises:
        UserError: `style_name_invalid`; `style_name_taken`, by a model's style;
            `style_text_missing`; `too_many_styles`; what is wrong with the words.
    """
    name = _checked(services, name)
    if not text:
        raise UserError("style_text_missing", value=name)
    words = read_words(text)
    verdict = screen_words(services, actor, words, address)
    if verdict.decision is Decision.BLOCK:
        return wording.words_refused(
            services.gates.of(actor.community_id, address.channel_id).explain(verdict), words
        )
    now = services.clock()
    with services.store.unit() as unit:
        # Taken first, so that of two styles saved at once one is counted after the other.
        in_force = unit.settings.take(actor.community_id, actor.member_id, now=now).style
        own = unit.styles.of_member(actor.community_id, actor.member_id)
        if len(own) >= STYLES_MAX and name not in {each.name for each in own}:
            raise UserError("too_many_styles", value=len(own), allowed=str(STYLES_MAX))
        style = NamedStyle(name=name, text=words, created_at=now)
        unit.styles.put(actor.community_id, actor.member_id, style)
        own = unit.styles.of_member(actor.community_id, actor.member_id)
    is_unsure = verdict.decision is Decision.REVIEW
    return wording.styles_card(
        own, services.catalog.default, in_force, saved=name, is_unsure=is_unsure
    )


def delete(services: Services, actor: Actor, name: str) -> Reply:
    """Forget a style; settings that name it name none from then on.

    Raises:
        UserError: `style_unknown`, with the person's own styles.
    """
    community_id, member_id, now = actor.community_id, actor.member_id, services.clock()
    with services.store.unit() as unit:
        kept = unit.settings.take(community_id, member_id, now=now)
        own = unit.styles.of_member(community_id, member_id)
        found = settings.named_style(name, [each.name for each in own])
        unit.styles.remove(community_id, member_id, found)
        if kept.style == found:
            kept = kept.model_copy(update={"style": None})
            unit.settings.set(community_id, member_id, kept, now=now)
        left = [each for each in own if each.name != found]
    return wording.styles_card(left, services.catalog.default, kept.style, deleted=found)


def _checked(services: Services, name: str) -> str:
    """Read a name that a person may give a style.

    Raises:
        UserError: `style_name_invalid` or `style_name_taken`.
    """
    name = name.casefold()
    if _NAME.fullmatch(name) is None or name == NO_STYLE:
        raise UserError("style_name_invalid", value=name[:NAME_MAX], allowed=str(NAME_MAX))
    taken = {style.casefold() for each in services.catalog.profiles for style in each.styles}
    if name in taken:
        raise UserError("style_name_taken", value=name)
    return name


_Verb = Callable[[Services, Actor, str, str, ReplyAddress], Reply]

_VERBS: dict[str, _Verb] = {
    "list": lambda services, actor, _name, _text, _address: list_styles(services, actor),
    "save": save,
    "delete": lambda services, actor, name, _text, _address: delete(services, actor, name),
    "use": lambda services, actor, name, _text, address: settings.change(
        services, actor, BY_NAME["style"], name, address
    ),
}
