"""Hold the two cards: what can be typed, and what is allowed."""

import pytest
from inline_snapshot import snapshot

from bot import wording
from bot.command_table import COMMANDS
from bot.grammar import FLAGS
from bot.wording.pages import (
    CHARACTERS_MOST,
    FIELDS_MOST,
    LINES_MOST,
    NAME_MOST,
    VALUE_MOST,
    size_of,
)
from core.catalog import ModelProfile, load_catalog
from core.settings import CoreSettings
from moderation.policy import MissingCheck, load_policy


def help_pages(profile):
    """Every page of the help, as one leafs through it."""
    pages = [wording.help_card(COMMANDS, FLAGS, profile)]
    while (page := wording.help_card(COMMANDS, FLAGS, profile, len(pages) + 1)).fields:
        pages.append(page)
    return pages


def test_help_explains_every_command_and_flag(profile, told):
    cards = "\n\n".join(told(page) for page in help_pages(profile))

    assert cards == snapshot("""\
(card, private) How to ask for a picture
Type /imagine and say what to draw. Flags may follow, in any order.
{red,blue} draws one picture for each choice; red apple::2 sky::1 weighs the parts; text in quotes is never read as a flag.
Easel Small is a small model. It knows about apples, pineapples, mushrooms, donuts, rabbits, lions, unicorns, whales, trees, stars, houses, trains and 32 more.
The flags: /help 2
/imagine PROMPT [FLAGS]: Draw pictures of what you describe.
/show ID: Show a request again, by its id or a picture's: where it stands, or its pictures.
/cancel JOB: Call a request of yours back while it waits or is drawn; /cancel all calls back all.
/history [WORD] [PAGE]: List your requests, newest first, or only those waiting, drawn, failed, refused, cancelled or among your favourites.
/favourites [PAGE]: List the pictures that you marked.
/lineage [ID]: Draw what a picture goes back to and what went on from it; without an id, of your last.
/rerun ID [NUMBER]: Draw a request, or one picture by its number or verify id, again as it was and say whether it came out the same.
/verify [ID]: Was this made here? Of a file that you bring along with it, or of a picture's verify id.
/settings [NAME VALUE]: Show or change what is in force where your requests do not say otherwise.
/style [save NAME WORDS]: List your own styles; save, delete or use one.
/privacy [WORD]: Show what is kept of you and for how long; say what may be learnt from your requests.
/mydata [WORD]: Say what is kept of you; /mydata export hands it to you, /mydata delete deletes it.
/standing [MEMBER]: Show what your refused requests add up to and what comes next; moderators see anybody's.
/help [PAGE]: List the commands, and on the next page the flags; say what the model knows.
/policy [WORD]: Show what is allowed here and what is not; moderators draft changes, admins put them in force.
/transparency [PERIOD]: Show what moderation did here in the last week, month, quarter or year, in numbers.
/review [ID]: For moderators: take the next item that waits, or show one; /review queue counts them.
/sanction MEMBER KIND [HOURS] REASON: For moderators: give a note, warning, strike, slow, cool-down or ban; the reason is told.
/pardon SANCTION [REASON]: For moderators: take a sanction back, by its id; lifting a ban takes two admins.

(card, private) How to ask for a picture, page 2
Flags follow the prompt of /imagine, in any order.
--ar W:H (--aspect): Shape of the picture, width to height. Values: two whole numbers from 1 to 64, as in 16:9; without it: your settings, else 1:1.
--no A, B: What to keep out: everything up to the next flag. Values: words or phrases with commas between them, 1000 characters in all; without it: nothing.
--seed NUMBER: Where chance starts: the same prompt, flags and seed draw the same picture. Values: whole numbers from 0 to 4294967295; without it: drawn by chance and shown with the picture.
--stylize NUMBER (--s): How strongly the prompt steers the picture; it sets the guidance scale. Values: whole numbers from 0 to 1000; without it: the model's own guidance, which is also what 100 gives.
--steps NUMBER: How many denoising steps to take. Values: whole numbers from 1 to 150; without it: the model's own, by --draft, standard or --hd.
--cfg NUMBER: The guidance scale itself; it wins over --stylize. Values: numbers from 0 to 30, such as 7.5; without it: from --stylize, else the model's own.
--n NUMBER (--repeat, --r): How many pictures to draw, each with the next seed. Values: whole numbers from 1 to 4; without it: your settings, else 1.
--tile: Edges that meet, for patterns and textures.
--model NAME: Which model draws. Values: the names of the models on offer; without it: the one that is set up here.
--style NAME: A named style: words that the model's profile, or you yourself, add to the prompt. Values: the names of the model's styles, of your own, and none; without it: your settings, else none.
--lora NAME:WEIGHT: LoRAs of the model, a manner of drawing for example, and how strongly each applies. Values: up to 4 names of the model's LoRAs with commas and no spaces between them, each with a weight from -2 to 2 where 1 is not meant; without it: none.
--hd: More steps: slower, finer. Not together with --draft.
--draft: Fewer steps: faster, rougher. Not together with --hd.
--standard: The usual number of steps, whatever your settings say.
--image ID (--img): The picture to go on from; it is cropped to the shape of --ar. Values: the id of a picture drawn here, or of one you uploaded; without it: none.
--iw NUMBER: How much of that picture stays, from 0 (nothing) to 3 (almost all). Values: numbers from 0 to 3, such as 7.5; without it: 1.
--mask ID: Where to draw anew: what is white in the mask; the rest of the picture stays. Values: the id of a mask you uploaded, such as up-3k7fq2m9x0ab; without it: everywhere.
--upscale NUMBER: Only enlarge that picture, so many times; nothing is drawn anew. Values: 2 or 4; without it: drawing anew.\
""")
    assert all(command.usage in cards for command in COMMANDS)
    assert all(f"--{name}" in cards for flag in FLAGS for name in flag.names)


