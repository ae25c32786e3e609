"""Take words that a member wants to have added to prompts: a suffix, or the text of a style.

They are read as a prompt is read and must be plain: a flag, a variant or a weight would mean
something else in each prompt that they are added to. The gate reads them when they are kept, so
that what is refused says so at once, and again in every request that they are part of.
"""

from bot import grammar
from bot.bootstrap import Services
from core.contracts.actors import Actor, ReplyAddress
from core.contracts.generation import GenerationSpec
from core.contracts.personal import STYLE_TEXT_MAX
from core.contracts.verdicts import Verdict
from core.errors import UserError
from core.prompts import PromptPart
from moderation.engine import texts_of


def read_words(text: str) -> str:
    """Read words as a prompt is read.

    Raises:
        UserError: `words_too_long`, `words_with_flags`, `words_with_notation`, or what the
            grammar says of them.
    """
    if len(text) > STYLE_TEXT_MAX:
        raise UserError("words_too_long", value=len(text), allowed=str(STYLE_TEXT_MAX))
    spec = grammar.parse(text)
    if spec.model_fields_set != {"prompt"}:
        raise UserError("words_with_flags", value=grammar.format(spec)[len(spec.prompt) :].strip())
    if spec.parts != ((PromptPart(spec.prompt, 1.0),),):
        raise UserError("words_with_notation")
    return spec.prompt


def screen_words(services: Services, actor: Actor, words: str, address: ReplyAddress) -> Verdict:
    """Ask the gate's rules what they make of the words by themselves; the answer is on record."""
    gate = services.gates.of(actor.community_id, address.channel_id)
    verdict = gate.screen_rules(
        texts_of(GenerationSpec(prompt=words)),
        community_id=actor.community_id,
        now=services.clock(),
        is_age_restricted=address.is_age_restricted,
    )
    with services.store.unit() as unit:
        unit.verdicts.add(verdict)
    return verdict
