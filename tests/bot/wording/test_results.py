"""Hold what stands under a picture: the label first, a recipe that works, honest expectations."""

from inline_snapshot import snapshot

from bot import wording
from bot.grammar import parse
from bot.wording.pictures import LABEL
from core.contracts.ids import CommunityId, VerdictId
from core.contracts.provenance import DigitalSourceType
from core.contracts.verdicts import Decision, Stage, Verdict
from moderation.policy import load_policy
from tests.bot.wording.conftest import NOON

EDITED = DigitalSourceType.COMPOSITE_WITH_TRAINED_ALGORITHMIC_MEDIA


def verdict(stage, decision, **changes):
    return Verdict(
        verdict_id=VerdictId("v"),
        community_id=CommunityId("local"),
        stage=stage,
        decision=decision,
        policy_name="easel-pg13",
        policy_version="1.0.0+aaaaaaaa",
        input_sha256="",
        decided_at=NOON,
        **changes,
    )


def test_a_result_begins_with_its_label(make_job, make_pictures, profile, told):
    job = make_job(parse("a red apple on a blue background --no text"))

    reply = wording.result(job, make_pictures(job), profile)

    assert reply.lines[0].startswith(LABEL)
    assert told(reply) == snapshot("""\
(result, public) Drawn for Ada
AI-generated · Easel Small · verify 0000000000000000
/imagine a red apple on a blue background --no text --seed 7
<Upscale>
<Vary (subtle)>
<Vary (strong)>
<Vary region>
<Favourite>
<Draw again>
<Remix>
<Details>
<Delete>
<Report>
<About this image>\
""")


def test_several_pictures_name_every_verify_id(make_job, make_pictures, profile, told):
    job = make_job(parse("{a cat,a dog} and a rocket"))

    reply = wording.result(job, make_pictures(job), profile)

    assert told(reply) == snapshot("""\
(result, public) Drawn for Ada
AI-generated · Easel Small · verify 0000000000000000 and 0000000000000001
/imagine {a cat,a dog} and a rocket --seed 7
<U1>
<U2>
<V1>
<V2>
<♥1>
<♥2>
<Draw again>
<Remix>
<Details>
<Delete>
<Report>
<About these images>\
""")


def test_the_recipe_can_be_typed_again(make_job, make_pictures, profile):
    """The seed in force is part of it, whether it was asked for or drawn by chance."""
    job = make_job(parse('a "red --tile" {apple,cat} --ar 1:1 --s 250'), seed=12345)

    recipe = wording.result(job, make_pictures(job), profile).lines[1]

    assert parse(recipe.removeprefix("/imagine ")) == job.spec.model_copy(update={"seed": 12345})


def test_a_long_recipe_is_cut_in_its_prompt_and_whole_in_the_details(
    make_job, make_pictures, profile
):
    job = make_job(parse("an apple " * 600 + "--steps 9"))
    pictures = make_pictures(job)

    cut = wording.result(job, pictures, profile).lines[1]
    whole = wording.details(job, pictures, (), load_policy()).lines[0]

    assert len(cut) <= 900
    assert cut.endswith("… --seed 7 --steps 9")
    assert parse(whole.removeprefix("/imagine ")) == job.spec.model_copy(update={"seed": 7})


def test_each_of_several_pictures_says_which_it_is(make_job, make_pictures, profile):
    """By the number that its buttons have, and by its own permutation."""
    job = make_job(parse("{a cat,a dog} and a rocket"))

    several = wording.result(job, make_pictures(job), profile).pictures
    (alone,) = wording.result(job, make_pictures(job, ["a cat"]), profile).pictures

    assert [each.caption for each in several] == [
        "1 · a cat and a rocket",
        "2 · a dog and a rocket",
    ]
    assert alone.caption == ""


def test_a_picture_carries_its_words_for_people_who_cannot_see_it(make_job, make_pictures, profile):
    job = make_job(parse("a red apple, on a blue background!"))

    picture = wording.result(job, make_pictures(job), profile).pictures[0]

    assert picture.alt_text == "AI-generated picture: a red apple, on a blue background!"
    assert picture.label == "AI-generated"
    assert picture.file_name == "ai_0000000000000000.png"


