"""Write the implicit label that China's GB 45438-2025 asks for: one JSON under the key `AIGC`."""

import json

from core.contracts.provenance import StampFacts

KEY = "AIGC"
_IS_GENERATED = "1"
"""The standard's three values: it is, it may be, it is suspected to be."""


def aigc_of(facts: StampFacts, producer: str) -> str:
    """Name who made the picture and under which id.

    Who spreads it further, and the signatures in reserve, are for others to fill in.

    Args:
        facts: What the label says.
        producer: The operator's name or code.
    """
    fields = {
        "Label": _IS_GENERATED,
        "ContentProducer": producer,
        "ProduceID": facts.verify_id,
        "ReservedCode1": "",
        "ContentPropagator": "",
        "PropagateID": "",
        "ReservedCode2": "",
    }
    return json.dumps(fields, ensure_ascii=False)
