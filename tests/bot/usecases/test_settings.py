"""A member's settings: shown, changed one by one, and put back."""

import pytest

from bot.replies import ReplyKind, Visibility
from bot.settings_table import NONE, SETTINGS
from bot.usecases import commands
from core.contracts.generation import Aspect, Quality
from core.contracts.personal import STYLE_TEXT_MAX, MemberSettings
from core.errors import UserError

KNOWN_POSITIVE = "easel-known-positive-7q2k9x4m"


@pytest.fixture
def typed(services, ada, address):
    def run(rest, actor=ada):
        return commands.run(services, actor, f"/settings {rest}".strip(), address)

    return run


def kept(services, actor):
    with services.store.reading() as unit:
        return unit.settings.get(actor.community_id, actor.member_id)


def values(reply):
    return [field.value for field in reply.fields]


def test_settings_are_shown_privately(typed):
    """Those of somebody who never set anything are the defaults."""
    reply = typed("")

    assert (reply.kind, reply.visibility) == (ReplyKind.CARD, Visibility.PRIVATE)
    assert len(reply.fields) == len(SETTINGS)
    assert values(reply) == [NONE, NONE, "standard", "1:1", "1", "off"]


@pytest.mark.parametrize(
    ("rest", "change"),
    [
        pytest.param("count 4", {"count": 4}, id="count"),
        pytest.param("COUNT 2", {"count": 2}, id="capitals"),
        pytest.param("aspect 1x1", {"aspect": Aspect(width=1, height=1)}, id="aspect"),
        pytest.param("quality HD", {"quality": Quality.HD}, id="quality"),
        pytest.param("remix on", {"is_remix": True}, id="remix"),
        pytest.param("style Sunset", {"style": "sunset"}, id="model's style"),
        pytest.param('style "sunset"', {"style": "sunset"}, id="quoted style"),
        pytest.param("suffix in  the   sky", {"suffix": "in the sky"}, id="suffix"),
        pytest.param("suffix , in the sky", {"suffix": ", in the sky"}, id="comma first"),
    ],
)
def test_a_setting_is_changed_and_shown_as_it_is_now(services, ada, bob, typed, rest, change):
    reply = typed(rest)

    assert kept(services, ada) == MemberSettings(**change)
    assert kept(services, bob) == MemberSettings()
    (setting,) = [each for each in SETTINGS if each.field in change]
    assert setting.write(kept(services, ada)) in values(reply)


def test_settings_add_up_and_are_emptied_one_by_one_or_all_at_once(services, ada, typed):
    for rest in ("count 4", "suffix at night", "style sunset", "remix on"):
        typed(rest)
    assert kept(services, ada) == MemberSettings(
        count=4, suffix="at night", style="sunset", is_remix=True
    )

    for rest in ("suffix none", "style None", "remix off"):
        typed(rest)
    assert kept(services, ada) == MemberSettings(count=4)

    typed("reset")
    assert kept(services, ada) == MemberSettings()


@pytest.mark.parametrize(
    ("rest", "code", "suggestion"),
    [
        pytest.param("coutn 4", "setting_unknown", "/settings count", id="misspelt name"),
        pytest.param("zzzz 4", "setting_unknown", None, id="no such name"),
        pytest.param("count", "setting_value_missing", None, id="no value"),
        pytest.param("count 5", "setting_value_invalid", None, id="too many"),
        pytest.param("count four", "setting_value_invalid", None, id="no number"),
        pytest.param("quality standart", "setting_value_invalid", "standard", id="misspelt word"),
        pytest.param("remix maybe", "setting_value_invalid", None, id="neither on nor off"),
        pytest.param("aspect wide", "setting_value_invalid", None, id="no ratio"),
        pytest.param("aspect 16:9", "aspect_unsupported", None, id="no model draws it"),
        pytest.param("style sunst", "style_unknown", "sunset", id="misspelt style"),
        pytest.param("suffix in red --n 4", "words_with_flags", None, id="flag in words"),
        pytest.param("suffix --zz", "flag_unknown", None, id="unknown flag in words"),
        pytest.param("suffix {a,b}", "words_with_notation", None, id="variants"),
        pytest.param("suffix red::2", "words_with_notation", None, id="weight"),
        pytest.param('suffix a "b', "quote_unclosed", None, id="open quote"),
        pytest.param("suffix " + "x" * (STYLE_TEXT_MAX + 1), "words_too_long", None, id="long"),
    ],
)
def test_what_cannot_be_set_is_told_and_changes_nothing(
    services, ada, address, rest, code, suggestion
):
    """With what is allowed and, where one is near, what was meant."""
    with pytest.raises(UserError) as caught:
        commands._COMMANDS["settings"](services, ada, rest, address)

    assert caught.value.code == code
    assert caught.value.facts.get("suggestion") == suggestion
    assert kept(services, ada) == MemberSettings()


def test_an_own_style_can_be_set(services, ada, bob, address, typed):
    """By its owner alone."""
    commands.run(services, ada, "/style save oil thick oil paint", address)

    assert typed("style oil").kind is ReplyKind.CARD
    assert typed("style oil", bob).kind is ReplyKind.ERROR
    assert (kept(services, ada).style, kept(services, bob).style) == ("oil", None)


def test_a_refused_suffix_says_so_at_once_and_is_not_kept(services, ada, typed):
    """With what would pass, like a refused request; the verdict stays on record."""
    typed("suffix at night")

    reply = typed(f"suffix {KNOWN_POSITIVE}")

    assert (reply.kind, reply.visibility) == (ReplyKind.REFUSAL, Visibility.PRIVATE)
    assert any("What would pass" in line for line in reply.lines)
    assert kept(services, ada).suffix == "at night"
