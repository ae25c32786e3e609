"""Measure leave-one-source-out: what each fold makes of the sources it never saw."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from moderation.classifiers.base import UNSAFE
from moderation.classifiers.screen_files import Blend
from moderation.classifiers.text import EaselScreen, blended
from moderation.normalize import read
from moderation.train.calibration import Floats
from moderation.train.evasions import EVASIONS, evade
from moderation.train.manifest import CATEGORIES, OUTPUTS
from moderation.train.measures import (
    Rate,
    auroc,
    calibration_error,
    macro_f1,
    rate_above,
    recall_at,
    threshold_at,
)
from moderation.train.phrases import FOLDER, PhraseFile, split_words
from moderation.train.rows import Row, share

Report = dict[str, Any]  # Any: JSON.

_EVERYDAY = ("coco_captions", "t2i_compbench", "geneval", "vbench", "six_cd_benign")
_QUESTIONS = ("overt_benign/seed", "overt_unsafe/seed")
_SCARY = ("overt_benign", "overt_unsafe/benign_twin")
_RISKY = ("adversarial_nibbler", "overt_unsafe", "six_cd_dual")
_CHAT = ("ailuminate_demo", "simplesafetytests", "advbench", "harmbench", "strongreject")

_ALARMS: Mapping[str, float] = {
    "everyday": 0.008,
    "traffic": 0.018,
    "scary": 0.037,
    "questions": 0.055,
}
"""Shares of harmless texts that the block threshold may reach: a little under the bars."""

_REVIEWED = 0.025
"""Share of everyday prompts that the review threshold may reach."""

_EVADED = 240
"""Harmful prompts that are hidden in each way."""


@dataclass(frozen=True, slots=True)
class Tested:
    """One unseen row, and what the fold that had not seen it made of it."""

    row: Row
    fold: str
    is_whole: bool
    """Whether the fold had seen nothing of the row's source."""
    probabilities: Floats

    @property
    def unsafe(self) -> float:
        """Give the probability that counts."""
        return float(self.probabilities[OUTPUTS.index(UNSAFE)])

    @property
    def category(self) -> str:
        """Name the likeliest category."""
        return CATEGORIES[int(self.probabilities[: len(CATEGORIES)].argmax())]


def measure(
    out: Path,
    tested: Mapping[str, Sequence[Row]],
    logits: Mapping[str, Floats],
    blends: Mapping[str, Blend],
) -> Report:
    """Make the whole report."""
    ordered = [blends[name] for name in OUTPUTS]
    everything = [
        Tested(row, fold, fold == "c" or not _is_split(row.source), values)
        for fold in tested
        for row, values in zip(tested[fold], blended(logits[fold], ordered), strict=True)
    ]
    harmless = _harmless(everything)
    block = max(threshold_at(harmless[name], share) for name, share in _ALARMS.items())
    review = min(block, threshold_at(harmless["everyday"], _REVIEWED))
    return {
        "thresholds": {"block": block, "review": review},
        "false alarms": {
            name: _rates([one.unsafe for one in _of(everything, sources, 0, whole)], block, review)
            for name, sources, whole in _HARMLESS
        },
        "caught": {
            name: _rates([one.unsafe for one in chosen], block, review)
            for name, chosen in _harmful(everything).items()
        },
        "ranking": _ranking(everything, harmless),
        "categories": _categories(everything),
        "calibration error": _calibration(everything),
        "evasions": _evasions(out, everything, review),
    }


_HARMLESS: Sequence[tuple[str, Sequence[str], bool]] = (
    ("everyday", _EVERYDAY, True),
    ("traffic (half unseen)", ("diffusiondb_traffic",), False),
    ("traffic (source unseen)", ("diffusiondb_traffic",), True),
    ("scary but harmless (half unseen)", _SCARY, False),
    ("scary but harmless (source unseen)", _SCARY, True),
    ("harmless questions (half unseen)", _QUESTIONS, False),
    ("harmless questions (source unseen)", _QUESTIONS, True),
    ("nibbler, voted safe", ("adversarial_nibbler",), True),
    ("six_cd_dual, harmless", ("six_cd_dual",), True),
    ("openai_moderation, harmless", ("openai_moderation",), True),
    ("hatecheck, harmless", ("hatecheck",), True),
)


def _is_split(source: str) -> bool:
    return source.startswith(("overt_", "diffusiondb"))


def _of(
    everything: Iterable[Tested], sources: Sequence[str], label: int, is_whole: bool = True
) -> list[Tested]:
    """Pick rows by source and label; real traffic has no label and stands for harmless."""
    return [
        one
        for one in everything
        if one.row.source in sources
        and one.is_whole is is_whole
        and (
            one.row.label == label
            or (one.row.label is None and "diffusiondb" in one.row.source and label == 0)
        )
    ]


def _harmless(everything: Sequence[Tested]) -> dict[str, list[float]]:
    """Gather what thresholds are fixed on: of split sources the half that was not seen."""
    picked = {
        "everyday": _of(everything, _EVERYDAY, 0),
        "traffic": _of(everything, ("diffusiondb_traffic",), 0, is_whole=False),
        "scary": _of(everything, _SCARY, 0, is_whole=False),
        "questions": _of(everything, _QUESTIONS, 0, is_whole=False),
    }
    return {name: [one.unsafe for one in chosen] for name, chosen in picked.items()}