def test_a_file_is_named_after_its_label_and_never_after_its_prompt(
    make_job, make_pictures, profile
):
    """A file travels further than the message; what was asked for stays where it was asked."""
    job = make_job(parse("a secret garden"))
    (picture,) = make_pictures(job)
    jpeg = picture.model_copy(update={"media_type": "image/jpeg"})

    shown = wording.result(job, [jpeg], profile).pictures[0]

    assert shown.file_name == "ai_0000000000000000.jpg"


def test_a_members_picture_of_which_ai_drew_a_part_is_called_edited(
    make_job, make_pictures, make_record, profile
):
    """In the first line, on the picture and in its words for those who cannot see it."""
    job = make_job(parse("a red hat --image up-3k7fq2m9x0ab --mask up-3k7fq2m9x0ac"))
    pictures = make_pictures(job)
    records = make_record(pictures[0], source_type=EDITED)

    reply = wording.result(job, pictures, profile, records)

    assert reply.lines[0] == "AI-edited · Easel Small · verify 0000000000000000"
    assert reply.pictures[0].label == "AI-edited"
    assert reply.pictures[0].alt_text == "AI-edited picture: a red hat"


def test_details_tell_the_whole_recipe_and_every_check(make_job, make_pictures, told):
    job = make_job(parse("{a cat,a dog}"), parent_id="9q0000000000", action="reroll")
    verdicts = [
        verdict(Stage.RULES, Decision.ALLOW),
        verdict(Stage.PROMPT, Decision.ALLOW, note="classifier_missing_rules_only"),
        verdict(Stage.IMAGE, Decision.ALLOW, note="image_check_missing_rules_only"),
        verdict(Stage.IMAGE, Decision.REVIEW, category="gore_graphic"),
    ]

    reply = wording.details(job, make_pictures(job), verdicts, load_policy())

    assert told(reply) == snapshot("""\
(card, private) Details
/imagine {a cat,a dog} --seed 7
Request: 3k7fq2m9x0ab
Asked by: Ada
Model: easel-small
Policy: easel-pg13 1.0.0+aaaaaaaa
Came about by: drawing again
Goes on from: 9q0000000000
Steps: 20
Guidance: 4
Scheduler: DDIMScheduler
Weights: SHA-256 cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd
Picture 1: seed 7 · 512 x 512 · 0.5 s · verify 0000000000000000
Picture 2: seed 8 · 512 x 512 · 0.5 s · verify 0000000000000001
Picture 1 alone: /imagine a cat --seed 7
Picture 2 alone: /imagine a dog --seed 8
Check by rules: passed · 1.0.0+aaaaaaaa
Check of the prompt: passed · by rules only, no classifier is set up · 1.0.0+aaaaaaaa
Check of a picture: passed · unseen, no picture check is set up · 1.0.0+aaaaaaaa
Check of a picture: sent to a moderator · Graphic gore · 1.0.0+aaaaaaaa
<Draw again to compare>\
""")


def test_one_picture_of_several_can_be_asked_for_alone(make_job, make_pictures):
    """Its own variant with its own seed, plain braces and all."""
    job = make_job(parse("{a cat,a \\{dog\\}} --n 2 --hd"))
    pictures = make_pictures(job, ["a cat", "a cat", "a {dog}", "a {dog}"])

    facts = {
        each.name: each.value for each in wording.details(job, pictures, (), load_policy()).fields
    }

    alone = parse(facts["Picture 4 alone"].removeprefix("/imagine "))
    assert alone.variants == ("a {dog}",)
    assert (alone.seed, alone.count, alone.quality) == (10, 1, job.spec.quality)


def test_details_before_there_is_a_picture_tell_what_is_known(make_job, told):
    reply = wording.details(make_job(parse("a cat")), (), (), load_policy())

    assert told(reply) == snapshot("""\
(card, private) Details
/imagine a cat --seed 7
Request: 3k7fq2m9x0ab
Asked by: Ada
Model: easel-small
Policy: easel-pg13 1.0.0+aaaaaaaa
Came about by: a request of its own\
""")
