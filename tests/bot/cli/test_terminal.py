"""How commands speak."""

import json

import pytest
import typer

from bot.cli.terminal import Exit, Terminal, in_words
from bot.replies import MarkedText, Reply, ReplyField, ReplyKind
from core.errors import NotFound, Unavailable, UserError

CARD = Reply(
    kind=ReplyKind.REFUSAL,
    title="Not drawn",
    lines=("One.", "[red]Two.[/red]"),
    quote=MarkedText(before="a ", marked="bad", after=" word"),
    fields=(ReplyField(name="Rule", value="r1"),),
)


def test_a_card_in_words_marks_without_colour_and_reads_no_markup():
    """User text is text."""
    assert in_words(CARD).plain == ("Not drawn\nOne.\n[red]Two.[/red]\n  a [bad] word\n  Rule: r1")


def test_words_go_to_stderr_and_results_to_stdout(capsys):
    """So that a pipe gets results only."""
    terminal = Terminal()

    terminal.say("on the way")
    terminal.result("a.png")
    terminal.emit("picture", path="a.png")
    terminal.card(CARD)

    out, err = capsys.readouterr()
    assert out == "a.png\n"
    assert err.startswith("on the way\nNot drawn\n")
    assert "\x1b" not in err, "no colour where stderr is no terminal"


def test_json_is_one_object_a_line_and_nothing_else(capsys):
    """Programs need no filter."""
    terminal = Terminal(as_json=True)

    terminal.say("on the way")
    terminal.result("a.png")
    terminal.emit("picture", path="ä.png")
    terminal.card(CARD)

    out, err = capsys.readouterr()
    lines = [json.loads(line) for line in out.splitlines()]
    assert lines[0] == {"event": "picture", "path": "ä.png"}
    assert lines[1]["event"] == "refusal"
    assert Reply.model_validate(lines[1]["reply"]) == CARD
    assert err == ""


def test_quiet_keeps_results_and_refusals(capsys):
    """Only the chatter goes."""
    terminal = Terminal(quiet=True)

    terminal.say("on the way")
    terminal.result("a.png")
    terminal.card(CARD)

    out, err = capsys.readouterr()
    assert out == "a.png\n"
    assert err.startswith("Not drawn")


def test_colour_is_used_on_a_terminal_unless_no_color_says_otherwise(monkeypatch):
    """The convention of no-color.org."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert Terminal().console.color_system is not None

    monkeypatch.setenv("NO_COLOR", "1")
    assert Terminal().console.no_color


@pytest.mark.parametrize(
    ("error", "code"),
    [
        pytest.param(UserError("too_many_waiting", value=3, allowed=["3"]), Exit.USAGE, id="user"),
        pytest.param(NotFound("job_not_found"), Exit.USAGE, id="not found"),
        pytest.param(Unavailable("database_away"), Exit.FAILED, id="away"),
        pytest.param(KeyboardInterrupt(), Exit.INTERRUPTED, id="Ctrl-C"),
    ],
)
def test_what_is_expected_to_go_wrong_becomes_an_exit_code(capsys, error, code):
    """With a sentence for each error."""
    with pytest.raises(typer.Exit) as caught, Terminal().guarded():
        raise error

    assert caught.value.exit_code == code
    assert bool(capsys.readouterr().err) is not isinstance(error, KeyboardInterrupt)


def test_a_bug_is_not_hidden():
    """It ends with its traceback."""
    with pytest.raises(ZeroDivisionError), Terminal().guarded():
        raise ZeroDivisionError
