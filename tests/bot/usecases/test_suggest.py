"""Hold autocomplete to the tables it reads and to the word at the cursor."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.command_table import COMMANDS
from bot.grammar import FLAGS, TEXT_MAX, parse
from bot.usecases import commands, imagine
from bot.usecases.suggest import MAX_SUGGESTIONS, suggest
from core.errors import Unavailable
from core.workflow import Outcome
from tests.bot.road import advance


@pytest.fixture
def offered(services, ada):
    """Ask with the cursor where `|` stands, or at the end."""

    def ask(line, actor=ada):
        head, _, tail = line.partition("|")
        return suggest(services, actor, head + tail, len(head))

    return ask


def labels(found):
    return [each.label for each in found]


def test_a_slash_offers_every_command(offered):
    assert labels(offered("/")) == [command.usage for command in COMMANDS]


def test_a_command_is_completed_with_room_for_what_follows(offered):
    assert [(each.text, each.cursor) for each in offered("/ima")] == [("/imagine ", 9)]
    assert [each.text for each in offered("/POL")] == ["/policy "]


@pytest.mark.parametrize("dashes", ["-", "--", "\u2014", "\u2013"])
def test_dashes_offer_the_flags_with_their_range(offered, dashes):
    found = offered(f"/imagine a cat {dashes}")

    assert labels(found) == [flag.usage for flag in FLAGS]
    assert found[0].text == "/imagine a cat --ar "
    assert all(
        flag.allowed in each.summary for flag, each in zip(FLAGS, found, strict=True) if flag.takes
    )


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        pytest.param("--se", ["--seed NUMBER"], id="beginning"),
        pytest.param(
            "--s", ["--seed", "--stylize", "--steps", "--style", "--standard"], id="several"
        ),
        pytest.param("--rep", ["--n NUMBER"], id="another name"),
        pytest.param("--TI", ["--tile"], id="capitals"),
        pytest.param("--styliez", ["--stylize", "--style"], id="misspelt"),
        pytest.param("--zzz", [], id="like nothing"),
    ],
)
def test_a_flag_is_found_by_what_is_typed_of_it(offered, typed, expected):
    found = labels(offered(f"/imagine a cat {typed}"))

    assert len(found) == len(expected)
    assert all(label.startswith(name) for label, name in zip(found, expected, strict=True))


def test_a_flag_that_is_set_is_not_offered_again(offered):
    assert labels(offered("/imagine a cat --hd --d")) == []
    assert "--n NUMBER" not in labels(offered("/imagine a --repeat 2 --"))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param("/imagine a --model ", ["easel-small"], id="models"),
        pytest.param("/imagine a --ar ", ["1:1"], id="ratios of the model"),
        pytest.param("/imagine a --s ", ["50", "100", "250", "750"], id="stylize by its steps"),
        pytest.param("/imagine a --n ", ["2", "3", "4"], id="counts"),
        pytest.param("/imagine a --steps ", ["12", "20", "30"], id="steps of the qualities"),
        pytest.param("/imagine a --s 2", ["250"], id="beginning of a value"),
        pytest.param("/imagine a \u2014s 2", ["250"], id="after a phone's dash"),
        pytest.param("/imagine a --seed ", [], id="any number"),
    ],
)
def test_a_flags_values_are_offered_after_it(offered, line, expected):
    assert labels(offered(line)) == expected


def test_the_models_styles_are_offered_with_what_they_add(services, offered):
    styles = services.catalog.default.styles

    found = offered("/imagine a cat --style ")

    assert {each.label: each.summary for each in found} == {
        name: added.strip() for name, added in styles.items()
    }


@pytest.mark.parametrize(
    ("line", "text"),
    [
        pytest.param("/imagine a roc", "/imagine a rocket ", id="concept"),
        pytest.param("/imagine a kit", "/imagine a kitten ", id="another word for it"),
        pytest.param(
            '/imagine ("a", "b"). A roc', '/imagine ("a", "b"). A rocket ', id="after quotes"
        ),
        pytest.param("/imagine a roket", "/imagine a rocket ", id="misspelt"),
        pytest.param("/imagine a piz", "/imagine a slice of pizza ", id="a later word of a name"),
        pytest.param("/imagine a cat in outer sp", "/imagine a cat in outer space ", id="phrase"),
        pytest.param(
            "/imagine a roc| and a cat", "/imagine a rocket and a cat", id="in the middle"
        ),
    ],
)
def test_words_that_the_small_model_knows_are_completed(offered, line, text):
    found = offered(line)

    assert text in [each.text for each in found]


def test_taking_a_suggestion_in_the_middle_leaves_the_cursor_after_it(offered):
    found = offered("/imagine a roc| and a cat --n 2")[0]

    assert found.text[: found.cursor] == "/imagine a rocket"


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("", id="nothing typed"),
        pytest.param("a roc", id="no command"),
        pytest.param("/imagine a ro|cket", id="inside a word"),
        pytest.param('/imagine a sign "--ti', id="inside quotes"),
        pytest.param("/imagine a r", id="one letter"),
        pytest.param("/imagine a rocket", id="a whole word"),
        pytest.param("/imagine a violin", id="a word that resembles none"),
        pytest.param("/imagine ", id="before the prompt"),
        pytest.param("/policy x", id="a command without anything after it"),
        pytest.param("/imagine " + "x" * TEXT_MAX, id="more than is looked at"),
    ],
)
def test_nothing_is_offered_where_nothing_fits(offered, line):
    assert offered(line) == ()


def test_show_offers_the_members_own_requests(services, ada, bob, address, offered):
    """Autocomplete is seen by the one who types, and tells nobody of another's requests."""
    job_id = imagine.submit(services, ada, "a red apple", address).job_id

    assert [(each.text, each.summary) for each in offered("/show ")] == [
        (f"/show {job_id}", "a red apple")
    ]
    assert labels(offered(f"/show {job_id[:3].upper()}")) == [job_id]
    assert offered("/show ", bob) == ()


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(alphabet='/imagne --sty"\u201c\u2014{}:, 12', max_size=40), st.integers(0, 60))
def test_no_line_crashes_it_and_every_offer_is_within_its_line(services, ada, line, cursor):
    for found in suggest(services, ada, "/imagine " + line, cursor):
        assert 0 <= found.cursor <= len(found.text)
        assert found.label


