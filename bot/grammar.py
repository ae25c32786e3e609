r"""Read the text after `/imagine` into a `GenerationSpec`, and write one back.

A text is words with single spaces between them. A word that starts with `--` and a letter is a
flag; so is an em or en dash directly before a flag's exact name, because phones turn `--` into
one. All other words are the prompt, before, between or after flags: a flag takes one word as its
value, a switch none, and only `--no` takes everything up to the next flag.

Quote marks keep their text together and free of flags, and stay in the prompt. Inside the prompt
`{a,b}` and `::` are read by `core.prompts`, quoted or not.

`parse(format(spec)) == spec` for every spec that `parse` gives: a prompt is kept as typed, flags
taken out, so writing it back needs no escapes.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import NoReturn

from bot.flag_kinds import Listing, Switch
from bot.flags import BY_NAME, ELSEWHERE, FLAGS, Flag
from bot.quoting import QUOTED, unclosed_quote
from core.contracts.generation import GenerationSpec
from core.errors import UserError
from core.prompts import MAX_PARTS, MAX_VARIANTS, PromptSyntaxError, expand, weigh

__all__ = ["FLAGS", "MAX_PICTURES", "PROMPT_MAX", "Flag", "format", "parse"]

PROMPT_MAX = 6000
"""Characters of a prompt: the bound of `GenerationSpec`, as Discord's command option has it."""

TEXT_MAX = 3 * PROMPT_MAX
"""Characters looked at, at all: room for a whole prompt, every flag and stray white space."""

MAX_PICTURES = 10
"""Pictures of one request: what the media gallery of one Discord message shows."""

REPEATED_MAX = 60
"""Characters of a person's text that an error repeats."""

# Control characters have no place in a prompt: NUL breaks databases, lone surrogates break UTF-8,
# and bidirectional embeddings, overrides and isolates let one line pose as another.
_UNWANTED = re.compile(
    r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]"
)
_WORD = re.compile(rf"(?:{QUOTED.pattern}|[^ ])+")
_DASHES = "-\u2013\u2014"
_FLAG_WORD = re.compile(
    r"(?:--|[\u2013\u2014])(?P<name>[a-z][\w-]*)(?:=(?P<value>.*)|[,;]*)", re.ASCII | re.IGNORECASE
)
_GLUED = re.compile(r"(?<=[^\s-])--(?P<name>[a-z]{2,})(?![\w-])", re.ASCII | re.IGNORECASE)
_BRACE = re.compile(r"\\[{}]|[{}]")


@dataclass(slots=True)
class _Reading:
    """What has been read so far."""

    prompt: list[str] = field(default_factory=list)
    values: dict[str, object] = field(default_factory=dict)
    set_by: dict[str, Flag] = field(default_factory=dict)
    open_braces: int = 0

    def take_word(self, word: str) -> None:
        """Add a word to the prompt."""
        self.prompt.append(word)
        if "{" in word or "}" in word:
            braces = _BRACE.findall(word)
            self.open_braces += braces.count("{") - braces.count("}")

    def take_flag(self, flag: Flag, value: object) -> None:
        """Set a flag's field, once."""
        if self.open_braces > 0:
            raise UserError("flag_in_braces", flag=_typed(flag))
        earlier = self.set_by.setdefault(flag.field, flag)
        if flag.field in self.values and earlier is flag:
            raise UserError("flag_repeated", flag=_typed(flag))
        if flag.field in self.values:
            raise UserError("flags_conflict", flag=_typed(flag), value=_typed(earlier))
        self.values[flag.field] = value


