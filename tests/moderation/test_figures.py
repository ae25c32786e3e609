"""The gazetteer: names as terms, in full and short, and never a verdict by themselves."""

from datetime import UTC, datetime

import pytest

from core.contracts.ids import CommunityId
from core.contracts.verdicts import Decision
from moderation.engine import Gate
from moderation.figures import Figure, read_figures, terms_of
from moderation.lists import TERM, compile_pattern, list_pattern
from moderation.policy import SHIPPED_POLICIES, load_policy
from moderation.rules import ScreenedText

SHIPPED = SHIPPED_POLICIES / "figures.yaml"


@pytest.fixture
def gazetteer(tmp_path):
    def write(text):
        path = tmp_path / "figures.yaml"
        path.write_text(text, "utf-8")
        return path

    return write


def test_a_star_marks_a_surname_that_stands_alone(gazetteer):
    path = gazetteer("people:\n  nowhere: [Ann *Noone, Bob Smith]\n")

    assert read_figures(path) == [
        Figure("nowhere", "Ann Noone", "Noone"),
        Figure("nowhere", "Bob Smith", None),
    ]
    assert terms_of(path) == ["ann noone", "=noone", "=noone's", "bob smith"]


def test_names_are_spelt_as_texts_are_looked_up(gazetteer):
    path = gazetteer("people:\n  nowhere: [Ünal *Öztürk, J.K. Nobody, =AMLO, Ann-Marie O'Noone]\n")

    assert terms_of(path) == [
        *("unal ozturk", "=ozturk", "=ozturk's"),
        *("j.k. nobody", "=amlo", "ann-marie o'noone"),
    ]


def test_a_name_is_listed_once(gazetteer):
    assert terms_of(gazetteer("people:\n  a: [Ann Noone]\n  b: [Ann Noone]\n")) == ["ann noone"]


@pytest.mark.parametrize("text", ["people: 3", "names: {}", "people: {a: 1}", "{", "- a"])
def test_what_is_no_gazetteer_is_refused(gazetteer, text):
    with pytest.raises(ValueError, match=r"figures\.yaml is no gazetteer"):
        terms_of(gazetteer(text))


def test_every_shipped_name_can_match():
    terms = terms_of(SHIPPED)

    assert [term for term in terms if not TERM.fullmatch(term)] == []
    assert len(read_figures(SHIPPED)) >= 400
    assert len({figure.field for figure in read_figures(SHIPPED)}) >= 60


@pytest.mark.parametrize("name", ["Erdoğan", "ERDOGAN'S", "Recep Tayyip Erdogan", "Macron"])
def test_a_figure_is_found_however_the_name_is_spelt(name, screen):
    verdict = screen(f"{name} in handcuffs")

    assert verdict.decision is Decision.BLOCK
    assert verdict.category == "deceptive_public_figure"


@pytest.mark.parametrize("figure", read_figures(SHIPPED), ids=lambda figure: figure.name)
def test_a_name_alone_is_never_held(figure, screen):
    assert screen(f"portrait photo of {figure.name}").decision is Decision.ALLOW


def test_a_surname_that_others_bear_does_not_stand_alone():
    pattern = compile_pattern(list_pattern(terms_of(SHIPPED)))

    assert pattern.search("boris johnson")
    assert pattern.search("mr johnson") is None


@pytest.mark.parametrize(
    ("text", "decision"),
    [
        pytest.param("Photo of President Biden being arrested", Decision.BLOCK, id="damaging"),
        pytest.param("Biden being arrested", Decision.BLOCK, id="no medium is a photo"),
        pytest.param("B1den being arrested", Decision.BLOCK, id="hidden name"),
        pytest.param("the US president being arrested", Decision.BLOCK, id="office"),
        pytest.param("Biden crying at his desk", Decision.REVIEW, id="ambiguous"),
        pytest.param(
            "Biden as a watercolour cartoon eating ice cream", Decision.ALLOW, id="harmless satire"
        ),
        pytest.param("political cartoon of Biden being arrested", Decision.ALLOW, id="satire"),
        pytest.param("a statue of Trump in chains", Decision.ALLOW, id="statue"),
        pytest.param("Macron giving a speech about bribery", Decision.ALLOW, id="reporting"),
        pytest.param("a man being arrested", Decision.ALLOW, id="nobody"),
    ],
)
def test_name_medium_and_event_are_weighed_together(text, decision, screen):
    assert screen(text).decision is decision


def test_a_community_adds_names_of_its_own(edited_policy):
    path = edited_policy(("own_figures: {terms: []}", "own_figures: {terms: [ann noone]}"))
    gate = Gate(load_policy(path))
    now = datetime(2026, 1, 1, tzinfo=UTC)

    verdict = gate.screen_rules(
        [ScreenedText("prompt", "Ann Noone in handcuffs")], community_id=CommunityId("c"), now=now
    )

    assert verdict.decision is Decision.BLOCK
