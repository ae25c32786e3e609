"""Hold docs/commands.md, docs/errors.md and docs/glossary.md to the tables they describe."""

import re
from pathlib import Path

import pytest

from bot.command_table import COMMANDS
from bot.flag_kinds import NEGATIVE_MAX
from bot.flags import ELSEWHERE, FLAGS
from bot.grammar import MAX_PICTURES, PROMPT_MAX, parse
from bot.settings_table import SETTINGS
from bot.usecases.inputs import UPSCALED_MAX
from bot.usecases.privacy import DEFAULT
from bot.usecases.sanctions import HOURS_MOST, REASON_MOST, STRIKE, WORDS
from bot.usecases.styles import _VERBS
from bot.usecases.transparency import PERIODS
from bot.usecases.vary import STRONG, SUBTLE
from bot.wording import MYDATA_WORDS
from bot.wording.buttons import LABELS
from bot.wording.errors import SENTENCES
from bot.wording.privacy import BACK, LEARNING
from bot.wording.transparency import PERIODS as SPANS
from core.catalog import load_profile
from core.contracts.personal import STYLE_TEXT_MAX, STYLES_MAX
from core.contracts.transparency import FEWEST
from core.intake import MAX_PIXELS, MAX_SIDE
from core.prompts import MAX_PARTS, MAX_VARIANTS, expand, weigh
from core.settings import CoreSettings

DOCS = Path(__file__).resolve().parents[2] / "docs"
COMMANDS_PAGE = (DOCS / "commands.md").read_text("utf-8")


def table(page, heading):
    """Read the rows of the first table under a heading, cell by cell."""
    section = page.partition(f"{heading}\n")[2]
    rows = re.search(r"\n(\|.*\|\n)+", section)[0].strip().splitlines()[2:]
    return [
        [cell.strip().replace(r"\|", "|") for cell in re.split(r"(?<!\\)\|", row)[1:-1]]
        for row in rows
    ]


def code(text):
    return f"`{text}`"


def test_every_command_is_described_as_it_is():
    rows = table(COMMANDS_PAGE, "## Commands")

    assert rows == [[code(each.usage), each.summary, code(each.example)] for each in COMMANDS]


def test_every_word_of_privacy_is_described_as_it_is():
    rows = table(COMMANDS_PAGE, "### Privacy")

    said = {**LEARNING, DEFAULT: BACK}
    assert rows == [[code(f"/privacy {word}"), meaning] for word, meaning in said.items()]


def test_every_flag_is_described_as_it_is():
    """Names, range, default and summary, in the table's order."""
    rows = table(COMMANDS_PAGE, "## Flags")

    assert rows == [
        [
            code(flag.usage),
            ", ".join(code(f"--{alias}") for alias in flag.aliases),
            flag.allowed,
            flag.default,
            flag.summary,
        ]
        for flag in FLAGS
    ]


def test_every_setting_is_described_as_it_is():
    """With what it takes, in the table's order."""
    rows = table(COMMANDS_PAGE, "### Settings")

    assert rows == [[code(each.usage), each.kind.allowed, each.summary] for each in SETTINGS]


def test_every_word_of_mydata_is_described_as_it_is():
    rows = table(COMMANDS_PAGE, "### Your data")

    assert rows == [[code(f"/mydata {word}"), means] for word, means in MYDATA_WORDS.items()]


def test_every_period_of_transparency_is_described_as_it_is():
    rows = table(COMMANDS_PAGE, "### Transparency")

    assert rows == [[code(f"/transparency {word}"), means] for word, means in SPANS.items()]
    assert {word: f"the last {span.days} days" for word, span in PERIODS.items()} == SPANS
    assert f"fewer than {FEWEST} members" in COMMANDS_PAGE


def test_every_form_of_style_is_described():
    rows = table(COMMANDS_PAGE, "### Your own styles")

    assert {row[0].strip("`").split()[1] for row in rows[1:]} == set(_VERBS) - {"list"}
    assert f"keep {STYLES_MAX} styles of up to {STYLE_TEXT_MAX}\ncharacters" in COMMANDS_PAGE


def test_every_kind_of_sanction_is_described():
    """In the order in which they are offered, with what bounds them."""
    assert [row[0] for row in table(COMMANDS_PAGE, "### Sanctions")] == list(map(code, WORDS))
    assert f"weighs {STRIKE:g} on the ladder" in COMMANDS_PAGE
    assert f"Up to {HOURS_MOST} hours" in COMMANDS_PAGE
    assert f"a reason of up to\n{REASON_MOST} characters" in COMMANDS_PAGE


def test_every_button_is_described():
    assert [row[0] for row in table(COMMANDS_PAGE, "## Buttons")] == list(LABELS)


def test_the_mapping_of_stylize_is_the_one_in_force():
    profile = load_profile("easel-small")

    rows = table(COMMANDS_PAGE, "### How `--stylize` sets the guidance")

    assert [int(row[0]) for row in rows if row[0] in {"0", "100", "1000"}] == [0, 100, 1000]
    for stylize, guidance in rows:
        assert guidance == f"{profile.guidance_for(None, int(stylize)):.2f}"


