"""Offer what may come next while a person types: commands, flags, values, words, own requests."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import chain, islice

from bot.bootstrap import Services
from bot.command_table import COMMANDS
from bot.flags import BY_NAME, FLAGS, Flag
from bot.grammar import TEXT_MAX
from bot.quoting import unclosed_quote
from bot.usecases.next_words import next_words
from bot.usecases.recent import OFFERED, own_styles, recent_prompts
from bot.wording.phrases import WORDS_DELETED
from core.catalog import Catalog, ModelProfile
from core.contracts.actors import Actor
from core.contracts.generation import UPSCALES

MAX_SUGGESTIONS = 20
"""All flags at once, and still a glance; Discord would show 25."""

_RATIOS = ("1:1", "3:2", "2:3", "4:3", "3:4", "16:9", "9:16")
"""Offered where a model draws any: those of screens, prints and phones."""

_STYLIZE = {"50": "low", "100": "medium", "250": "high", "750": "very high"}
"""The steps that Midjourney's settings offer under these names."""

_IMAGE_WEIGHTS = {"0.5": "little", "1": "as usual", "2.25": "most", "3": "almost all"}
"""How much of the picture stays: 1 and 2.25 are what Vary (strong) and (subtle) take."""

_TAKE_AN_ID = frozenset({"/show", "/rerun", "/cancel"})
"""Commands behind which own requests are offered."""

_LABEL_MAX = 80
"""Characters of a prompt in a list of suggestions."""

_DASHES = ("-", "\u2013", "\u2014")
_PHRASE_WORDS = 4
"""Words that are looked back over for a phrase such as `in outer space`."""

_COMPARED_MAX = 20
"""Letters of a misspelt flag that are compared: a longer word resembles none."""

_MISSPELT_MIN = 4
"""Letters from which a word may be a misspelt one."""

_NEAR = 0.75
"""How alike spellings must be, by difflib's ratio, for one to be offered for the other."""

_PREFIX_MIN = 2
"""Letters from which words are offered; one letter fits half a vocabulary."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One thing that could be typed next."""

    text: str
    """The whole line, once it is taken."""
    cursor: int
    """Where typing goes on in it."""
    label: str
    summary: str


@dataclass(frozen=True, slots=True)
class _Offer:
    """What would replace the last characters before the cursor."""

    replaces: int
    insert: str
    label: str
    summary: str


def suggest(services: Services, actor: Actor, text: str, cursor: int) -> tuple[Suggestion, ...]:
    """Offer what fits the word at the cursor, best first; nothing where nothing fits.

    Raises:
        Unavailable: own requests were to be offered and the database is away.
    """
    head, tail = text[:cursor], text[cursor:]
    if not head.startswith("/") or len(text) > TEXT_MAX or tail[:1].strip():
        return ()
    command, space, rest = head.partition(" ")
    if not space:
        offers = _commands(command)
    elif command.lower() in _TAKE_AN_ID:
        offers = _own_requests(services, actor, rest)
    elif command.lower() == "/imagine":
        offers = _imagine(services, actor, rest)
    else:
        *before, word = rest.split(" ")
        offers = _fitting(next_words(services, actor, command, tuple(before)), word)
    return tuple(_taken(offer, head, tail) for offer in islice(offers, MAX_SUGGESTIONS))


def _taken(offer: _Offer, head: str, tail: str) -> Suggestion:
    kept = head[: len(head) - offer.replaces]
    line = kept + (offer.insert.rstrip() if tail else offer.insert)
    return Suggestion(line + tail, len(line), offer.label, offer.summary)


def _commands(typed: str) -> Iterator[_Offer]:
    for command in COMMANDS:
        if f"/{command.name}".startswith(typed.lower()):
            insert = f"/{command.name} " if " " in command.usage else f"/{command.name}"
            yield _Offer(len(typed), insert, command.usage, command.summary)


def _own_requests(services: Services, actor: Actor, typed: str) -> Iterator[_Offer]:
    with services.store.reading() as unit:
        jobs = unit.jobs.recent(
            actor.community_id, member_id=actor.member_id, limit=MAX_SUGGESTIONS
        )
    for job in jobs:
        if job.job_id.startswith(typed.lower()):
            label = WORDS_DELETED if job.spec.is_forgotten else job.spec.prompt[:_LABEL_MAX]
            yield _Offer(len(typed), job.job_id, job.job_id, label)


