"""Word the forms that buttons open."""

from bot.replies import Action, FieldKind, Form, FormField
from bot.wording.pictures import shown
from core.contracts.ids import JobId
from core.contracts.jobs import Picture
from core.contracts.registry import ProvenanceRecord

TEXT_MAX = 4000
"""Characters that Discord's form fields take; a longer request is typed as a command."""

APPEAL_MOST = 300
"""Characters of what somebody adds for the moderators: a sentence or two."""

_TITLES = {
    Action.VARY: "Vary this picture",
    Action.VARY_SUBTLE: "Vary this picture a little",
    Action.VARY_STRONG: "Vary this picture a lot",
    Action.REMIX: "Change the request",
    Action.REROLL: "Draw again",
    Action.REWRITE: "A version that would pass",
}


def text_form(text: str, *, action: Action, job_id: JobId, picture: int | None) -> Form:
    """Ask for a changed request."""
    return Form(
        title=_TITLES[action],
        fields=(_text_field(text),),
        action=action,
        job_id=job_id,
        picture=picture,
        submit_label="Draw",
    )


def appeal_form(job_id: JobId) -> Form:
    """Ask what a moderator should know; nothing need be said."""
    return Form(
        title="Ask a moderator",
        fields=(
            FormField(
                name="note",
                label="What did you mean? You may leave this empty.",
                is_long=True,
                is_required=False,
                max_length=APPEAL_MOST,
            ),
        ),
        action=Action.APPEAL,
        job_id=job_id,
        submit_label="Ask a moderator",
    )


def region_form(
    text: str,
    picture: Picture,
    *,
    action: Action,
    job_id: JobId,
    record: ProvenanceRecord | None = None,
) -> Form:
    """Ask what to draw anew, and in which words."""
    return Form(
        title="Vary a region",
        fields=(
            FormField(
                name="mask",
                label="Paint over what is to be drawn anew",
                kind=FieldKind.MASK,
                max_length=32,
            ),
            _text_field(text),
        ),
        action=action,
        job_id=job_id,
        picture=picture.index,
        submit_label="Draw",
        shown=shown(picture, {record.verify_id: record} if record else None),
    )


def _text_field(text: str) -> FormField:
    return FormField(
        name="text",
        label="What to draw, with flags",
        value=text,
        is_long=True,
        max_length=max(TEXT_MAX, len(text)),
    )