def parse(
    text: str,
    *,
    models: Sequence[str] | None = None,
    styles: Sequence[str] | None = None,
    prompt_max: int = PROMPT_MAX,
) -> GenerationSpec:
    """Read a request.

    Args:
        text: What stands after `/imagine`.
        models: The names that `--model` takes; None: any.
        styles: The names that `--style` takes; None: any, empty: none is on offer.
        prompt_max: Characters of a prompt that the community's policy allows.

    Raises:
        UserError: with the flag, the value, what is allowed and, where one is near, a suggestion.
    """
    words = _words(text)
    reading = _Reading()
    position = 0
    while position < len(words):
        word = words[position]
        position += 1
        flag, inline = _flag_of(word)
        if flag is None:
            reading.take_word(word)
            continue
        end = position + _words_taken(flag, inline, words[position:])
        value_words = [inline] * bool(inline) + words[position:end]
        reading.take_flag(flag, _value(flag, " ".join(value_words)))
        position = end
    _settle_name(reading, "model", models)
    _settle_name(reading, "style", styles)
    return _spec(reading, prompt_max)


def format(spec: GenerationSpec) -> str:  # noqa: A001 - `grammar.format` is how it reads.
    """Write a request as a member types it: the prompt, then the flags that differ from default."""
    flags = (flag.write(spec) for flag in FLAGS)
    return " ".join([spec.prompt, *(text for text in flags if text is not None)])


def _words(text: str) -> list[str]:
    """Clean a text and part it at spaces outside quotes.

    Raises:
        UserError: `prompt_too_long`, `quote_unclosed` or `flag_glued`.
    """
    if len(text) > TEXT_MAX:
        raise UserError("prompt_too_long", value=len(text), allowed=str(PROMPT_MAX))
    text = " ".join(_UNWANTED.sub("", text).split())
    if unclosed := unclosed_quote(text):
        raise UserError("quote_unclosed", value=_clip(unclosed))
    unquoted = QUOTED.sub('"', text)
    for glued in _GLUED.finditer(unquoted):
        if flag := BY_NAME.get(glued["name"].lower()):
            start = unquoted.rfind(" ", 0, glued.start()) + 1
            raise UserError(
                "flag_glued", flag=_typed(flag), value=_clip(unquoted[start : glued.end()])
            )
    return _WORD.findall(text)


def _flag_of(word: str) -> tuple[Flag | None, str]:
    """Tell which flag a word is, if any, and the value after its `=`.

    Raises:
        UserError: for an unknown flag; never for a dash, which may be prose.
    """
    if word[0] not in _DASHES:
        return None, ""
    match = _FLAG_WORD.fullmatch(word)
    if match and (flag := BY_NAME.get(match["name"].lower())):
        return flag, match["value"] or ""
    if word.startswith("--") and word[2:3].isascii() and word[2:3].isalpha():
        _refuse_unknown(match["name"] if match else word[2:])
    return None, ""


def _refuse_unknown(name: str) -> NoReturn:
    typed, name = f"--{_clip(name)}", name.lower()
    if "{" in name or "}" in name:
        raise UserError("flag_in_braces", flag=typed.rstrip("{}"))
    if name in ELSEWHERE:
        raise UserError("flag_elsewhere", flag=typed, suggestion=ELSEWHERE[name] or None)
    letters = re.match(r"[a-z]*", name)
    known = letters[0] if letters and letters[0] in BY_NAME else None
    # A long word resembles nothing, and comparing it would take its time.
    near = get_close_matches(name[:REPEATED_MAX], BY_NAME, n=1)
    suggestion = known or (near[0] if near else None)
    raise UserError(
        "flag_unknown",
        flag=typed,
        suggestion=f"--{suggestion}" if suggestion else None,
        allowed=[_typed(flag) for flag in FLAGS],
    )


def _words_taken(flag: Flag, inline: str, rest: list[str]) -> int:
    """Count the words after a flag that are its value."""
    if isinstance(flag.kind, Switch):
        return 0
    if not isinstance(flag.kind, Listing):
        rest = rest[: 0 if inline else 1]
    for count, word in enumerate(rest):
        if _flag_of(word)[0] is not None:
            return count
    return len(rest)


