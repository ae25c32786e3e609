"""Say why a request is not drawn, what exactly is meant, and what would pass."""

from bot.replies import MarkedText, Reply, ReplyField, ReplyKind, Visibility
from bot.wording.buttons import APPEAL, REWRITE
from bot.wording.phrases import ended, lines_of
from core.contracts.generation import FORGOTTEN, GenerationSpec
from core.contracts.ids import JobId
from core.contracts.verdicts import RefusalReason, Span

_AROUND = 80
"""Characters shown on either side of the marked words: a line or two."""

_MODEL = "classifier:"
"""How the source of a finding begins that a classifier made."""

_WHERE = {
    "negative": "The words stand after --no.",
    "style": "The words come from the style.",
    "permutation": "The words come together only when the braces are filled in.",
}


def refusal(
    reason: RefusalReason,
    prompt: str,
    job_id: JobId,
    rewrite: GenerationSpec | None = None,
    *,
    may_appeal: bool = False,
) -> Reply:
    """Explain a refusal to its author alone, with the version that would pass, if there is one."""
    reply = refused_words(reason, prompt, "This request was not drawn")
    buttons = (APPEAL,) if may_appeal else ()
    if rewrite is None:
        return reply.model_copy(update={"job_id": job_id, "buttons": buttons})
    proposed = ReplyField(name="A version that would pass", value=rewrite.prompt)
    return reply.model_copy(
        update={
            "job_id": job_id,
            "fields": (proposed, *reply.fields),
            "buttons": (REWRITE, *buttons),
        }
    )


def refused_words(reason: RefusalReason, prompt: str, title: str) -> Reply:
    """Explain why some words are refused, whatever they were meant for, to their author alone."""
    quote = _quote(reason, prompt)
    return Reply(
        kind=ReplyKind.REFUSAL,
        visibility=Visibility.PRIVATE,
        title=title,
        lines=lines_of(
            ended(reason.member_text),
            _WHERE.get(reason.field) if quote else None,
            None if prompt == FORGOTTEN else _by_model(reason),
            f"What would pass: {ended(reason.what_would_pass)}",
            reason.help_text,
        ),
        quote=quote,
        fields=tuple(
            ReplyField(name=name, value=value)
            for name, value in {
                "Category": reason.category_title,
                _source_name(reason): reason.rule.removeprefix("rule:").removeprefix(_MODEL),
                "Policy": f"{reason.policy_name} {reason.policy_version}",
            }.items()
            if value
        ),
    )


def _by_model(reason: RefusalReason) -> str | None:
    """Say that a model, and no word list, came to this, and on what it hangs."""
    if not reason.rule.startswith(_MODEL):
        return None
    if reason.span is None:
        return "A model that reads the whole prompt came to this; no single word decided it."
    words = [f"“{span.text}”" for span in reason.also]
    if not words:
        return "A model that reads the whole prompt came to this; the marked words decided it."
    return (
        "A model that reads the whole prompt came to this; the marked words decided it, "
        f"with {' and '.join(words)}."
    )


def _source_name(reason: RefusalReason) -> str:
    return "Model" if reason.rule.startswith(_MODEL) else "Rule"


def _quote(reason: RefusalReason, prompt: str) -> MarkedText | None:
    """Quote the marked words among their neighbours; never where the policy forbids an echo."""
    if reason.span is None or not reason.is_echoed:
        return None
    if reason.field == "prompt" and _fits(reason.span, prompt):
        return _marked(prompt, reason.span.start, reason.span.end)
    return MarkedText(before="", marked=reason.span.text, after="")


def _fits(span: Span, prompt: str) -> bool:
    return prompt[span.start : span.end] == span.text != ""


def _marked(prompt: str, start: int, end: int) -> MarkedText:
    first, last = max(0, start - _AROUND), end + _AROUND
    return MarkedText(
        before=("…" if first else "") + prompt[first:start],
        marked=prompt[start:end],
        after=prompt[end:last] + ("…" if last < len(prompt) else ""),
    )