def _imagine(services: Services, actor: Actor, rest: str) -> Iterator[_Offer]:
    catalog = services.catalog
    if unclosed_quote(rest):
        return iter(())  # Inside quotes everything is text.
    words = rest.split(" ")
    word, before = words[-1], words[:-1]
    if word.startswith(_DASHES):
        return _flags(word, before)
    profile = _profile(catalog, before)
    flag = _flag_named(before[-1]) if before else None
    if flag is not None and flag.name in _VALUES:
        own = own_styles(services, actor) if flag.name == "style" else {}
        return _fitting({**own, **_VALUES[flag.name](catalog, profile)}, word)
    known = islice(_vocabulary(profile, words), MAX_SUGGESTIONS - OFFERED)
    return chain(known, _recent(services, actor, rest))


def _recent(services: Services, actor: Actor, rest: str) -> Iterator[_Offer]:
    """Offer own prompts, which replace all that is typed of one."""
    for prompt in recent_prompts(services, actor, rest):
        yield _Offer(len(rest), f"{prompt} ", prompt[:_LABEL_MAX], "You asked for this before")


def _flags(word: str, before: list[str]) -> Iterator[_Offer]:
    typed = word.lstrip("".join(_DASHES)).lower()
    used = {flag.field for flag in map(_flag_named, before) if flag is not None}
    free = [flag for flag in FLAGS if flag.field not in used]
    fitting = [flag for flag in free if any(name.startswith(typed) for name in flag.names)]
    if not fitting:
        near = get_close_matches(typed[:_COMPARED_MAX], BY_NAME, n=3)
        fitting = [flag for flag in free if set(flag.names) & set(near)]
    for flag in fitting:
        summary = f"{flag.summary} Values: {flag.allowed}." if flag.takes else flag.summary
        yield _Offer(len(word), f"--{flag.name} ", flag.usage, summary)


def _flag_named(word: str) -> Flag | None:
    return BY_NAME.get(word.lstrip("".join(_DASHES)).lower()) if word.startswith(_DASHES) else None


_VALUES: dict[str, Callable[[Catalog, ModelProfile], dict[str, str]]] = {
    "ar": lambda _, profile: {str(each): "width to height" for each in profile.aspects or _RATIOS},
    "stylize": lambda _, _profile: _STYLIZE,
    "steps": lambda _, profile: {str(steps): name for name, steps in profile.steps.items()},
    "n": lambda _, _profile: {"2": "pictures", "3": "pictures", "4": "pictures"},
    "iw": lambda _, _profile: _IMAGE_WEIGHTS,
    "upscale": lambda _, _profile: {str(factor): "times" for factor in UPSCALES},
    "model": lambda catalog, _: {each.name: each.title for each in catalog.profiles},
    "style": lambda _, profile: {name: adds.strip() for name, adds in profile.styles.items()},
    "lora": lambda _, profile: dict.fromkeys(profile.loras, "LoRA"),
}
"""The values worth offering and what each means; for other flags any number or word will do."""


def _fitting(values: Mapping[str, str], typed: str) -> Iterator[_Offer]:
    for value, meaning in values.items():
        if value.lower().startswith(typed.lower()):
            insert = f'"{value}" ' if " " in value else f"{value} "
            yield _Offer(len(typed), insert, value, meaning)


def _profile(catalog: Catalog, before: Iterable[str]) -> ModelProfile:
    """Find the model that the line names so far."""
    names = {profile.name: profile for profile in catalog.profiles}
    return next((names[word] for word in before if word in names), catalog.default)


def _vocabulary(profile: ModelProfile, words: list[str]) -> Iterator[_Offer]:
    """Complete the longest phrase before the cursor that begins a word of the model's."""
    if profile.vocabulary is None or len(words[-1]) < _PREFIX_MIN:
        return
    concepts = profile.vocabulary.concepts
    known = [name for concept in concepts for name in (concept.name, *concept.aliases)]
    known += profile.vocabulary.modifiers
    known = list(dict.fromkeys(known))
    fits = [
        (typed, name)
        for count in range(min(_PHRASE_WORDS, len(words)), 0, -1)
        for typed in [" ".join(words[-count:]).lower()]
        for name in known
        if name.startswith(typed) and name != typed
    ]
    last = words[-1].lower()
    if last not in known:
        fits += [(last, name) for name in known if f" {last}" in name]  # `ball`: `soccer ball`.
    if not fits and last not in known and len(last) >= _MISSPELT_MIN:
        near = get_close_matches(last[:_COMPARED_MAX], known, n=3, cutoff=_NEAR)
        fits = [(last, name) for name in near]
    taken: set[str] = set()
    for typed, name in fits:
        if name not in taken:
            taken.add(name)
            yield _Offer(len(typed), f"{name} ", name, f"{profile.title} knows this")
