"""What a viewer gets to see of a message: escaped, labelled, and with their own buttons only."""

from datetime import UTC, datetime

import pytest

from bot.replies import (
    Action,
    Button,
    MarkedText,
    Reply,
    ReplyField,
    ReplyKind,
    ReplyPicture,
    Visibility,
)
from bot.web_app.render import TINTS, Renderer, initials_of, tint_of, view_of
from core.contracts.actors import Actor, Role
from core.contracts.chat import ChatMessage
from tests.bot.web_app.pages import read

NOW = datetime(2026, 3, 1, 12, 34, tzinfo=UTC)
ANNA = Actor(community_id="local", member_id="web:anna", display_name="Quiet Heron")
BEN = Actor(community_id="local", member_id="web:ben", display_name="Bold Finch")
MODERATOR = Actor(
    community_id="local", member_id="web:mo", display_name="Witty Owl", role=Role.MODERATOR
)
HOSTILE = '<script>alert("x")</script>" onload="x'


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer("local", "general")


def message(reply: Reply | None = None, **facts) -> ChatMessage:
    fields = {
        "key": "job:j1",
        "message_no": 3,
        "revision": 7,
        "community_id": "local",
        "channel_id": "general",
        "audience": None,
        "author": "Easel",
        "author_id": ANNA.member_id,
        "kind": "easel",
        "body": reply.model_dump_json(exclude_defaults=True) if reply else "",
        "job_id": "j1",
        "is_deleted": False,
        "created_at": NOW,
        "updated_at": NOW,
    }
    return ChatMessage.model_validate({**fields, **facts})


def picture(number: int = 1) -> ReplyPicture:
    return ReplyPicture(
        verify_id=f"{number:016x}",
        blob="published/j1/x.png",
        file_name=f"red apple {number}.png",
        media_type="image/png",
        width=512,
        height=512,
        alt_text="A red apple",
        label="AI-generated",
    )


def result(*pictures: ReplyPicture) -> Reply:
    return Reply(
        kind=ReplyKind.RESULT,
        title="Drawn for Quiet Heron",
        lines=("AI-generated · Easel small", "/imagine a red apple --seed 7"),
        pictures=pictures or (picture(),),
        buttons=(
            Button(action=Action.REROLL, label="Draw again"),
            Button(action=Action.DETAILS, label="Details"),
            Button(action=Action.DELETE, label="Delete", needs_confirmation="Really?"),
            Button(action=Action.REPORT, label="Report", needs_confirmation="Report?"),
        ),
        job_id="j1",
    )


def shown(renderer, message, viewer=BEN, **facts):
    return read(renderer.messages([view_of(message, viewer, facts.pop("live", {}), **facts)]))


def labels(element) -> list[str]:
    return [each.text.strip() for each in element.by_class("action")]


@pytest.mark.parametrize(
    ("viewer", "offered"),
    [
        pytest.param(ANNA, ["Draw again", "Details", "Delete"], id="author"),
        pytest.param(BEN, ["Draw again", "Details", "Report"], id="another member"),
        pytest.param(MODERATOR, ["Draw again", "Details", "Delete", "Report"], id="moderator"),
    ],
)
def test_a_result_offers_what_its_viewer_may_do(renderer, viewer, offered):
    """Nobody is offered what would be refused."""
    assert labels(shown(renderer, message(result()), viewer)) == offered


def test_a_picture_has_its_alt_text_its_label_and_its_size(renderer):
    """The label is words to read, and the size keeps the page from jumping."""
    page = shown(renderer, message(result()))

    (image,) = page.by_tag("img")
    assert image.attributes["alt"] == "A red apple"
    assert (image.attributes["width"], image.attributes["height"]) == ("512", "512")
    assert image.attributes["src"] == "/pictures/0000000000000001/red%20apple%201.png"
    assert [each.text.strip() for each in page.by_class("label")] == ["AI-generated"]


def test_the_label_s_words_are_said_once(renderer):
    """Beside the picture, with the model they speak of."""
    page = shown(renderer, message(result()))

    assert page.text.count("AI-generated") == 1
    assert page.by_class("origin")[0].text == "Easel small"
    assert [each.text for each in page.by_class("line")] == ["/imagine a red apple --seed 7"]


def test_several_pictures_share_one_line_of_origin(renderer):
    """Each has its own label, all have one model."""
    page = shown(renderer, message(result(picture(1), picture(2))))

    assert len(page.by_class("label")) == 2
    assert [each.text for each in page.by_class("origin")] == ["Easel small"]


def test_each_of_several_pictures_says_which_it_is(renderer):
    """The number that its buttons have, and its own permutation, as text and never as markup."""
    captions = [f"1 · {HOSTILE}", "2 · a blue apple"]
    several = [
        picture(number).model_copy(update={"caption": caption})
        for number, caption in enumerate(captions, start=1)
    ]

    page = shown(renderer, message(result(*several)))

    assert [each.text for each in page.by_class("caption")] == captions


def test_a_picture_can_be_downloaded_under_its_file_name(renderer):
    """By a link that says so to a screen reader."""
    (link,) = shown(renderer, message(result())).by_class("get")

    assert link.attributes["download"] == "red apple 1.png"
    assert "Download red apple 1.png" in link.text


