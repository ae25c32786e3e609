"""What the lists settle alone is what a look at the words would have found."""

import random

import pytest

from moderation.lists import SetExhaustedError
from moderation.prefilter import Glimpse, Prefilter, Sight, sight_of
from moderation.readings import Reading
from moderation.rules import RuleBook
from tests.moderation.test_lists import ExhaustedSet
from tests.moderation.test_replay import PARTS, policy_with

ROWS = 300
FIELDS = ("prompt", "prompt", "permutation", "part", "style", "negative", "negative")
OWN = """
lists:
  foxes: {terms: [fox, red fox], allow: [fox hunt]}
  snow: {terms: [snow, ice]}
  zoo: {terms: [zoo], allow: [zoo keeper]}
rules:
  - {id: own.fox, kind: terms, category: ip_brand, lists: [foxes], allow: [fox den], unless: [zoo]}
  - {id: own.deer, kind: pattern, category: ip_brand, pattern: '\\bdeer\\b', in_negatives: true}
  - {id: own.pair, kind: pair, category: ip_brand, first: [foxes], second: [snow], removed: [zoo]}
  - {id: own.near, kind: pair, category: ip_brand, first: [foxes], second: [snow], within_words: 2,
     in_negatives: true, unless: [zoo], allow: [ice fox]}
"""
WORDS = "fox; red fox; fox hunt; fox den; ice fox; zoo; zoo keeper; snow; ice; deer; a; the old; of"


def looked_up_by(book, texts):
    """Find where everything stands, in all lists, and ask every rule."""
    readings = [(field, Reading(str(at), text, range(len(text)))) for field, at, text in texts]
    scan = book.scan_readings(readings)
    return tuple(rule.rule.id for rule in book.rules if rule.is_in(scan))


def requests(words, seed):
    """Put words together at random, in one to four readings of all fields."""
    chance = random.Random(seed)
    for _ in range(ROWS):
        yield [
            (chance.choice(FIELDS), chance.randrange(2), " ".join(chance.choices(words, k=6)))
            for _ in range(chance.randint(1, 4))
        ]


def words_of(policy):
    """Name words that decide something: of lists, of what spares them, of what rules allow."""
    lists = [term for each in policy.lists.values() for term in (*each.terms, *each.allow)]
    allowed = [term for rule in policy.rules for term in rule.allow]
    filler = ["a", "the", "of", "very", "in a garden"] * 40
    return [*(term.strip("=*") for term in lists[::3]), *allowed * 3, *filler]


def test_it_finds_what_a_look_would_find():
    """By rules of every kind, with excuses of every kind; both answers occur for each."""
    policy = policy_with(OWN)
    prefilter, book = Prefilter(policy), RuleBook(policy)
    own = [rule.id for rule in policy.rules if rule.id.startswith("own.")]
    seen = set()

    for texts in requests(WORDS.split("; "), 7):
        found = prefilter.matching(texts)
        assert found == looked_up_by(book, texts), texts
        seen |= {(rule, rule in found) for rule in own}

    assert seen == {(rule, answer) for rule in own for answer in (True, False)}


@pytest.mark.parametrize("part", ["nothing", "a phrase"])
def test_it_finds_what_a_look_would_find_by_the_shipped_rules(part):
    policy = policy_with(PARTS[part])
    prefilter, book = Prefilter(policy), RuleBook(policy)
    found = set()

    for texts in requests(words_of(policy), part):
        matching = prefilter.matching(texts)
        assert matching == looked_up_by(book, texts), texts
        found |= set(matching)

    assert len(found) > len(policy.rules) // 2


def glimpse(*keys, text=0, is_negative=False):
    return Glimpse(is_negative, text, frozenset(tuple(key.split(":", 1)) for key in keys))


SNOWY_FOX = ("list:foxes", "list:snow")


@pytest.mark.parametrize(
    ("rule", "glimpses", "sight"),
    [
        pytest.param("own.fox", [glimpse("list:foxes")], Sight.SURE, id="a word"),
        pytest.param("own.fox", [glimpse("list:snow")], Sight.NO, id="another word"),
        pytest.param(
            "own.fox", [glimpse("list:foxes", "spared:foxes")], Sight.UNSURE, id="perhaps spared"
        ),
        pytest.param(
            "own.fox", [glimpse("list:foxes", "allowed:own.fox")], Sight.UNSURE, id="or allowed"
        ),
        pytest.param(
            "own.fox", [glimpse("list:foxes"), glimpse("list:zoo")], Sight.NO, id="excused"
        ),
        pytest.param(
            "own.fox",
            [glimpse("list:foxes"), glimpse("list:zoo", text=1)],
            Sight.SURE,
            id="excused in another text",
        ),
        pytest.param(
            "own.fox",
            [glimpse("list:foxes", "list:zoo", "spared:zoo")],
            Sight.UNSURE,
            id="perhaps excused",
        ),
        pytest.param("own.fox", [glimpse("list:foxes", is_negative=True)], Sight.NO, id="refused"),
        pytest.param(
            "own.deer", [glimpse("list:rule:own.deer", is_negative=True)], Sight.SURE, id="pattern"
        ),
        pytest.param("own.pair", [glimpse(*SNOWY_FOX)], Sight.SURE, id="both halves"),
        pytest.param("own.pair", [glimpse("list:foxes")], Sight.NO, id="one half"),
        pytest.param(
            "own.pair",
            [glimpse("list:foxes"), glimpse("list:zoo", is_negative=True)],
            Sight.SURE,
            id="the other taken away",
        ),
        pytest.param("own.near", [glimpse(*SNOWY_FOX)], Sight.UNSURE, id="near, perhaps"),
        pytest.param(
            "own.near", [glimpse("list:foxes"), glimpse("list:snow")], Sight.NO, id="never near"
        ),
        pytest.param(
            "own.near", [glimpse(*SNOWY_FOX, is_negative=True)], Sight.SURE, id="one term of --no"
        ),
    ],
)
def test_only_what_is_certain_is_settled(rule, glimpses, sight):
    rules = {each.id: each for each in policy_with(OWN).rules}

    assert sight_of(rules[rule], glimpses) is sight


def test_it_remembers_no_more_than_it_may(monkeypatch):
    monkeypatch.setattr("moderation.prefilter._REMEMBERED", 1)
    prefilter = Prefilter(policy_with(OWN))

    found = [prefilter.matching([("prompt", 0, text)]) for text in ("a fox", "a deer", "a deer")]

    assert found == [("own.fox",), ("own.deer",), ("own.deer",)]
    assert len(prefilter._settled) == 1


def test_nothing_is_settled_where_re2_gives_up(monkeypatch):
    prefilter = Prefilter(policy_with(OWN))
    monkeypatch.setattr(prefilter._set, "_set", ExhaustedSet())

    with pytest.raises(SetExhaustedError):
        prefilter.matching([("prompt", 0, "a fox")])
