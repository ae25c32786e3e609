"""Read and write the values that flags take: one class for each kind of value."""

import math
import re
from dataclasses import dataclass
from typing import Protocol

from bot.quoting import QUOTED
from core.contracts.generation import LORA_WEIGHT_MAX, Aspect, LoraChoice

NEGATIVE_MAX = 1000
"""Characters that `--no` takes: the text encoders of today's models read some 77 tokens of it."""

NAME_MAX = 100
"""Characters of a model's or style's name, as Hugging Face bounds a repository's (96) and more."""

ASPECT_MAX = 64
"""The bound of `Aspect`'s sides; larger numbers are reduced to lowest terms first."""

DECIMALS = 4
"""How finely `--cfg` is read, so that it is written back exactly."""

UPLOAD_ID = re.compile(r"up-[0-9a-z]{12}")
"""As `core.contracts.ids.new_upload_id` makes them."""

PICTURE_ID = re.compile(rf"[0-9a-f]{{16}}|{UPLOAD_ID.pattern}")
"""A verify id, as `new_verify_id` makes them, or an upload's."""

LORAS_MAX = 4
"""LoRAs of one request, the bound of `GenerationSpec`: each adds its share to every step."""

_LORA = re.compile(r"(?P<name>[^:,]+)(?::(?P<weight>-?[0-9](?:\.[0-9]{1,4})?))?")
_ITEM = re.compile(rf"(?:{QUOTED.pattern}|[^,])+")
_NAME = re.compile(r"[^\W_][\w./+-]*(?: [\w./+-]+)*")
_BARE_NAME = re.compile(r"[\w./+]+(?:-[\w./+]+)*")


class FlagKind(Protocol):
    """How one kind of flag reads and writes its value."""

    @property
    def takes(self) -> str:
        """What follows the flag, for a usage line; empty where nothing does."""

    @property
    def allowed(self) -> str:
        """What it accepts, in words."""

    def read(self, text: str) -> object:
        """Read a value as typed; ValueError where it is not allowed."""

    def write(self, value: object) -> str | None:
        """Write a value back; None where this flag does not say it."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """Two whole numbers, width first."""

    takes: str = "W:H"
    allowed: str = f"two whole numbers from 1 to {ASPECT_MAX}, as in 16:9"

    def read(self, text: str) -> Aspect:
        """Read `16:9`; `16x9` and `16/9` are as clear, and `1920:1080` means `16:9`."""
        match = re.fullmatch(r"([0-9]{1,5})[:x\u00d7/]([0-9]{1,5})", text, re.IGNORECASE)
        if match is None:
            raise ValueError(text)
        width, height = int(match[1]), int(match[2])
        if max(width, height) > ASPECT_MAX:
            divisor = math.gcd(width, height)
            width, height = width // divisor, height // divisor
        return Aspect(width=width, height=height)

    def write(self, value: object) -> str | None:
        """Write `16:9`."""
        return str(value)


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number between two bounds."""

    low: int
    high: int
    takes: str = "NUMBER"

    @property
    def allowed(self) -> str:
        """Name both bounds."""
        return f"whole numbers from {self.low} to {self.high}"

    def read(self, text: str) -> int:
        """Read decimal digits only: `int` would take `1_0` and digits of every script."""
        if re.fullmatch(r"[0-9]{1,10}", text) and self.low <= int(text) <= self.high:
            return int(text)
        raise ValueError(text)

    def write(self, value: object) -> str | None:
        """Write it in digits."""
        return str(value)


