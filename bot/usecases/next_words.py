"""Say which words may come next in the commands that take plain words, and what each means."""

from collections.abc import Callable, Mapping

from bot.bootstrap import Services
from bot.settings_table import BY_NAME, NONE, SETTINGS
from bot.usecases import history
from bot.usecases.privacy import DEFAULT
from bot.usecases.recent import own_styles
from bot.usecases.settings import RESET
from bot.wording.mydata import WORDS as MYDATA
from bot.wording.privacy import BACK, LEARNING
from bot.wording.transparency import PERIODS
from core.contracts.actors import Actor

_VERBS = {
    "save": "Keep words under a name.",
    "use": "Put a style into every request without --style.",
    "delete": "Forget a style of yours.",
}


def next_words(
    services: Services, actor: Actor, command: str, before: tuple[str, ...]
) -> Mapping[str, str]:
    """List the words that may follow those already typed behind a command."""
    find = _BY_COMMAND.get(command.removeprefix("/").casefold())
    return {} if find is None else find(services, actor, tuple(map(str.casefold, before)))


def _settings(services: Services, actor: Actor, before: tuple[str, ...]) -> Mapping[str, str]:
    match before:
        case ():
            return {each.name: each.summary for each in SETTINGS} | {RESET: "Put all of them back."}
        case ("style",):
            return _all_styles(services, actor)
        case (name,) if name in BY_NAME:
            kind = BY_NAME[name].kind
            return dict.fromkeys(getattr(kind, "values", ()), kind.allowed)
    return {}


def _style(services: Services, actor: Actor, before: tuple[str, ...]) -> Mapping[str, str]:
    match before:
        case ():
            return _VERBS
        case ("use",):
            return _all_styles(services, actor)
        case ("delete",):
            return own_styles(services, actor)
    return {}


def _all_styles(services: Services, actor: Actor) -> Mapping[str, str]:
    models = services.catalog.default.styles
    return {**own_styles(services, actor), **models, NONE: "No style."}


def _history(_services: Services, _actor: Actor, before: tuple[str, ...]) -> Mapping[str, str]:
    words = [*history.FILTERS, history.FAVOURITES]
    return {} if before else dict.fromkeys(words, "Only these.")


def _privacy(_services: Services, _actor: Actor, before: tuple[str, ...]) -> Mapping[str, str]:
    return (
        {} if before else {**{str(each): means for each, means in LEARNING.items()}, DEFAULT: BACK}
    )


def _mydata(_services: Services, _actor: Actor, before: tuple[str, ...]) -> Mapping[str, str]:
    return {} if before else MYDATA


def _transparency(_services: Services, _actor: Actor, before: tuple[str, ...]) -> Mapping[str, str]:
    return {} if before else PERIODS


_BY_COMMAND: dict[str, Callable[[Services, Actor, tuple[str, ...]], Mapping[str, str]]] = {
    "settings": _settings,
    "style": _style,
    "history": _history,
    "privacy": _privacy,
    "mydata": _mydata,
    "transparency": _transparency,
}
