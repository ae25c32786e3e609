"""Write the C2PA manifest of one picture, and read our own assertion back."""

from importlib.metadata import version

from pydantic import ConfigDict

from core.contracts.provenance import DigitalSourceType, StampFacts

NAMESPACE = "internal.easel"
"""Reverse-DNS, as C2PA asks of private assertions. The project owns no domain, and `.internal`
is reserved for private use: nobody else's name is taken."""

GENERATION = f"{NAMESPACE}.generation"
ACTIONS = "c2pa.actions.v2"
GENERATOR = "Easel"


class GenerationAssertion(StampFacts):
    """Our assertion as a reader takes it: a newer Easel may have written more than we know."""

    model_config = ConfigDict(extra="ignore")


def manifest_of(facts: StampFacts) -> dict[str, object]:
    """Say how the picture came about: created by a trained model, by Easel, with these facts."""
    agent = {"name": GENERATOR, "version": version("easel")}
    created = {
        "action": "c2pa.created",
        "digitalSourceType": DigitalSourceType.TRAINED_ALGORITHMIC_MEDIA.value,
        "softwareAgent": agent,
        "when": facts.created_at.isoformat(),
    }
    return {
        "claim_generator_info": [agent],
        "assertions": [
            {"label": ACTIONS, "data": {"actions": [created]}, "created": True},
            {"label": GENERATION, "data": _generation(facts), "created": True},
        ],
    }


def _generation(facts: StampFacts) -> dict[str, object]:
    return facts.model_dump(mode="json", exclude_none=True)
