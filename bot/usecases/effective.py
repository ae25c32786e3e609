"""Settle what a request asks for once its author's settings and styles are in force.

A flag always wins over a setting. What comes out is the whole request: the words of a suffix and
of a member's own style stand in its prompt, so the gate reads them like any other words, the
record is complete, and a later change of the style changes nothing that was asked before.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot import grammar
from core.catalog import Catalog, ModelProfile
from core.contracts.actors import Actor
from core.contracts.generation import GenerationSpec
from core.contracts.personal import MemberSettings
from core.storage import Unit

NO_STYLE = "none"
"""What `--style` takes to leave out the style that the settings name."""


@dataclass(frozen=True, slots=True)
class Personal:
    """What a member keeps, as far as it bears on a request."""

    settings: MemberSettings = field(default_factory=MemberSettings)
    styles: Mapping[str, str] = field(default_factory=dict)
    """The words of each named style of the member's own."""


NOBODYS = Personal()
"""Nothing set and nothing named."""


def personal_of(unit: Unit, actor: Actor) -> Personal:
    """Read what a person keeps in a community."""
    settings, styles = unit.settings.with_styles(actor.community_id, actor.member_id)
    return Personal(settings=settings, styles=styles)


def read(catalog: Catalog, text: str, personal: Personal, prompt_max: int) -> GenerationSpec:
    """Read a request as typed, and put in force what its author keeps.

    Raises:
        UserError: what is wrong with which flag, and what is allowed; also where a request is
            too long, or of too many parts, only with the words that come from the settings.
    """
    models = tuple(style for each in catalog.profiles for style in each.styles)
    styles = tuple(dict.fromkeys((*models, *personal.styles, NO_STYLE)))
    asked = grammar.parse(text, models=catalog.names, styles=styles, prompt_max=prompt_max)
    effective = in_force(asked, personal, catalog.get(asked.model))
    if effective == asked:
        return asked
    # Read once more as it will be written: the limits hold for the whole of it, and what is
    # recorded is what a person can type again.
    return grammar.parse(
        grammar.format(effective), models=catalog.names, styles=models, prompt_max=prompt_max
    )


def in_force(asked: GenerationSpec, personal: Personal, profile: ModelProfile) -> GenerationSpec:
    """Fill in what the request leaves open; a setting that the model cannot follow gives way."""
    if asked.upscale is not None:  # Nothing is drawn, so there is nothing to settle.
        return asked
    said, settings = asked.model_fields_set, personal.settings
    style, added = _style(asked, personal, profile)
    changes: dict[str, object] = {"style": style}
    changes["prompt"] = with_words(asked.prompt, *added, settings.suffix)
    if "aspect" not in said and settings.aspect in (profile.aspects or [settings.aspect]):
        changes["aspect"] = settings.aspect
    if not said & {"quality", "steps"}:
        changes["quality"] = settings.quality
    if "count" not in said:
        changes["count"] = min(settings.count, grammar.MAX_PICTURES // len(asked.variants))
    return asked.model_copy(update=changes)


def with_words(prompt: str, *words: str) -> str:
    """Put words behind a prompt, unless it ends with them already, as a pasted recipe does."""
    tail = "".join(each if each.startswith(",") else f" {each}" for each in words if each)
    is_there = f" {prompt}".casefold().endswith(tail.casefold())
    return prompt if is_there else (prompt + tail).strip()


def _style(
    asked: GenerationSpec, personal: Personal, profile: ModelProfile
) -> tuple[str | None, tuple[str, ...]]:
    """Settle the model's style, if it is one, or else the words of the member's own."""
    is_said = "style" in asked.model_fields_set
    name = asked.style if is_said else personal.settings.style
    if name is None or name == NO_STYLE:
        return None, ()
    if name in profile.styles:
        return name, ()
    if name in personal.styles:
        return None, (personal.styles[name],)
    # A model without the style that was asked for says so; one that was only set is left out.
    return (name if is_said else None), ()
