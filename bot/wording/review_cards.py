"""Word the moderators' cards: what an item is, how it stands, and what its buttons say."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.replies import (
    Action,
    Button,
    Choice,
    FieldKind,
    Form,
    FormField,
    MarkedText,
    Reply,
    ReplyField,
    ReplyKind,
    ReplyLink,
    Visibility,
)
from bot.wording.console_queue import KINDS, RULED
from bot.wording.phrases import WORDS_DELETED, joined, lines_of, shortened
from bot.wording.pictures import shown
from bot.wording.takedowns import reaches
from core.contracts.jobs import Picture
from core.contracts.reviews import (
    UNDECIDED,
    ReviewId,
    ReviewItem,
    ReviewKind,
    ReviewState,
    Ruling,
)
from core.contracts.verdicts import Span
from moderation.policy import Policy
from moderation.policy_house import Reason
from moderation.review.acts import NOTE_MOST
from moderation.review.context import Context

CONSOLE = "/console/queue"
"""Where the console shows the queue, below the app's own address."""

TEXT_MOST = 1500
"""Characters of a prompt on a card; the console has the whole of it."""

LEFT_OUT = "[left out]"
"""What stands for words that the policy never quotes."""

_SCORES_MOST = 4
_EFFECTS = {
    (ReviewKind.REPORT, Ruling.APPROVE): "The pictures stay.",
    (ReviewKind.REPORT, Ruling.REJECT): "The pictures were taken down.",
    (ReviewKind.HELD_PICTURE, Ruling.APPROVE): "The pictures were posted.",
    (ReviewKind.HELD_PICTURE, Ruling.REJECT): "The pictures were destroyed.",
}
_EFFECT_OF_WORDS = {Ruling.APPROVE: "The request goes on.", Ruling.REJECT: "It was refused."}

_CLAIM = Button(action=Action.REVIEW_CLAIM, label="Claim")
_RELEASE = Button(action=Action.REVIEW_RELEASE, label="Release")
_APPROVE = Button(action=Action.REVIEW_APPROVE, label="Approve", form=True)
_REJECT = Button(action=Action.REVIEW_REJECT, label="Reject", form=True, is_danger=True)
_ESCALATE = Button(action=Action.REVIEW_ESCALATE, label="Escalate", form=True)
_REVEAL = Button(
    action=Action.REVIEW_REVEAL,
    label="Reveal",
    needs_confirmation="Show these pictures plainly? That you looked is written down.",
    row=1,
)
_UNDO = Button(action=Action.REVIEW_UNDO, label="Undo")
_APPLY = Button(action=Action.REVIEW_APPLY, label="Apply now")
_LABEL = Button(action=Action.REVIEW_LABEL, label="Add to the labelled set")

REVIEW_LABELS = tuple(
    each.label
    for each in (*(_CLAIM, _RELEASE, _APPROVE, _REJECT, _ESCALATE, _REVEAL, _UNDO, _APPLY, _LABEL),)
)
"""What the buttons say, for the page that describes them."""


@dataclass(frozen=True, slots=True)
class Quoted:
    """What a card shows of a prompt."""

    quote: MarkedText | None
    also: tuple[str, ...] = ()
    """What was found beside the part that is marked."""


def review_card(context: Context, policy: Policy, now: datetime, *, is_echoed: bool) -> Reply:
    """Show one item to all moderators, as it stands."""
    item = context.item
    quoted = quoted_of(item.text, context.spans, is_echoed=is_echoed)
    return Reply(
        kind=ReplyKind.CARD,
        title=f"{KINDS[item.kind]} · {_title_of(item.category, policy)}",
        lines=lines_of(_stands(item, policy, now), _said(item)),
        quote=quoted.quote,
        fields=tuple(_fields(context, quoted, now)),
        pictures=tuple(map(shown, context.pictures)) if item.is_live else (),
        buttons=tuple(
            each.model_copy(update={"item": item.item_id}) for each in _buttons(context, now)
        ),
        item=item.item_id,
    )


def privately(card: Reply, item: ReviewItem) -> Reply:
    """Show a card to one person alone, who may also learn from what took effect."""
    is_done = item.state is ReviewState.SETTLED and item.ruling is not None
    buttons = (_LABEL.model_copy(update={"item": item.item_id}),) if is_done else card.buttons
    return card.model_copy(update={"visibility": Visibility.PRIVATE, "buttons": buttons})