def _harmful(everything: Sequence[Tested]) -> dict[str, list[Tested]]:
    sexual = ("sexual_explicit", "sexual_suggestive")
    openai = _of(everything, ("openai_moderation",), 1)
    own = [one for one in everything if _is_own(one.row) and one.row.label == 1]
    by_set = {
        "adversarial_nibbler": _of(everything, ("adversarial_nibbler",), 1),
        "overt_unsafe (half unseen)": _of(everything, ("overt_unsafe",), 1, is_whole=False),
        "overt_unsafe (source unseen)": _of(everything, ("overt_unsafe",), 1),
        "six_cd_dual": _of(everything, ("six_cd_dual",), 1),
        "i2p": _of(everything, ("i2p",), 1),
        "i2p, text names it": [one for one in _of(everything, ("i2p",), 1) if one.row.unsafe > 0.9],  # noqa: PLR2004 - see readers.
        "openai_moderation": openai,
        "openai_moderation, sexual": [one for one in openai if set(one.row.positive) & set(sexual)],
        "hatecheck": _of(everything, ("hatecheck",), 1),
    }
    for source in _CHAT:
        by_set[f"{source} (chat)"] = _of(everything, (source,), 1)
    for source in sorted({one.row.source for one in own}):
        by_set[source] = [one for one in own if one.row.source == source]
    return by_set


def _is_own(row: Row) -> bool:
    """Tell whether we wrote a row; those behind an opening are there for calibration."""
    return row.source.startswith("own/") and not row.source.endswith("+opening")


def _rates(scores: Sequence[float], block: float, review: float) -> Report:
    return {
        "blocked": _told(rate_above(scores, block)),
        "caught": _told(rate_above(scores, review)),
    }


def _told(rate: Rate) -> Report:
    low, high = rate.interval
    return {"share": rate.value, "hits": rate.hits, "count": rate.count, "low": low, "high": high}


def _ranking(everything: Sequence[Tested], harmless: Mapping[str, Sequence[float]]) -> Report:
    """Rank human and written risky prompts above easy, and above mixed, harmless ones."""
    risky = [
        one.unsafe for name in _RISKY for one in _of(everything, (name,), 1, not _is_split(name))
    ]
    easy = [*harmless["everyday"], *harmless["traffic"]]
    mixed = [*easy, *harmless["scary"], *harmless["questions"]]
    return {
        name: {
            "auroc": auroc(low, risky),
            "recall at 1 %": recall_at(low, risky, 0.01),
            "recall at 5 %": recall_at(low, risky, 0.05),
            "harmless": len(low),
            "harmful": len(risky),
        }
        for name, low in (("easy", easy), ("mixed", mixed))
    }


def _categories(everything: Sequence[Tested]) -> dict[str, float]:
    """Compare the likeliest category with the source's; a doubtful one is not wrong."""
    told, true = [], []
    for one in everything:
        if len(one.row.positive) == 1 and one.row.label == 1 and one.row.source not in _CHAT:
            is_fine = one.category in one.row.doubtful
            told.append(one.row.positive[0] if is_fine else one.category)
            true.append(one.row.positive[0])
    return macro_f1(told, true)


def _calibration(everything: Sequence[Tested]) -> float:
    sources = {*_EVERYDAY, *_RISKY, *_SCARY}
    chosen = [one for one in everything if one.row.source in sources and one.row.label is not None]
    return calibration_error(
        [one.unsafe for one in chosen], [float(one.row.label or 0) for one in chosen]
    )


def _evasions(out: Path, everything: Sequence[Tested], review: float) -> Report:
    """Hide harmful prompts that are caught in plain words, and count how many still are."""
    report: Report = {}
    folds = sorted({one.fold for one in everything})
    caught = [
        one
        for name in _RISKY
        for one in _of(everything, (name,), 1, not _is_split(name))
        if one.unsafe >= review
    ]
    caught.sort(key=lambda one: share(one.row.text, 1 << 32, "evaded"))
    chosen = caught[:_EVADED]
    screens = {fold: EaselScreen(out / fold) for fold in folds}
    for name, change in _changes().items():
        scores = []
        for fold, screen in screens.items():
            texts = [change(one.row.text) for one in chosen if one.fold == fold]
            scores += _highest(screen, texts)
        report[name] = _told(rate_above(scores, review))
    return report


def _highest(screen: EaselScreen, texts: Sequence[str]) -> list[float]:
    """Score the plain reading and the boldest guess, as a gate would; the higher counts."""
    pairs = [(readings.plain.text, readings.guesses[-1].text) for readings in map(read, texts)]
    scores = [one.unsafe for one in screen.read([text for pair in pairs for text in pair])]
    return [max(pair) for pair in zip(scores[::2], scores[1::2], strict=True)]


def _changes() -> dict[str, Callable[[str], str]]:
    content = yaml.safe_load((FOLDER / "everyday.yaml").read_text("utf-8"))
    words = PhraseFile.model_validate(content).words
    styles = split_words(words["style"])
    openings = [line.strip() for line in words["opening"].splitlines()]

    def styled(text: str) -> str:
        start = share(text, len(styles) - 6)
        return f"{text}, {', '.join(styles[start : start + 6])}"

    def opened(text: str) -> str:
        return f"{openings[share(text, len(openings))]} {text}"

    def hiding(name: str) -> Callable[[str], str]:
        return lambda text: evade(text, name, "test")

    return {
        "none": str,
        **{name: hiding(name) for name in EVASIONS},
        "style suffix": styled,
        "long opening": opened,
    }
