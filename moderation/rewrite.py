"""Find a prompt like a refused one that passes: other words for what was refused, or none.

What may stand in for what is data (`policies/rewrites.yaml`). Every proposal is asked of the gate
that refused the prompt, and only one that it lets through is given back; nothing is ever drawn
that a person did not ask for in so many words.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import Field, TypeAdapter

from core.contracts.base import Contract
from core.contracts.generation import GenerationSpec
from core.contracts.verdicts import Decision, Finding, Span, Verdict
from core.prompts import escape
from moderation.rules import NEGATIVE

REWRITES = Path(__file__).resolve().parent / "policies" / "rewrites.yaml"

MAX_ASKED = 24
"""Proposals that one refused prompt is worth: each costs the gate one look."""

MIN_WORDS = 2
"""A prompt of fewer words of its author's own is no rewrite of anything."""

Ask = Callable[[GenerationSpec], Verdict]
"""Ask the whole gate, classifier and all."""

_WORD = re.compile(r"[^\W\d_]{2,}")
_DANGLING = re.compile(r"(?:\s*\b(?:an?|the|and|of|in|with|on))+\s*$", re.IGNORECASE)
_ARTICLE = re.compile(r"\b(an?)(?=\s+$)", re.IGNORECASE)
_STOPS = ",.;!?"


class Rewriting(Contract):
    """What may stand in for the refused words of one category."""

    words: Mapping[str, str]
    ends: tuple[str, ...] = ()


@cache
def rewritings() -> Mapping[str, Rewriting]:
    """Read what is shipped, once."""
    table = TypeAdapter(Annotated[dict[str, Rewriting], Field(min_length=1)])
    return table.validate_python(yaml.safe_load(REWRITES.read_text("utf-8")))


def safe_rewrite(spec: GenerationSpec, verdict: Verdict, ask: Ask) -> GenerationSpec | None:
    """Propose a request that passes the gate; None where none was found.

    Args:
        spec: The refused request.
        verdict: Why it was refused.
        ask: The gate. It is asked of every proposal, the last of them the one that is given back.
    """
    waiting = list(reversed(list(_proposals(spec, verdict))))
    seen = {_key(spec)}
    asked = 0
    while waiting and asked < MAX_ASKED:
        proposal = waiting.pop()
        if _key(proposal) in seen or not _says_enough(proposal, spec):
            continue
        seen.add(_key(proposal))
        asked += 1
        answer = ask(proposal)
        if answer.decision is Decision.ALLOW:
            return proposal
        # What is still refused is looked at next: a prompt may have two things to it.
        waiting += reversed(list(_proposals(proposal, answer)))
    return None


def is_rewritable(verdict: Verdict) -> bool:
    """Tell whether a rewrite may be looked for at all."""
    refused = {each.category for each in verdict.findings if each.decision is not Decision.ALLOW}
    return bool(refused) and refused <= set(rewritings())


def _proposals(spec: GenerationSpec, verdict: Verdict) -> Iterator[GenerationSpec]:
    """List what may be tried next, the gentlest first."""
    finding = verdict.deciding
    if finding is None or not is_rewritable(verdict):
        return
    changes = rewritings()[finding.category]
    match finding.field:
        case "prompt":
            yield from _reworded(spec, finding, changes)
        case "permutation" | "part":
            yield from (_with_prompt(spec, escape(variant)) for variant in spec.variants)
        case "style":
            yield spec.model_copy(update={"style": None})
        case _ if finding.field == NEGATIVE:
            yield _without_negative(spec, finding)
    for end in changes.ends:
        if end not in spec.prompt:
            yield _with_prompt(spec, f"{spec.prompt.rstrip(' ,.;')}, {end}")


def _reworded(
    spec: GenerationSpec, finding: Finding, changes: Rewriting
) -> Iterator[GenerationSpec]:
    for span in (finding.span, *finding.also):
        if span is None or spec.prompt[span.start : span.end] != span.text:
            continue
        for start, end, words in _instead(spec.prompt, span, changes):
            yield _with_prompt(spec, joined(spec.prompt[:start], words, spec.prompt[end:]))


def _instead(prompt: str, span: Span, changes: Rewriting) -> Iterator[tuple[int, int, str]]:
    """Give ranges with what may stand for them: the longest known words there, then nothing."""
    for known in sorted(changes.words, key=len, reverse=True):
        for found in re.finditer(rf"\b{re.escape(known)}\b", prompt, re.IGNORECASE):
            if found.start() < span.end and span.start < found.end():
                yield found.start(), found.end(), changes.words[known]
    yield span.start, span.end, ""


def _without_negative(spec: GenerationSpec, finding: Finding) -> GenerationSpec:
    refused = finding.span.text if finding.span else ""
    kept = tuple(term for term in spec.negative if not refused or refused not in term)
    return spec.model_copy(update={"negative": kept})


def _with_prompt(spec: GenerationSpec, prompt: str) -> GenerationSpec:
    return spec.model_copy(update={"prompt": prompt or "-"})


def joined(before: str, words: str, after: str) -> str:
    """Put words between two pieces, and mend what the change leaves at the seams."""
    if not words:
        after = after.lstrip(" ")
        if not after or after[0] in _STOPS:
            before = _DANGLING.sub("", before).rstrip(" ")
            if before.endswith(tuple(_STOPS)):
                after = after.lstrip(f"{_STOPS} ")
                before += " "
    begins = (words or after)[:1].casefold()
    before = _ARTICLE.sub(lambda article: _fitting(article[1], begins), before)
    return f"{before}{words}{after}".strip(" ,;")


def _fitting(article: str, begins: str) -> str:
    fitting = "an" if begins in tuple("aeio") else "a"
    return fitting.capitalize() if article[0].isupper() else fitting


def _says_enough(proposal: GenerationSpec, spec: GenerationSpec) -> bool:
    """Tell whether enough is left of what its author said, and its notation is whole."""
    own = set(_WORD.findall(" ".join((spec.prompt, *spec.variants)).casefold()))
    kept = [word for word in _WORD.findall(proposal.prompt.casefold()) if word in own]
    try:
        GenerationSpec.model_validate(proposal.model_dump())
        is_whole = bool(proposal.parts)
    except ValueError:
        return False
    return is_whole and len(kept) >= MIN_WORDS


def _key(spec: GenerationSpec) -> tuple[str, tuple[str, ...], str | None]:
    return spec.prompt, spec.negative, spec.style
