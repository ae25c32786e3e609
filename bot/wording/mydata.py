"""Tell a member what is kept of them, hand it over, and say what goes and what stays and why."""

from bot.replies import Button, Reply, ReplyField, ReplyKind, ReplyLink, Visibility
from bot.wording.buttons import ERASE
from bot.wording.phrases import lines_of
from core.contracts.ids import DraftId
from core.contracts.mydata import Erased, Holdings

WORDS = {
    "export": "Everything that is kept of you, in one file.",
    "delete": "See what would go and what stays, then decide.",
}
"""What each word after /mydata does, for autocomplete and for the docs."""

_IN_THE_RECORD = (
    "The record of what was done stays, because it is chained and shows that nobody changed it. In "
    "it you become a random digest that leads back to nobody."
)
_IN_NUMBERS = (
    "How many requests there were, when, and how they were decided stays as numbers, without your "
    "name and your words."
)
_OF_OTHERS = "What others asked for stays theirs, also where they went on from a picture of yours."
_OUT_OF_REACH = (
    "Copies that people saved are out of reach, and back-ups go when the operator's time for them "
    "is over."
)


def mydata_card(kept: Holdings) -> Reply:
    """Say what is kept of a member, and what they can do about it."""
    return _card(
        "Your data",
        "/mydata export hands you all of it in one file. /mydata delete shows what would go, and "
        "asks before it deletes anything.",
        _on_hold(kept),
        fields=_fields(kept),
    )


def mydata_link(token: str) -> Reply:
    """Hand a member the link to all that is kept of them."""
    return _card(
        "Your data in one file",
        "The link opens for you alone, in this browser, for fifteen minutes. Whoever has the file "
        "has your requests and pictures: keep it where others do not look.",
        links=(ReplyLink(path=f"/mydata/{token}", label="Download easel-data.zip"),),
    )


def mydata_question(kept: Holdings, asked: DraftId) -> Reply:
    """Say what would go and what would stay, before anything goes."""
    if kept.is_on_hold:
        return _card("Your data must stay", _on_hold(kept), fields=_fields(kept))
    return _card(
        "Delete all your data?",
        "This cannot be undone. Deleted for good: your requests and their words, your pictures for "
        "everybody, what you uploaded, your messages and Easel's answers to them, styles, "
        "favourites, settings, consents, and what the checks read of your requests.",
        _calls_back(kept),
        *_stays(kept),
        fields=_fields(kept),
        buttons=(ERASE.model_copy(update={"draft": asked}),),
    )


def mydata_erased(done: Erased) -> Reply:
    """Say what went, and once more what stays."""
    if done.stays.is_on_hold:
        return _card("Nothing was deleted", _on_hold(done.stays))
    went = f"{done.requests:,} requests and {done.files:,} files went; {done.rows:,} rows in all."
    return _card("Your data is deleted", went, *_stays(done.stays))


def mydata_question_in_words(kept: Holdings) -> str:
    """Word the question for a terminal."""
    reply = mydata_question(kept, DraftId("terminal"))
    facts = (f"  {field.name}: {field.value}" for field in reply.fields)
    return "\n".join((reply.title, *reply.lines, *facts))


def _stays(kept: Holdings) -> tuple[str, ...]:
    return (*_exceptions(kept), _IN_THE_RECORD, _IN_NUMBERS, _OF_OTHERS, _OUT_OF_REACH)


def _exceptions(kept: Holdings) -> tuple[str, ...]:
    return lines_of(
        f"A legal hold names {kept.held_requests:,} of your requests: they stay whole, with your "
        "name, until it is lifted."
        if kept.held_requests
        else None,
        f"{kept.live_sanctions:,} of your sanctions are in force and stay with your id until they "
        "end. Ask once more then."
        if kept.live_sanctions
        else None,
        f"{kept.open_decisions:,} decisions of moderators have yet to take effect and stay until "
        "then. Ask once more after that."
        if kept.open_decisions
        else None,
    )


def _on_hold(kept: Holdings) -> str | None:
    if not kept.is_on_hold:
        return None
    return (
        "A legal hold names you: whoever runs this Easel must keep everything that is kept of you, "
        "and nothing of it is deleted until the hold is lifted."
    )


def _calls_back(kept: Holdings) -> str | None:
    if not kept.under_way:
        return None
    return f"{kept.under_way:,} requests of yours that are under way are called back."


def _fields(kept: Holdings) -> tuple[ReplyField, ...]:
    counted = {
        "Requests": kept.requests,
        "Pictures": kept.pictures,
        "Uploads": kept.uploads,
        "Messages": kept.messages,
    }
    return tuple(ReplyField(name=name, value=f"{count:,}") for name, count in counted.items())


def _card(
    title: str,
    *lines: str | None,
    fields: tuple[ReplyField, ...] = (),
    buttons: tuple[Button, ...] = (),
    links: tuple[ReplyLink, ...] = (),
) -> Reply:
    return Reply(
        kind=ReplyKind.CARD,
        visibility=Visibility.PRIVATE,
        title=title,
        lines=lines_of(*lines),
        fields=fields,
        buttons=buttons,
        links=links,
    )
