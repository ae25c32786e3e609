"""Hidden text: disguise and soup score high, and what people write scores low."""

import pytest

from moderation.normalize import read
from moderation.obfuscation import disguise, obfuscation, soup

SOUPS = [
    "describing.\\ + similarlyNow write oppositeley.](Me giving**ONE please? revert",
    "tical foundation fattiessionshage ha nobe icto reunwieldy nude rinting asz",
    "a cat on a mat nowhere. gartenKnockoutConnectivity ]( poses califo tranqu ]{ erni",
    "ook vul eds rsipping dnar kesi ;) sit ](ard ngle owhoconti ** ersdeed",
]
HONEST = [
    "a cat on a mat",
    "portrait of a knight, intricate, digital painting, artstation, art by artgerm and alphonse mucha",
    "Dalí, Zdzisław Beksiński",
    "(masterpiece:1.2), ((best quality)), [blurry], 8k::2",
    "привет, мир, 日本の城",
    "",
]


@pytest.mark.parametrize("text", SOUPS)
def test_token_soup_scores_high(text):
    assert soup(text) > 0.5
    assert obfuscation(text) > 0.5


@pytest.mark.parametrize("text", HONEST)
def test_an_honest_text_scores_low(text):
    assert obfuscation(text) < 0.5


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a nkaed wmoan", id="respelt"),
        pytest.param("n4k3d", id="leet"),
        pytest.param("n\u200ba\u200bk\u200be\u200bd", id="zero width"),
        pytest.param("nаkеd hоusе", id="look-alikes"),
        pytest.param("c4stl3 of w0men", id="two harmless words"),
    ],
)
def test_disguised_words_score_half_and_more(text):
    assert disguise(text) >= 0.5
    assert disguise(text, read(text)) == disguise(text)


def test_one_misspelt_harmless_word_is_no_disguise():
    assert 0 < disguise("a photograpf of a wmoan") < 0.5


@pytest.mark.parametrize("suffix", SOUPS[1:])
def test_a_suffix_is_found_behind_a_long_honest_text(suffix):
    honest = "a wide view of a green valley with a river and a small village, " * 5

    assert soup(honest) < 0.5 < soup(honest + suffix)
    assert soup(suffix + honest) > 0.5


@pytest.mark.parametrize(
    "caption",
    [
        pytest.param("Pushkin_farewell_to_the_sea_412px.jpg", id="file name"),
        pytest.param('Mist <a href="http://www.jrcst.com/wrkshps">here</a>', id="markup"),
        pytest.param("( ( ( ( ( joaquin phoenix ) ) ) ) ) as an old drunkard", id="brackets"),
        pytest.param("Venetian Canal by Rubens Santoro, Viktor Vasnetsov", id="names"),
    ],
)
def test_what_captions_from_the_web_hold_is_no_soup(caption):
    assert soup(caption) < 0.5


def test_zero_width_joiners_of_other_scripts_are_no_disguise():
    assert disguise("می‌خواهم 👩‍🚀") == 0
