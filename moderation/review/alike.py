"""Know requests that are the same to a person: equal words once normalised, or equal pictures."""

import hashlib
import json
from collections.abc import Sequence

from core.contracts.generation import GenerationSpec
from core.contracts.reviews import UNDECIDED, ReviewId, ReviewItem
from core.provenance.distance import MAX_DISTANCE
from core.storage import Unit
from moderation.engine import texts_of
from moderation.normalize import read
from moderation.rules import NEGATIVE

AT_MOST = 200
"""Items of one bulk decision: each is decided in a transaction of its own."""


def prompt_key(spec: GenerationSpec) -> str:
    """Hash what a request asks for, normalised: its words, and the pictures it goes on from.

    A hash, so that nothing can be read from it once the words' time is over.
    """
    words = dict.fromkeys(
        (text.field == NEGATIVE, " ".join(read(text.text).repaired.text.casefold().split()))
        for text in texts_of(spec)
    )
    asked = json.dumps([list(words), spec.image, spec.mask, spec.upscale])
    return hashlib.sha256(asked.encode()).hexdigest()


def are_near(some: Sequence[str], others: Sequence[str]) -> bool:
    """Tell whether any picture of the one looks like any of the other."""
    numbers = [int(digits, 16) for digits in some]
    return any(
        (number ^ other).bit_count() <= MAX_DISTANCE
        for other in (int(digits, 16) for digits in others)
        for number in numbers
    )


def alike_to(unit: Unit, item: ReviewItem) -> list[ReviewItem]:
    """List a community's undecided items that are like one, without it, newest first."""
    found = {
        each.item_id: each
        for each in unit.reviews.alike(item.community_id, item.prompt_key, limit=AT_MOST)
        if each.item_id != item.item_id
    }
    near = _looking_like(unit, item) if item.picture_hashes else []
    wanted = [item_id for item_id in near if item_id not in found]
    if wanted:
        found |= {each.item_id: each for each in unit.reviews.among(wanted[:AT_MOST])}
    listed = [each for each in found.values() if each.state in UNDECIDED]
    return sorted(listed, key=lambda each: each.opened_at, reverse=True)[:AT_MOST]


def _looking_like(unit: Unit, item: ReviewItem) -> list[ReviewId]:
    return [
        item_id
        for item_id, hashes in unit.reviews.hashed(item.community_id)
        if item_id != item.item_id and are_near(item.picture_hashes, hashes)
    ]