def test_a_dangerous_button_asks_first(renderer):
    """With the question that the use case words."""
    page = shown(renderer, message(result()), ANNA)

    forms = {each.attributes["action"]: each.attributes for each in page.by_tag("form")}
    assert forms["/jobs/j1/delete"]["hx-confirm"] == "Really?"
    assert forms["/jobs/j1/delete"]["data-yes"] == "Delete"
    assert "hx-confirm" not in forms["/jobs/j1/details"]


def test_pictures_taken_down_are_shown_nowhere(renderer):
    """An older message may still name them."""
    reply = result(picture(1), picture(2))
    gone = frozenset({"0000000000000001"})

    one = shown(renderer, message(reply), gone=gone)
    none = shown(renderer, message(reply), gone=gone | {"0000000000000002"})

    assert [each.attributes["src"][-5:] for each in one.by_tag("img")] == ["2.png"]
    assert none.by_tag("img") == []
    assert labels(none) == []
    assert "taken down" in none.text


def test_nothing_that_people_wrote_becomes_markup(renderer):
    """Prompts, names, alt texts and file names are text wherever they stand."""
    hostile = picture().model_copy(update={"alt_text": HOSTILE, "file_name": HOSTILE})
    reply = Reply(
        kind=ReplyKind.RESULT,
        title=HOSTILE,
        lines=(HOSTILE,),
        quote=MarkedText(before=HOSTILE, marked=HOSTILE, after=HOSTILE),
        fields=(ReplyField(name=HOSTILE, value=HOSTILE),),
        pictures=(hostile,),
        buttons=(Button(action=Action.DELETE, label=HOSTILE, needs_confirmation=HOSTILE),),
        job_id="j1",
    )
    page = shown(renderer, message(reply, author=HOSTILE), ANNA)

    assert page.by_tag("script") == []
    assert page.all(lambda each: any(name.startswith("on") for name in each.attributes)) == []
    assert page.by_tag("img")[0].attributes["alt"] == HOSTILE


def test_what_a_member_typed_is_shown_as_typed(renderer):
    """With its command set apart."""
    said = message(kind="member", author="Quiet Heron", body="/imagine <b>an apple</b>")

    (line,) = shown(renderer, said).by_class("said")

    assert line.text == "/imagine <b>an apple</b>"
    assert line.by_class("command")[0].text == "/imagine"


@pytest.mark.parametrize(
    ("viewer", "badges"),
    [pytest.param(ANNA, ["You"], id="own"), pytest.param(BEN, [], id="another's")],
)
def test_own_messages_are_marked(renderer, viewer, badges):
    """A friendly name that was given is easily forgotten."""
    said = message(kind="member", author="Quiet Heron", body="/help")

    assert [each.text for each in shown(renderer, said, viewer).by_class("badge")] == badges


def test_a_private_answer_says_so_and_can_be_dismissed(renderer):
    """In words, not by colour alone."""
    reply = Reply(kind=ReplyKind.REFUSAL, visibility=Visibility.PRIVATE, title="Not drawn")
    page = shown(renderer, message(reply, key="reply:r1", audience=ANNA.member_id), ANNA)

    assert "Only you can see this" in page.text
    assert page.by_tag("form")[0].attributes["action"] == "/messages/reply:r1/dismiss"
    assert "only you can see this" in page.by_tag("article")[0].attributes["aria-label"]


def test_a_refusal_marks_the_words_it_means(renderer):
    """Among their neighbours, as typed."""
    quote = MarkedText(before="a knife and ", marked="gore", after=" there")
    reply = Reply(kind=ReplyKind.REFUSAL, title="Not drawn", quote=quote)

    page = shown(renderer, message(reply))

    assert page.by_class("quote")[0].text == "a knife and gore there"
    assert page.by_tag("mark")[0].text == "gore"


def test_a_deleted_message_is_an_empty_element_that_says_so(renderer):
    """Pages that show it take it away."""
    (element,) = shown(renderer, message(is_deleted=True)).by_tag("article")

    assert "data-gone" in element.attributes
    assert element.text == ""


def test_a_message_of_another_version_does_not_break_the_page(renderer):
    """It is named unreadable where it stands."""
    page = shown(renderer, message(body='{"kind": "hologram"}'))

    assert "cannot be shown" in page.text


def test_an_element_s_id_is_fit_for_a_selector(renderer):
    """Keys have colons in them."""
    (element,) = shown(renderer, message(result())).by_tag("article")

    assert element.attributes["id"] == "m-job-j1"
    assert (element.attributes["data-no"], element.attributes["data-revision"]) == ("3", "7")


def test_members_keep_their_initials_and_colour():
    """The same everywhere, from the name and the id alone."""
    assert initials_of("Quiet Heron") == "QH"
    assert initials_of("Easel's demo run") == "ED"
    assert initials_of("") == ""
    assert tint_of("web:anna") == tint_of("web:anna")
    assert {tint_of(f"web:{number}") for number in range(200)} == set(range(TINTS))


def test_an_empty_channel_invites(renderer):
    """With three requests to begin with, as buttons."""
    page = read(renderer.page(ANNA, 0, []))

    assert [each.text.strip() for each in page.by_class("example")] == [
        "a red apple on a blue background",
        "a rocket and a cat in space",
        "a panda on the grass",
    ]
    assert "Quiet Heron" in page.by_class("me")[0].text


def test_a_moderator_is_told_that_they_are_one(renderer):
    """Beside the name."""
    assert "Moderator" in read(renderer.page(MODERATOR, 0, [])).by_class("me")[0].text
    assert "Moderator" not in read(renderer.page(ANNA, 0, [])).by_class("me")[0].text