@pytest.mark.parametrize(
    "model",
    [
        *load_catalog(*CoreSettings().models).profiles,
        pytest.param(ModelProfile(name="m", source="m"), id="m"),
    ],
    ids=lambda each: each.name,
)
def test_every_platform_shows_each_page_of_the_help_whole(model):
    for page in help_pages(model):
        assert 1 <= len(page.fields) <= FIELDS_MOST
        assert len(page.title) <= NAME_MOST
        assert len("\n".join(page.lines)) <= LINES_MOST
        assert size_of(page) <= CHARACTERS_MOST
        for field in page.fields:
            assert len(field.name) <= NAME_MOST
            assert 1 <= len(field.value) <= VALUE_MOST


def test_each_page_of_the_help_tells_of_the_next(profile):
    pages = help_pages(profile)

    for number, page in enumerate(pages, start=1):
        leads_on = any(line.endswith(f"/help {number + 1}") for line in page.lines)
        assert leads_on == (number < len(pages))


def test_past_the_help_is_the_way_back(profile):
    (line,) = wording.help_card(COMMANDS, FLAGS, profile, 9).lines

    assert line == snapshot("There is nothing on page 9. Back to the first: /help")


def test_help_says_nothing_of_a_vocabulary_that_nobody_has_listed(told):
    card = wording.help_card(COMMANDS, FLAGS, ModelProfile(name="m", source="m"))

    assert not any("knows" in line for line in card.lines)


def test_the_policy_is_shown_in_its_own_words(told):
    policy = load_policy().model_copy(
        update={"allowed_text": "Knights.\n", "not_allowed_text": "Gore.\n", "version": "1.0.0"}
    )

    assert told(wording.policy_card(policy)) == snapshot("""\
(card, private) What is allowed here: PG-13
Where no classifier is set up, only word lists and rules decide; nothing reads a prompt's meaning.
Where no picture check is set up, finished pictures are shown without anything having looked at them.
Allowed: Knights.
Not allowed: Gore.
Policy: easel-pg13 1.0.0\
""")


@pytest.mark.parametrize("missing", MissingCheck)
def test_the_policy_card_says_what_happens_unchecked(missing):
    policy = load_policy().model_copy(
        update={"classifier_missing": missing, "image_check_missing": missing}
    )

    prompts, pictures = wording.policy_card(policy).lines
    expected = {
        MissingCheck.RULES_ONLY: ("nothing reads", "without anything having looked"),
        MissingCheck.REVIEW: ("waits for a moderator", "waits for a moderator"),
        MissingCheck.BLOCK: ("is refused", "no picture is shown"),
    }
    assert expected[missing][0] in prompts
    assert expected[missing][1] in pictures