def quoted_of(text: str | None, spans: Sequence[Span], *, is_echoed: bool) -> Quoted:
    """Mark what was found in a prompt; where the policy never quotes it, leave it out.

    Where nothing names the words, a classifier having read the whole, the whole is what was found.
    """
    if text is None:
        return Quoted(MarkedText(before="", marked="", after=f"({WORDS_DELETED})"))
    if not is_echoed:
        return Quoted(MarkedText(before="", marked="", after=_without(text, spans)))
    if not spans:
        return Quoted(MarkedText(before="", marked="", after=shortened(text, TEXT_MOST)))
    first = spans[0]
    found = text[first.start : first.end]
    quote = MarkedText(
        before=shortened(text[: first.start], TEXT_MOST),
        marked=found,
        after=shortened(text[first.end :], TEXT_MOST),
    )
    return Quoted(quote, tuple(dict.fromkeys(each.text for each in spans[1:])))


def review_form(
    item: ReviewItem, action: Action, reasons: Mapping[str, Reason], reached: int = 0
) -> Form:
    """Ask for a decision's reason and note, or for an escalation's note.

    Args:
        item: Which item.
        action: The button that opens the form.
        reasons: What may be given as a reason.
        reached: Requests that came from the pictures, and that a rejection may take down too.
    """
    titles = {
        Action.REVIEW_APPROVE: ("Approve it", "Approve"),
        Action.REVIEW_REJECT: ("Reject it", "Reject"),
        Action.REVIEW_ESCALATE: ("Leave it to the admins", "Escalate"),
    }
    title, submit = titles[action]
    choices = tuple(Choice(value=code, label=each.title) for code, each in reasons.items())
    reason = FormField(
        name="reason",
        label="Reason, which its author is told",
        kind=FieldKind.CHOICE,
        choices=choices,
    )
    note = FormField(
        name="note",
        label="Note for the record; its author does not see it",
        is_long=True,
        is_required=False,
        max_length=NOTE_MOST,
    )
    reach = FormField(
        name="reach",
        label="What is taken down",
        kind=FieldKind.CHOICE,
        choices=tuple(Choice(value=key, label=each) for key, each in reaches(reached).items()),
    )
    asked = (*((reason,) if choices else ()), *((reach,) if reached else ()), note)
    return Form(
        title=title,
        fields=asked,
        action=action,
        job_id=item.job_id,
        item=item.item_id,
        submit_label=submit,
    )


def review_none(*, is_paused: bool) -> Reply:
    """Say that there is nothing to decide."""
    line = (
        "You pause: nothing new is offered to you. The console's settings end the pause."
        if is_paused
        else "Nothing waits that you may decide."
    )
    return _private("Nothing for you now", line)


def review_queue(counts: Mapping[tuple[ReviewState, ReviewKind], int]) -> Reply:
    """Count what waits, by kind."""
    waiting = {
        kind: sum(counts.get((state, kind), 0) for state in UNDECIDED) for kind in ReviewKind
    }
    seconds = sum(count for (state, _), count in counts.items() if state is ReviewState.SECOND)
    decided = sum(count for (state, _), count in counts.items() if state is ReviewState.DECIDED)
    fields = [(KINDS[kind], count) for kind, count in waiting.items() if count]
    fields += [("Of these, need a second", seconds)] if seconds else []
    fields += [("Decided, can be undone", decided)] if decided else []
    total = sum(waiting.values())
    reply = _private("The queue", f"{total} {'item waits' if total == 1 else 'items wait'}.")
    return reply.model_copy(
        update={
            "fields": tuple(ReplyField(name=name, value=str(count)) for name, count in fields),
            "links": (ReplyLink(path=CONSOLE, label="Open the console", is_page=True),),
        }
    )


def review_revealed(item_id: ReviewId, pictures: Sequence[Picture]) -> Reply:
    """Show an item's pictures plainly to who asked."""
    line = "That you looked is written down." if pictures else "There are no pictures any more."
    reply = _private("Pictures of the item", line)
    return reply.model_copy(update={"pictures": tuple(map(shown, pictures)), "item": item_id})


def review_labelled() -> Reply:
    """Say that a decision is kept to learn from."""
    return _private("Added", "The labelled set has it now; the policy's evaluation learns from it.")


def _private(title: str, line: str) -> Reply:
    return Reply(
        kind=ReplyKind.CARD, visibility=Visibility.PRIVATE, title=title, lines=lines_of(line)
    )


