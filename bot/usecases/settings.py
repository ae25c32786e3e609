"""Show and change what is in force for a member where a request does not say otherwise."""

import difflib

from bot import wording
from bot.bootstrap import Services
from bot.replies import Reply
from bot.settings_table import BY_NAME, NONE, Setting
from bot.usecases.added_words import read_words, screen_words
from core.contracts.actors import Actor, ReplyAddress
from core.contracts.generation import Aspect
from core.contracts.personal import MemberSettings
from core.contracts.verdicts import Decision
from core.errors import UserError

RESET = "reset"

_REPEATED_MAX = 60
"""Characters of a person's text that an error repeats."""


def settings_command(services: Services, actor: Actor, rest: str, address: ReplyAddress) -> Reply:
    """Do what stands after `/settings`: show them all, change one, or reset them.

    Raises:
        UserError: `setting_unknown`, `setting_value_missing` or `setting_value_invalid`, each
            with what is allowed; what is wrong with a suffix's words; `style_unknown`;
            `aspect_unsupported`.
    """
    name, value = (*rest.split(maxsplit=1), "", "")[:2]
    if not name:
        return show_settings(services, actor)
    if name.casefold() == RESET:
        return _keep(services, actor, {}, is_reset=True)
    setting = _named(name)
    if not value:
        raise UserError("setting_value_missing", **_facts(setting))
    return change(services, actor, setting, value, address)


def show_settings(services: Services, actor: Actor) -> Reply:
    """List a person's settings, privately."""
    with services.store.reading() as unit:
        settings = unit.settings.get(actor.community_id, actor.member_id)
    return wording.settings_card(settings)


def change(
    services: Services, actor: Actor, setting: Setting, text: str, address: ReplyAddress
) -> Reply:
    """Change one setting; a suffix that the gate refuses is not kept.

    Raises:
        UserError: as `settings_command` does.
    """
    is_unsure = False
    match setting.field:
        case "suffix":
            value: object = "" if text.casefold() == NONE else read_words(text)
            if value:
                verdict = screen_words(services, actor, str(value), address)
                if verdict.decision is Decision.BLOCK:
                    gate = services.gates.of(actor.community_id, address.channel_id)
                    return wording.words_refused(gate.explain(verdict), str(value))
                is_unsure = verdict.decision is Decision.REVIEW
        case "style":
            value = _style(services, actor, text)
        case "aspect":
            value = _aspect(services, setting, text)
        case _:
            value = _value(setting, text)
    return _keep(services, actor, {setting.field: value}, is_unsure=is_unsure)


def _keep(
    services: Services,
    actor: Actor,
    changes: dict[str, object],
    *,
    is_reset: bool = False,
    is_unsure: bool = False,
) -> Reply:
    now = services.clock()
    with services.store.unit() as unit:
        kept = unit.settings.take(actor.community_id, actor.member_id, now=now)
        settings = MemberSettings() if is_reset else kept.model_copy(update=changes)
        unit.settings.set(actor.community_id, actor.member_id, settings, now=now)
    return wording.settings_card(settings, is_changed=True, is_unsure=is_unsure)


def _named(name: str) -> Setting:
    found = BY_NAME.get(name.casefold())
    if found is None:
        names = [*BY_NAME, RESET]
        near = difflib.get_close_matches(name.casefold()[:_REPEATED_MAX], names, n=1)
        raise UserError(
            "setting_unknown",
            value=name[:_REPEATED_MAX],
            allowed=names,
            suggestion=f"/settings {near[0]}" if near else None,
        )
    return found


def _value(setting: Setting, text: str) -> object:
    try:
        return setting.kind.read(text.strip())
    except ValueError as error:
        words = getattr(setting.kind, "values", ())
        near = difflib.get_close_matches(text.casefold()[:_REPEATED_MAX], words, n=1)
        raise UserError(
            "setting_value_invalid",
            value=text[:_REPEATED_MAX],
            suggestion=near[0] if near else None,
            **_facts(setting),
        ) from error


def _aspect(services: Services, setting: Setting, text: str) -> Aspect:
    value = _value(setting, text)
    assert isinstance(value, Aspect)
    offered = [profile.aspects for profile in services.catalog.profiles]
    if None not in offered and not any(value in (each or ()) for each in offered):
        allowed = list(dict.fromkeys(str(aspect) for each in offered for aspect in each or ()))
        flag = f"/settings {setting.name}"
        raise UserError("aspect_unsupported", flag=flag, value=str(value), allowed=allowed)
    return value


def _style(services: Services, actor: Actor, text: str) -> str | None:
    """Find the style that is meant among the models' and the person's own."""
    if text.casefold() == NONE:
        return None
    with services.store.reading() as unit:
        own = [each.name for each in unit.styles.of_member(actor.community_id, actor.member_id)]
    names = [style for profile in services.catalog.profiles for style in profile.styles] + own
    return named_style(text, names)


def named_style(text: str, names: list[str]) -> str:
    """Spell a style's name as it is kept.

    Raises:
        UserError: `style_unknown`, with the nearest name.
    """
    by_folded = {name.casefold(): name for name in names}
    found = by_folded.get(text.strip(' "').casefold())
    if found is None:
        near = difflib.get_close_matches(text.casefold()[:_REPEATED_MAX], by_folded, n=1)
        raise UserError(
            "style_unknown",
            value=text[:_REPEATED_MAX],
            allowed=list(dict.fromkeys(names)),
            suggestion=by_folded[near[0]] if near else None,
        )
    return found


def _facts(setting: Setting) -> dict[str, str]:
    return {
        "flag": f"/settings {setting.name}",
        "allowed": setting.kind.allowed,
        "example": setting.example,
    }
