"""Hold the cards of what a member keeps to their words."""

import pytest
from inline_snapshot import snapshot

from bot import wording
from bot.grammar import parse
from bot.wording.lists import _STATES
from core.catalog import ModelProfile
from core.contracts.generation import Aspect, Quality
from core.contracts.ids import JobId
from core.contracts.personal import MemberSettings, NamedStyle
from core.workflow import JobState
from tests.bot.wording.conftest import NOON

CHOSEN = MemberSettings(
    suffix="on the beach",
    style="oil",
    quality=Quality.HD,
    aspect=Aspect(width=16, height=9),
    count=4,
    is_remix=True,
)
MODEL = ModelProfile(name="any", source="x", styles={"night": " at night"})
OIL = NamedStyle(name="oil", text="thick oil paint", created_at=NOON)


def test_settings_are_listed_with_the_way_to_change_them(told):
    assert told(wording.settings_card(CHOSEN)) == snapshot("""\
(card, private) Your settings
They are in force where a request does not say otherwise. Change one by its name, as in /settings count 4, or all of them with /settings reset.
Suffix (suffix): on the beach
Style (style): oil
Quality (quality): hd
Shape (aspect): 16:9
Pictures (count): 4
Remix (remix): on\
""")


def test_a_change_says_so_and_what_the_rules_are_unsure_of(told):
    reply = wording.settings_card(MemberSettings(), is_changed=True, is_unsure=True)

    assert told(reply) == snapshot("""\
(card, private) Your settings are changed
They are in force where a request does not say otherwise. Change one by its name, as in /settings count 4, or all of them with /settings reset.
The rules are not sure about these words: requests with them may wait for a moderator.
Suffix (suffix): none
Style (style): none
Quality (quality): standard
Shape (aspect): 1:1
Pictures (count): 1
Remix (remix): off\
""")


def test_styles_are_listed_with_the_models(told):
    assert told(wording.styles_card([OIL], MODEL, "oil")) == snapshot("""\
(card, private) Your styles
1 of 20 are yours. Put one into a request with --style NAME, or into all of them with /style use NAME; keep a new one with /style save NAME WORDS.
In force: oil.
oil: thick oil paint
night (the model's): at night\
""")


def test_a_style_that_was_kept_or_deleted_is_named():
    assert wording.styles_card([OIL], MODEL, None, saved="oil").title == snapshot(
        "The style “oil” is kept"
    )
    assert wording.styles_card([], MODEL, None, deleted="oil").title == snapshot(
        "The style “oil” is deleted"
    )


def test_a_history_lists_requests_with_their_state(make_job, make_pictures, told):
    drawn = make_job(parse("a cat --n 2"))
    waiting = make_job(parse("a dog " * 40), job_id=JobId("w"), state=JobState.PROMPT_REVIEW)
    rows = [(drawn, make_pictures(drawn)[0]), (waiting, None)]

    assert told(wording.history_card(rows, 1, "drawn", has_more=True)) == snapshot("""\
(card, private) Your requests, drawn
AI-generated · the first picture of each request
Open one with /show and its id.
Older ones: /history drawn 2
3k7fq2m9x0ab: drawn · 2026-11-21 12:00 UTC · 2 pictures · a cat
w: waits for a moderator · 2026-11-21 12:00 UTC · 1 picture · a dog a dog a dog a dog a dog a dog a dog a dog a dog a dog a dog a dog a dog a…\
""")


def test_an_empty_page_says_so(told):
    assert told(wording.history_card([], 1, None, has_more=False)) == snapshot("""\
(card, private) Your requests
You have asked for nothing of this kind yet.\
""")
    assert told(wording.history_card([], 3, "failed", has_more=False)) == snapshot("""\
(card, private) Your requests, failed, page 3
There is nothing on page 3. Back to the first: /history failed\
""")
    assert told(wording.favourites_card([], 1, has_more=False)) == snapshot("""\
(card, private) Your favourites
Nothing is marked yet: press “Favourite” below a picture.\
""")


def test_favourites_are_listed_and_what_stays_elsewhere_is_only_named(
    make_job, make_pictures, told
):
    job = make_job(parse("a {red,blue} cat"))
    first, second = make_pictures(job)
    rows = [(job, first, True), (job, second, False)]

    reply = wording.favourites_card(rows, 2, has_more=True)

    assert told(reply) == snapshot("""\
(card, private) Your favourites, page 2
AI-generated · your favourites
Open one with /show and its id.
Older ones: /favourites 3
3k7fq2m9x0ab: picture 1 · by Ada · verify 0000000000000000 · a red cat
3k7fq2m9x0ab: made in an age-restricted channel, where /show shows it\
""")
    assert [(each.verify_id, each.caption) for each in reply.pictures] == [
        (first.verify_id, job.job_id)
    ]


@pytest.mark.parametrize(("count", "is_marked"), [(1, True), (1, False), (2, True), (2, False)])
def test_a_mark_is_confirmed(make_job, count, is_marked):
    reply = wording.favourite_marked(make_job(parse("a cat")), count, is_marked=is_marked)

    assert ("no longer" in reply.title) is not is_marked
    assert ("pictures" in reply.title) is (count > 1)


def test_every_state_has_its_words():
    assert set(_STATES) == set(JobState)