def test_the_strengths_on_the_page_are_those_in_force():
    rows = table(COMMANDS_PAGE, "### Going on from a picture")

    for weight, strength, _ in rows:
        spec = parse(f"a cat --image 3f0c58d1e2a94b67 --iw {weight}")
        assert f"{spec.strength:.2f}" == strength
    for button, weight in {"Vary (strong)": STRONG, "Vary (subtle)": SUBTLE}.items():
        assert [float(row[0]) for row in rows if row[2] == button] == [weight]


def test_what_uploads_and_enlarged_pictures_may_be_is_what_is_in_force():
    assert f"up to {MAX_PIXELS // 1_000_000} megapixels" in COMMANDS_PAGE
    assert f"at most {MAX_SIDE} pixels a side" in COMMANDS_PAGE
    assert f"{UPSCALED_MAX} pixels a side are possible" in COMMANDS_PAGE


def test_the_steps_on_the_page_are_the_shipped_models():
    steps = load_profile("easel-small").steps

    assert (
        f"{steps['draft']} for `--draft`, {steps['standard']} by default and {steps['hd']} for `--hd`"
        in (COMMANDS_PAGE)
    )


def test_the_limits_on_the_page_are_those_in_force():
    limits = {row[0]: row[1] for row in table(COMMANDS_PAGE, "## Limits")}

    def setting(name: str) -> str:
        return f"`EASEL_{name.upper()}`, {CoreSettings.model_fields[name].default:g}"

    assert limits == {
        "Characters of a prompt": f"{PROMPT_MAX} (a policy may allow less)",
        "Characters of `--no`": str(NEGATIVE_MAX),
        "Variants": str(MAX_VARIANTS),
        "Pictures of one request": str(MAX_PICTURES),
        "Weighted parts": str(MAX_PARTS),
        "Requests one member has waiting": setting("max_waiting_jobs"),
        "Requests one moderator has waiting": setting("max_waiting_jobs_moderator"),
        "Requests a community has waiting": setting("max_waiting_jobs_community"),
        "GPU-seconds one member draws for in a day": setting("daily_gpu_s"),
        "GPU-seconds one moderator draws for in a day": setting("daily_gpu_s_moderator"),
        "GPU-seconds of a request that is not asked about": setting("confirm_gpu_s"),
    }


def test_every_parameter_of_midjourney_is_listed_with_what_comes_nearest():
    rows = table(COMMANDS_PAGE, "## Coming from Midjourney")

    listed = {
        name: "" if nearest == "nothing" else nearest
        for names, nearest in rows
        for name in re.findall(r"`--(\w+)`", names)
    }
    assert listed == ELSEWHERE


EXAMPLES = re.findall(r"^/imagine (.+)$", COMMANDS_PAGE, re.MULTILINE)


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_can_be_typed(example):
    profile = load_profile("easel-small")

    spec = parse(example, models=(profile.name,), styles=tuple(profile.styles))

    assert spec.aspect in (profile.aspects or [spec.aspect])
    assert profile.vocabulary.known_concepts(spec.prompt) or "sign" in spec.prompt


@pytest.mark.parametrize(
    ("prompt", "variants"),
    [
        ("a {red,blue} apple", ("a red apple", "a blue apple")),
        ("{a,{b,c}d}", ("a", "bd", "cd")),
        ("f{x}", ("f{x}",)),
    ],
)
def test_what_the_page_says_of_braces_is_so(prompt, variants):
    assert f"`{prompt}`" in COMMANDS_PAGE
    assert all(f"`{each}`" in COMMANDS_PAGE for each in variants)
    assert expand(prompt) == variants


@pytest.mark.parametrize(
    ("prompt", "parts"),
    [
        ("red apple::2 blue sky::1", [("red apple", 2), ("blue sky", 1)]),
        ("apple::2 leaf::-0.5", [("apple", 2), ("leaf", -0.5)]),
        ("hot:: dog", [("hot", 1), ("dog", 1)]),
        (r"std\::vector", [("std::vector", 1)]),
    ],
)
def test_what_the_page_says_of_weights_is_so(prompt, parts):
    assert f"`{prompt}`" in COMMANDS_PAGE
    assert [(part.text, part.weight) for part in weigh(prompt)] == parts


def test_every_error_code_is_listed_with_its_words():
    page = (DOCS / "errors.md").read_text("utf-8")

    rows = re.findall(r"^\| `(\w+)` \| (.*) \| (.*) \|$", page, re.MULTILINE)

    def plain(text):
        return text.replace("{{", "{").replace("}}", "}")

    expected = {
        f"| `{code}` | {plain(title)} | {plain(text)} |"
        for code, (title, text) in SENTENCES.items()
    }
    listed = [f"| `{code}` | {title} | {text} |" for code, title, text in rows]
    assert expected - set(listed) == set(), "add these rows"
    assert set(listed) - expected == set(), "remove these rows"
    assert len(listed) == len(expected)


def test_the_glossary_is_in_order_and_defines_each_word_once_in_a_sentence():
    page = (DOCS / "glossary.md").read_text("utf-8")

    rows = re.findall(r"^\| \*\*(.+)\*\* \| (.+) \|$", page, re.MULTILINE)

    words = [word for word, _ in rows]
    assert words == sorted(set(words))
    assert all(meaning.endswith(".") for _, meaning in rows)
    assert set(words) >= {
        "community", "actor", "job", "spec", "policy", "category", "finding", "verdict", "decision",
        "review item", "appeal", "notice", "reply", "stamp",
    }  # fmt: skip
