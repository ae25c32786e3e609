"""Write the C2PA manifest of one file, and read our own assertion back.

How a file came about is told by its first actions:

    created               drawn from words alone, or after a picture that the model was shown
    created, placed       pictures side by side, each an ingredient
    opened, edited        a picture of which AI drew a part anew, or more pixels, or a variation
    opened, transcoded    a copy that was encoded once more, to fit a platform

Other pictures are named by reference: an id of ours and the hash of the posted bytes. No thumbnail
and no file name of theirs is in the file, and nothing at all of what a member brought.
"""

from importlib.metadata import version

from pydantic import ConfigDict

from core.contracts.provenance import Ingredient, Relation, StampFacts
from core.contracts.registry import MarkFacts, MarkState, RecordKind

NAMESPACE = "internal.easel"
"""Reverse-DNS, as C2PA asks of private assertions. The project owns no domain, and `.internal`
is reserved for private use: nobody else's name is taken."""

GENERATION = f"{NAMESPACE}.generation"
ACTIONS = "c2pa.actions.v2"
SOFT_BINDING = "c2pa.soft-binding"
TRAINING_MINING = "cawg.training-mining"
GENERATOR = "Easel"

MARKED = frozenset({MarkState.MARKED, MarkState.WEAK})
"""The states in which an id is in the pixels."""

_MINING_USES = ("ai_inference", "ai_generative_training", "ai_training", "data_mining")

_Action = dict[str, object]


class GenerationAssertion(StampFacts):
    """Our assertion as a reader takes it: a newer Easel may have written more than we know."""

    model_config = ConfigDict(extra="ignore")


def manifest_of(
    facts: StampFacts,
    mark: MarkFacts | None = None,
    kind: RecordKind = RecordKind.PICTURE,
    *,
    forbids_mining: bool = False,
) -> dict[str, object]:
    """Say how a file came about, in C2PA's actions and in our own words.

    Args:
        facts: What our own assertion says.
        mark: What is in the pixels; a copy's was there before.
        kind: What kind of file it is.
        forbids_mining: Say that nobody may train models on it or mine it.
    """
    is_marked = mark is not None and mark.state in MARKED
    labels = [f"ingredient-{number}" for number in range(len(facts.ingredients))]
    actions = _actions(facts, kind, labels)
    if is_marked and kind is not RecordKind.COPY:
        actions.append({"action": "c2pa.watermarked.bound"})
    assertions = [
        _assertion(ACTIONS, {"actions": [{**_always(facts), **each} for each in actions]}),
        _assertion(GENERATION, _generation(facts)),
    ]
    if mark is not None and is_marked:
        assertions.append(_assertion(SOFT_BINDING, _soft_binding(mark)))
    if forbids_mining:
        entries = {f"cawg.{use}": {"use": "notAllowed"} for use in _MINING_USES}
        assertions.append(_assertion(TRAINING_MINING, {"entries": entries}))
    return {
        "claim_generator_info": [_agent()],
        "ingredients": [
            _ingredient(each, label) for each, label in zip(facts.ingredients, labels, strict=True)
        ],
        "assertions": assertions,
    }


def algorithm_of(backend: str) -> str:
    """Name a method of marking as soft bindings are named.

    C2PA keeps a list of such names. Ours is not on it, and what the others' methods carry here is
    our own kind of id: every name is one of ours.
    """
    return f"{NAMESPACE}.{backend.removeprefix('easel.')}"


def _actions(facts: StampFacts, kind: RecordKind, labels: list[str]) -> list[_Action]:
    source: _Action = {"digitalSourceType": facts.source_type.value}
    used: _Action = {"parameters": {"ingredientIds": labels}} if labels else {}
    if kind is RecordKind.GRID:
        return [{"action": "c2pa.created", **source}, {"action": "c2pa.placed", **used}]
    if any(each.relation is Relation.PARENT_OF for each in facts.ingredients):
        opened: _Action = {"action": "c2pa.opened", **used}
        if kind is RecordKind.COPY:  # The specification wants the parent named here once more.
            return [opened, {"action": "c2pa.transcoded", **source, **used}]
        return [opened, {"action": "c2pa.edited", **source}]
    return [{"action": "c2pa.created", **source, **used}]


def _always(facts: StampFacts) -> _Action:
    return {"softwareAgent": _agent(), "when": facts.created_at.isoformat()}


def _agent() -> dict[str, str]:
    return {"name": GENERATOR, "version": version("easel")}


def _assertion(label: str, content: dict[str, object]) -> dict[str, object]:
    return {"label": label, "data": content, "created": True}


def _ingredient(ingredient: Ingredient, label: str) -> dict[str, str]:
    """Name a picture; a member's own has no name, and no hash by which it could be found."""
    reference: dict[str, str] = {"label": label, "relationship": ingredient.relation.value}
    if ingredient.verify_id is not None:
        reference["title"] = f"ai_{ingredient.verify_id}"
        reference["instance_id"] = f"easel:{ingredient.verify_id}"
    return reference


def _soft_binding(mark: MarkFacts) -> dict[str, object]:
    """Name the id in the pixels; as hexadecimal text, since a reader gives bytes back as base64."""
    return {
        "alg": algorithm_of(mark.backend),
        "blocks": [{"scope": {}, "value": str(mark.mark_id)}],
    }


def _generation(facts: StampFacts) -> dict[str, object]:
    """Write our assertion; what is empty is left out, for every byte of it is in every file."""
    written = facts.model_dump(mode="json", exclude_none=True)
    written["ingredients"] = [
        {name: value for name, value in each.items() if value} for each in written["ingredients"]
    ]
    return {name: value for name, value in written.items() if value not in ("", [])}
