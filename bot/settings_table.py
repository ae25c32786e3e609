"""List a member's settings once: the command, its card, autocomplete and docs read this table."""

from dataclasses import dataclass

from bot.flag_kinds import FlagKind, Name, Ratio, Whole
from core.contracts.generation import Quality
from core.contracts.personal import STYLE_TEXT_MAX, MemberSettings

NONE = "none"
"""What empties a setting."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words, each of which stands for a value."""

    values: dict[str, object]
    takes: str = "WORD"

    @property
    def allowed(self) -> str:
        """Name them all."""
        *most, last = self.values
        return f"{', '.join(most)} or {last}"

    def read(self, text: str) -> object:
        """Read one of the words; capitals do not matter."""
        if text.casefold() in self.values:
            return self.values[text.casefold()]
        raise ValueError(text)

    def write(self, value: object) -> str | None:
        """Write the word that stands for a value."""
        return next(word for word, stands_for in self.values.items() if stands_for == value)


@dataclass(frozen=True, slots=True)
class Words:
    """Words as they are typed; the use case reads them as a prompt is read."""

    allowed: str = f"words, {STYLE_TEXT_MAX} characters at most; {NONE} takes them away"
    takes: str = "WORDS"

    def read(self, text: str) -> str:
        """Take them as they are."""
        return text

    def write(self, value: object) -> str | None:
        """Write them as they are."""
        return str(value) or None


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table."""

    name: str
    field: str
    """The field of `MemberSettings` that it sets."""
    kind: FlagKind
    title: str
    summary: str
    example: str

    @property
    def usage(self) -> str:
        """Show how it is typed."""
        return f"/settings {self.name} {self.kind.takes}"

    def write(self, settings: MemberSettings) -> str:
        """Write the value in force."""
        value = getattr(settings, self.field)
        return (None if value is None else self.kind.write(value)) or NONE


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "suffix",
        "suffix",
        Words(),
        "Suffix",
        "Words that are added to each of your prompts.",
        "/settings suffix on the beach",
    ),
    Setting(
        "style",
        "style",
        Name(f"the model's styles, your own styles, and {NONE}"),
        "Style",
        "The style of a request without --style.",
        "/settings style sunset",
    ),
    Setting(
        "quality",
        "quality",
        Choice({each.value: each for each in Quality}),
        "Quality",
        "The work that goes into a request without --draft, --standard, --hd or --steps.",
        "/settings quality hd",
    ),
    Setting(
        "aspect",
        "aspect",
        Ratio(),
        "Shape",
        "The shape of a request without --ar, where the model can draw it.",
        "/settings aspect 1:1",
    ),
    Setting(
        "count",
        "count",
        Whole(1, 4),
        "Pictures",
        "How many pictures a request without --n draws, or of each variant.",
        "/settings count 4",
    ),
    Setting(
        "remix",
        "is_remix",
        Choice({"on": True, "off": False}),
        "Remix",
        "Whether variations and re-rolls first open the prompt for a change.",
        "/settings remix on",
    ),
)
"""In the order in which the card lists them."""

BY_NAME: dict[str, Setting] = {setting.name: setting for setting in SETTINGS}