@dataclass(frozen=True, slots=True)
class Number:
    """A number with decimals between two bounds."""

    low: int
    high: int
    takes: str = "NUMBER"

    @property
    def allowed(self) -> str:
        """Name both bounds."""
        return f"numbers from {self.low} to {self.high}, such as 7.5"

    def read(self, text: str) -> float:
        """Read plain decimals: no exponents, no `nan`."""
        match = re.fullmatch(rf"[0-9]{{1,4}}(?:\.[0-9]{{1,{DECIMALS}}})?", text)
        if match and self.low <= float(text) <= self.high:
            return float(text)
        raise ValueError(text)

    def write(self, value: object) -> str | None:
        """Write no more decimals than were typed."""
        assert isinstance(value, float)
        return _decimals(value)


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of a few whole numbers."""

    numbers: tuple[int, ...]
    takes: str = "NUMBER"

    @property
    def allowed(self) -> str:
        """Name them all."""
        return " or ".join(map(str, self.numbers))

    def read(self, text: str) -> int:
        """Read one of them, as it is written."""
        by_text = {str(number): number for number in self.numbers}
        if text in by_text:
            return by_text[text]
        raise ValueError(text)

    def write(self, value: object) -> str | None:
        """Write it in digits."""
        return str(value)


@dataclass(frozen=True, slots=True)
class PictureName:
    """The id of a picture that is here already: one drawn here, or one uploaded."""

    pattern: re.Pattern[str]
    allowed: str
    takes: str = "ID"

    def read(self, text: str) -> str:
        """Read an id in small letters; whether it names anything is the use case's to find out."""
        if self.pattern.fullmatch(text.lower()):
            return text.lower()
        raise ValueError(text)

    def write(self, value: object) -> str | None:
        """Write the id."""
        return str(value)


@dataclass(frozen=True, slots=True)
class Listing:
    """Texts between commas, up to the next flag; a comma in quotes separates nothing."""

    takes: str = "A, B"
    allowed: str = f"words or phrases with commas between them, {NEGATIVE_MAX} characters in all"

    def read(self, text: str) -> tuple[str, ...]:
        """Split at commas and leave out what is empty."""
        items = tuple(item.strip() for item in _ITEM.findall(text) if item.strip())
        if not items or len(", ".join(items)) > NEGATIVE_MAX:
            raise ValueError(text)
        return items

    def write(self, value: object) -> str | None:
        """Join with commas."""
        assert isinstance(value, tuple)
        return ", ".join(value)


@dataclass(frozen=True, slots=True)
class Name:
    """One of the names on offer; the parser is told which."""

    allowed: str
    takes: str = "NAME"

    def read(self, text: str) -> str:
        """Read a name of any script; the parser checks that it is on offer."""
        if len(text) <= NAME_MAX and _NAME.fullmatch(text):
            return text
        raise ValueError(text)

    def write(self, value: object) -> str | None:
        """Quote it where spaces or dashes could be misread."""
        name = str(value)
        return name if _BARE_NAME.fullmatch(name) else f'"{name}"'


@dataclass(frozen=True, slots=True)
class Loras:
    """Names of LoRAs with their weights, one word in all."""

    takes: str = "NAME:WEIGHT"
    allowed: str = (
        f"up to {LORAS_MAX} names of the model's LoRAs with commas and no spaces between them, "
        f"each with a weight from -{LORA_WEIGHT_MAX:g} to {LORA_WEIGHT_MAX:g} where 1 is not meant"
    )

    def read(self, text: str) -> tuple[LoraChoice, ...]:
        """Read `ink:0.8,lace`; the use case finds out whether the model has them."""
        found = [_LORA.fullmatch(item) for item in text.lower().split(",")]
        choices = tuple(
            LoraChoice(name=match["name"], weight=float(match["weight"] or 1))
            for match in found
            if match is not None
        )
        names = {choice.name for choice in choices}
        if len(choices) < len(found) or len(names) < len(found) or len(found) > LORAS_MAX:
            raise ValueError(text)
        return choices

    def write(self, value: object) -> str | None:
        """Join with commas; a weight of 1 says nothing."""
        assert isinstance(value, tuple)
        return ",".join(
            each.name if each.weight == 1 else f"{each.name}:{_decimals(each.weight)}"
            for each in value
        )


@dataclass(frozen=True, slots=True)
class Switch:
    """A flag that says one thing by standing there."""

    says: object
    takes: str = ""
    allowed: str = "nothing after it"

    def read(self, text: str) -> object:
        """Take no value."""
        if text:
            raise ValueError(text)
        return self.says

    def write(self, value: object) -> str | None:
        """Stand there where the value is the one it says."""
        return "" if value == self.says else None


def _decimals(value: float) -> str:
    """Write no more decimals than were typed."""
    return f"{value:.{DECIMALS}f}".rstrip("0").rstrip(".")
