"""A member's own styles: up to twenty, named, screened, the member's alone."""

import pytest

from bot.replies import ReplyKind, Visibility
from bot.usecases import commands
from core.contracts.personal import STYLES_MAX, MemberSettings
from core.contracts.verdicts import Decision
from core.errors import UserError
from moderation.engine import Gate

KNOWN_POSITIVE = "easel-known-positive-7q2k9x4m"


@pytest.fixture
def typed(services, ada, address):
    def run(rest, actor=ada):
        return commands.run(services, actor, f"/style {rest}".strip(), address)

    return run


def kept(services, actor):
    with services.store.reading() as unit:
        found = unit.styles.of_member(actor.community_id, actor.member_id)
    return {each.name: each.text for each in found}


def test_a_style_is_saved_under_its_name_and_saved_again(services, ada, bob, typed):
    """The newer words count; nobody else has it."""
    reply = typed("save OIL thick  oil paint")
    assert (reply.kind, reply.visibility) == (ReplyKind.CARD, Visibility.PRIVATE)
    assert ("oil", "thick oil paint") in [(each.name, each.value) for each in reply.fields]

    typed("save oil thin oil paint")

    assert kept(services, ada) == {"oil": "thin oil paint"}
    assert kept(services, bob) == {}


@pytest.mark.parametrize("rest", ["", "list", "LIST"])
def test_styles_are_listed_with_the_models(services, typed, rest):
    """The own ones first."""
    typed("save oil thick oil paint")

    names = [each.name for each in typed(rest).fields]

    assert names[0] == "oil"
    assert len(names) == 1 + len(services.catalog.default.styles)


def test_a_style_is_used_until_it_is_deleted(services, ada, typed):
    """Then the settings name none."""
    typed("save oil thick oil paint")
    typed("use oil")
    with services.store.reading() as unit:
        assert unit.settings.get(ada.community_id, ada.member_id) == MemberSettings(style="oil")

    typed("delete OIL")

    assert kept(services, ada) == {}
    with services.store.reading() as unit:
        assert unit.settings.get(ada.community_id, ada.member_id) == MemberSettings()


def test_deleting_another_style_leaves_the_one_in_force(services, ada, typed):
    for rest in ("save oil thick oil paint", "save ink fine ink", "use ink", "delete oil"):
        typed(rest)

    with services.store.reading() as unit:
        assert unit.settings.get(ada.community_id, ada.member_id).style == "ink"
    typed("use none")
    with services.store.reading() as unit:
        assert unit.settings.get(ada.community_id, ada.member_id).style is None


def test_twenty_styles_are_possible(services, ada, bob, address, typed):
    """One more is refused; changing one of them is not, and others have room of their own."""
    for number in range(STYLES_MAX):
        typed(f"save s{number} words")

    with pytest.raises(UserError) as caught:
        commands._COMMANDS["style"](services, ada, "save more words", address)
    assert caught.value.code == "too_many_styles"
    typed("save s0 other words")
    typed("save more words", bob)

    assert len(kept(services, ada)) == STYLES_MAX
    assert kept(services, ada)["s0"] == "other words"
    assert kept(services, bob) == {"more": "words"}


@pytest.mark.parametrize(
    ("rest", "code", "suggestion"),
    [
        pytest.param("sav oil x", "style_verb_unknown", "/style save", id="misspelt verb"),
        pytest.param("zzz", "style_verb_unknown", None, id="no such verb"),
        pytest.param("save", "style_name_missing", None, id="no name"),
        pytest.param("delete", "style_name_missing", None, id="nothing to delete"),
        pytest.param("save oil", "style_text_missing", None, id="no words"),
        pytest.param("save -oil x", "style_name_invalid", None, id="dash first"),
        pytest.param("save öl x", "style_name_invalid", None, id="other letters"),
        pytest.param("save none x", "style_name_invalid", None, id="reserved"),
        pytest.param(f"save {'x' * 33} x", "style_name_invalid", None, id="long name"),
        pytest.param("save Sunset x", "style_name_taken", None, id="the model's"),
        pytest.param("save oil x --n 2", "words_with_flags", None, id="flags"),
        pytest.param("save oil {a,b}", "words_with_notation", None, id="variants"),
        pytest.param("delete oil", "style_unknown", None, id="unknown"),
        pytest.param("use snset", "style_unknown", "sunset", id="misspelt"),
    ],
)
def test_what_is_no_style_is_told_and_changes_nothing(
    services, ada, address, rest, code, suggestion
):
    with pytest.raises(UserError) as caught:
        commands._COMMANDS["style"](services, ada, rest, address)

    assert caught.value.code == code
    assert caught.value.facts.get("suggestion") == suggestion
    assert kept(services, ada) == {}


def test_a_refused_style_says_so_at_once_and_is_not_kept(services, ada, typed):
    reply = typed(f"save odd {KNOWN_POSITIVE}")

    assert (reply.kind, reply.visibility) == (ReplyKind.REFUSAL, Visibility.PRIVATE)
    assert reply.quote.marked == KNOWN_POSITIVE
    assert kept(services, ada) == {}


def test_words_that_the_rules_are_unsure_of_are_kept_and_said_to_wait(
    services, ada, typed, monkeypatch
):
    """A moderator decides where they are used, each time."""
    asked = Gate.screen_rules

    def unsure(self, *args, **kwargs):
        return asked(self, *args, **kwargs).model_copy(update={"decision": Decision.REVIEW})

    monkeypatch.setattr(Gate, "screen_rules", unsure)

    reply = typed("save odd strange words")

    assert any("moderator" in line for line in reply.lines)
    assert kept(services, ada) == {"odd": "strange words"}


def test_a_job_keeps_the_words_of_its_time(services, ada, address, typed):
    """A style that is changed or deleted later changes nothing that was asked before."""
    typed("save oil thick oil paint")
    job_id = commands.run(services, ada, "/imagine a cat --style oil", address).job_id

    typed("save oil thin oil paint")

    with services.store.reading() as unit:
        spec = unit.jobs.get(job_id).spec
    assert (spec.prompt, spec.style) == ("a cat thick oil paint", None)
