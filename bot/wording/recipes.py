"""Write a request as a member could type it again."""

from bot import grammar
from bot.wording.phrases import WORDS_DELETED, shortened
from core.contracts.generation import GenerationSpec

RECIPE_MAX = 900
"""Characters of a recipe under a picture: half of a Discord message; details tell the rest."""


def recipe(spec: GenerationSpec, seed: int | None = None) -> str:
    """Write the whole command, with the seed in force where it is known."""
    if spec.is_forgotten:
        return f"This request: {WORDS_DELETED}."
    if seed is not None:
        spec = spec.model_copy(update={"seed": seed})
    return f"/imagine {grammar.format(spec)}"


def recipe_line(spec: GenerationSpec, seed: int | None = None) -> str:
    """Write the command with a long prompt cut, so that its flags can always be seen."""
    whole = recipe(spec, seed)
    if len(whole) <= RECIPE_MAX:
        return whole
    room = max(RECIPE_MAX - (len(whole) - len(spec.prompt)), RECIPE_MAX // 2)
    spec = spec.model_copy(update={"prompt": shortened(spec.prompt, room)})
    return shortened(recipe(spec, seed), RECIPE_MAX)