def test_every_flag_offered_can_be_typed(offered):
    """What autocomplete writes, the grammar reads."""
    for flag in FLAGS:
        before, _, value = flag.example.rpartition(f"--{flag.name}")

        line = next(each.text for each in offered(f"/imagine a cat {before}--{flag.name}"))

        assert parse(line.removeprefix("/imagine ") + value)


def asked(services, clock, actor, address, *prompts):
    for prompt in prompts:
        clock.move(1)
        job_id = imagine.submit(services, actor, prompt, address).job_id
        advance(services, job_id, Outcome.CANCELLED)


def test_own_prompts_are_offered_newest_first_and_each_once(
    services, clock, ada, bob, address, offered
):
    """What others asked for is theirs; flags are none of it; what was refused is not offered."""
    asked(services, clock, ada, address, "a cat at sea", "a dog", "a cat on grass --n 2", "a dog")
    asked(services, clock, bob, address, "a cat of Bob's")
    imagine.submit(services, ada, "a cat easel-known-positive-7q2k9x4m", address)

    assert [each.text for each in offered("/imagine ")] == [
        "/imagine a dog ",
        "/imagine a cat on grass ",
        "/imagine a cat at sea ",
    ]
    assert [each.text for each in offered("/imagine A Cat ")] == [
        "/imagine a cat on grass ",
        "/imagine a cat at sea ",
    ]
    assert "/imagine a cat at sea " in [each.text for each in offered("/imagine at sea")]
    assert "a dog" not in labels(offered("/imagine a dog"))
    assert labels(offered("/imagine a ca", bob))[-1] == "a cat of Bob's"


def test_own_prompts_are_few_and_stand_behind_the_models_words(
    services, clock, ada, address, offered
):
    asked(services, clock, ada, address, *(f"a rocket {number}" for number in range(9)))

    assert labels(offered("/imagine ")) == [f"a rocket {number}" for number in range(8, 3, -1)]
    assert labels(offered("/imagine a roc"))[0] == "rocket"
    assert len(offered("/imagine a roc")) <= MAX_SUGGESTIONS


def test_the_models_words_are_offered_while_the_database_is_away(services, offered, monkeypatch):
    def away(*_args):
        raise Unavailable("database_away")

    monkeypatch.setattr(type(services.store), "reading", away)

    assert "rocket" in labels(offered("/imagine a roc"))
    assert "night" in labels(offered("/imagine a cat --style n"))


def test_own_styles_are_offered_before_the_models(services, ada, bob, address, offered):
    commands.run(services, ada, "/style save oil thick oil paint", address)

    assert labels(offered("/imagine a cat --style "))[0] == "oil"
    assert labels(offered("/imagine a cat --style o")) == ["oil", "ocean"]
    assert "oil" not in labels(offered("/imagine a cat --style o", bob))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param("/settings qu", ["quality"], id="a setting"),
        pytest.param("/settings re", ["remix", "reset"], id="all of them back"),
        pytest.param("/settings quality ", ["draft", "standard", "hd"], id="its values"),
        pytest.param("/settings style n", ["night", "none"], id="a style"),
        pytest.param("/privacy no", ["nothing"], id="a word of privacy"),
        pytest.param("/privacy nothing d", [], id="only one of them"),
        pytest.param("/settings zzz ", [], id="no such setting"),
        pytest.param("/settings count ", [], id="a number"),
        pytest.param("/style ", ["save", "use", "delete"], id="what to do"),
        pytest.param("/style delete ", ["oil"], id="own alone"),
        pytest.param("/style use o", ["oil", "ocean"], id="own and the model's"),
        pytest.param("/style save ", [], id="a new name"),
        pytest.param("/history f", ["failed", "favourites"], id="a part of it"),
        pytest.param("/history failed ", [], id="a page"),
        pytest.param("/policy ", [], id="nothing"),
    ],
)
def test_words_of_other_commands_are_offered(services, ada, address, offered, line, expected):
    commands.run(services, ada, "/style save oil thick oil paint", address)

    assert labels(offered(line)) == expected


@pytest.mark.parametrize("command", ["/show", "/rerun"])
def test_own_requests_are_offered_by_their_ids(services, ada, address, offered, command):
    job_id = imagine.submit(services, ada, "a cat", address).job_id

    assert [each.text for each in offered(f"{command} {job_id[:3]}")] == [f"{command} {job_id}"]