def _value(flag: Flag, text: str) -> object:
    """Read a flag's value as typed."""
    if not isinstance(flag.kind, Listing):
        text = text.rstrip(",;")
        text = text[1:-1].strip() if QUOTED.fullmatch(text) else text
    facts = {"flag": _typed(flag), "allowed": flag.allowed, "example": flag.example}
    if not text and flag.takes:
        raise UserError("flag_value_missing", **facts)
    if "{" in text or "}" in text:
        raise UserError("braces_in_flag", value=_clip(text), **facts)
    try:
        value = flag.kind.read(text)
    except ValueError as error:
        code = "flag_value_invalid" if flag.takes else "flag_value_unwanted"
        raise UserError(code, value=_clip(text), **facts) from error
    if isinstance(flag.kind, Listing) and isinstance(value, tuple):
        # `a,—tile` and `—tile,a`: with a space after the comma these would be flags.
        for word in _WORD.findall(", ".join(value)):
            if near := _flag_of(word)[0]:
                raise UserError("flag_glued", flag=_typed(near), value=_clip(word))
    return value


def _settle_name(reading: _Reading, field_name: str, on_offer: Sequence[str] | None) -> None:
    """Spell a name as the catalog does, or refuse it."""
    asked = reading.values.get(field_name)
    if on_offer is None or not isinstance(asked, str):
        return
    by_folded = {name.casefold(): name for name in on_offer}
    found = by_folded.get(asked.casefold())
    if found is None:
        near = get_close_matches(asked.casefold(), by_folded, n=1)
        raise UserError(
            "model_unknown" if field_name == "model" else "style_unknown",
            flag=f"--{field_name}",
            value=_clip(asked),
            allowed=list(on_offer),
            suggestion=by_folded[near[0]] if near else None,
        )
    reading.values[field_name] = found


def _spec(reading: _Reading, prompt_max: int) -> GenerationSpec:
    prompt = " ".join(reading.prompt)
    if not any(letter.isprintable() and letter != " " for letter in prompt):
        raise UserError("prompt_empty")
    if len(prompt) > prompt_max:
        raise UserError("prompt_too_long", value=len(prompt), allowed=str(prompt_max))
    variants = _check_notation(prompt)
    spec = GenerationSpec.model_validate({"prompt": prompt, **reading.values})
    if len(variants) * spec.count > MAX_PICTURES:
        raise UserError(
            "too_many_pictures", value=len(variants) * spec.count, allowed=str(MAX_PICTURES)
        )
    _check_company(spec, len(variants))
    return spec


def _check_company(spec: GenerationSpec, variants: int) -> None:
    """Refuse a flag whose partner is missing, and one that would do nothing beside another."""
    standing = {flag.name: flag for flag in FLAGS if flag.write(spec) is not None}
    for flag in standing.values():
        if flag.needs and flag.needs not in standing:
            raise UserError(
                "flag_needs_another",
                flag=_typed(flag),
                value=f"--{flag.needs}",
                example=flag.example,
            )
        for name in flag.excludes:
            if name in standing:
                raise UserError("flags_conflict", flag=_typed(standing[name]), value=_typed(flag))
    if spec.upscale is not None and variants > 1:
        raise UserError("upscale_of_variants", value=variants)


def _check_notation(prompt: str) -> tuple[str, ...]:
    """Read braces and weights as the gate and the worker will."""
    near = prompt
    try:
        variants = expand(prompt)
        for near in variants:
            weigh(near)
    except PromptSyntaxError as error:
        limits = {"too_many_variants": MAX_VARIANTS, "too_many_parts": MAX_PARTS}
        start = max(0, error.offset - REPEATED_MAX // 2)
        limit = limits.get(error.code)
        raise UserError(
            error.code,
            value=_clip(near[start:]),
            allowed=None if limit is None else str(limit),
        ) from error
    return variants


def _typed(flag: Flag) -> str:
    return f"--{flag.name}"


def _clip(text: str) -> str:
    return text if len(text) <= REPEATED_MAX else f"{text[: REPEATED_MAX - 1]}…"