def _buttons(context: Context, now: datetime) -> Iterator[Button]:
    item = context.item
    if item.state in UNDECIDED:
        yield _CLAIM
        if item.is_claimed(now):
            yield _RELEASE
        yield _APPROVE
        yield _REJECT
        if not item.is_escalated:
            yield _ESCALATE
        if context.pictures:
            yield _REVEAL
        if item.state is ReviewState.SECOND:
            yield _UNDO.model_copy(update={"row": 1})
    elif item.state is ReviewState.DECIDED and not item.is_settling:
        yield _UNDO
        yield _APPLY


def _stands(item: ReviewItem, policy: Policy, now: datetime) -> str:
    """Say how an item stands, in one or two sentences."""
    if item.state in UNDECIDED:
        return " ".join(_waits(item, now))
    ruled = RULED[item.ruling] if item.ruling else ""
    reason = policy.review.reasons.get(item.reason_code)
    why = f": {reason.title.lower()}" if reason else ""
    if item.state is ReviewState.DECIDED:
        until = item.effective_at or now
        seconds = max(round((until - now).total_seconds()), 0)
        how = f"It can be undone for {seconds} s, until {_time(until)}." if seconds else ""
        return f"{item.decided_name} {ruled} it{why}. {how or 'It takes effect now.'}"
    if item.state is ReviewState.SETTLED and item.ruling is not None:
        effect = _EFFECTS.get((item.kind, item.ruling), _EFFECT_OF_WORDS[item.ruling])
        return f"{item.decided_name} {ruled} it{why}. {effect}"
    if item.state is ReviewState.LAPSED:
        return "Nobody decided it in time."
    return "There is nothing left to decide: it was called back or deleted."


def _waits(item: ReviewItem, now: datetime) -> Iterator[str]:
    if item.state is ReviewState.SECOND:
        yield f"{item.first_name} approved it; a second person has to agree."
    elif item.needs_two:
        yield "Approving it takes two people."
    if item.is_escalated:
        yield "It is left to the admins."
    if item.is_claimed(now):
        yield f"{item.claimed_name} is looking at it until {_time(item.claimed_until or now)}."
    else:
        yield "Nobody is looking at it."


def _said(item: ReviewItem) -> str:
    if not item.member_note:
        return ""
    who = "Reported" if item.kind is ReviewKind.REPORT else item.author
    return f"{who}: “{shortened(item.member_note, 300)}”"


def _fields(context: Context, quoted: Quoted, now: datetime) -> Iterator[ReplyField]:
    item = context.item
    past = joined([f"{count} {RULED[ruling]}" for ruling, count in _past(context)])
    scores = (
        [f"{each.category or each.source} {each.score:.2f}" for each in context.deciding.findings]
        if context.deciding
        else []
    )
    late = ", late" if item.is_live and item.due_at < now else ""
    facts = {
        "Severity": item.severity.capitalize(),
        "Due": f"{item.due_at:%d %b} {_time(item.due_at)}{late}",
        "Requester": f"{item.author}; before: {past}" if past else item.author,
        "Reports": str(item.reports) if item.reports else "",
        "Also found": joined([f"“{each}”" for each in quoted.also]),
        "Scores": ", ".join(dict.fromkeys(scores[:_SCORES_MOST])),
        "Policy": item.policy_version,
        "Note": shortened(item.note, 300),
        "Item": item.item_id,
    }
    for name, value in facts.items():
        if value:
            yield ReplyField(name=name, value=value)


def _past(context: Context) -> Iterator[tuple[Ruling, int]]:
    for ruling in Ruling:
        if context.outcomes.get(ruling):
            yield ruling, context.outcomes[ruling]


def _without(text: str, spans: Sequence[Span]) -> str:
    """Write a prompt without what was found in it; nothing of it where nothing is named."""
    if not spans:
        return LEFT_OUT
    left, at = "", 0
    for span in sorted(spans, key=lambda each: each.start):
        if span.start >= at:
            left += text[at : span.start] + LEFT_OUT
        at = max(at, span.end)
    return shortened(left + text[at:], TEXT_MOST)


def _title_of(category: str | None, policy: Policy) -> str:
    if category is None:
        return "no category"
    known = policy.categories.get(category)
    return known.title if known else category


def _time(moment: datetime) -> str:
    return f"{moment:%H:%M:%S} UTC"
