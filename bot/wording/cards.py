"""Say what Easel can do here, and what the community allows."""

from collections.abc import Sequence

from bot.command_table import Command
from bot.grammar import Flag
from bot.replies import Reply, ReplyField, ReplyKind, Visibility
from bot.wording.pages import CHARACTERS_MOST, paged
from bot.wording.phrases import lines_of
from bot.wording.vocabulary import known_things
from core.catalog import ModelProfile
from moderation.policy import MissingCheck, Policy

_HELP = "How to ask for a picture"
_LINES_ROOM = 1500
"""Characters of a help page that its title and paragraphs have, beside the fields: theirs are
under 500, and a model's title comes from the operator."""


def help_card(
    commands: Sequence[Command], flags: Sequence[Flag], profile: ModelProfile, page: int = 1
) -> Reply:
    """Explain a page of what can be typed: first the commands, then the flags."""
    of_commands = paged(
        [ReplyField(name=each.usage, value=each.summary) for each in commands],
        CHARACTERS_MOST - _LINES_ROOM,
    )
    of_flags = paged(
        [ReplyField(name=_usage(each), value=_summary(each)) for each in flags],
        CHARACTERS_MOST - _LINES_ROOM,
    )
    pages = [*of_commands, *of_flags]
    flags_from = len(of_commands) + 1
    if page > len(pages):
        lines = lines_of(f"There is nothing on page {page}. Back to the first: /help")
    elif page == 1:
        lines = lines_of(*_introduction(profile), f"The flags: /help {flags_from}")
    else:
        lines = lines_of(
            "Flags follow the prompt of /imagine, in any order." if page >= flags_from else None,
            f"More: /help {page + 1}" if page < len(pages) else None,
        )
    return Reply(
        kind=ReplyKind.CARD,
        visibility=Visibility.PRIVATE,
        title=_HELP if page == 1 else f"{_HELP}, page {page}",
        lines=lines,
        fields=pages[page - 1] if page <= len(pages) else (),
    )


def _introduction(profile: ModelProfile) -> tuple[str, ...]:
    """Say how a request is written, and what the model in force knows."""
    knows = known_things(profile) if profile.vocabulary else ""
    return lines_of(
        "Type /imagine and say what to draw. Flags may follow, in any order.",
        "{red,blue} draws one picture for each choice; red apple::2 sky::1 weighs the parts; "
        "text in quotes is never read as a flag.",
        knows and f"{profile.title or profile.name} is a small model. It knows about {knows}.",
    )


def _usage(flag: Flag) -> str:
    aliases = ", ".join(f"--{alias}" for alias in flag.aliases)
    return f"{flag.usage} ({aliases})" if aliases else flag.usage


def _summary(flag: Flag) -> str:
    if not flag.takes:
        return flag.summary
    return f"{flag.summary} Values: {flag.allowed}; without it: {flag.default}."


_PROMPTS_UNREAD = {
    MissingCheck.RULES_ONLY: "only word lists and rules decide; nothing reads a prompt's meaning",
    MissingCheck.REVIEW: "every prompt waits for a moderator",
    MissingCheck.BLOCK: "every prompt is refused",
}
_PICTURES_UNSEEN = {
    MissingCheck.RULES_ONLY: "finished pictures are shown without anything having looked at them",
    MissingCheck.REVIEW: "every finished picture waits for a moderator",
    MissingCheck.BLOCK: "no picture is shown",
}
"""What the absence of a check means in each setting: said plainly, because people rely on it."""


def policy_card(policy: Policy) -> Reply:
    """Show the policy in the community's own words, and what it cannot see."""
    prompts = _PROMPTS_UNREAD[policy.classifier_missing]
    pictures = _PICTURES_UNSEEN[policy.image_check_missing]
    return Reply(
        kind=ReplyKind.CARD,
        visibility=Visibility.PRIVATE,
        title=f"What is allowed here: {policy.title}",
        lines=(
            f"Where no classifier is set up, {prompts}.",
            f"Where no picture check is set up, {pictures}.",
        ),
        fields=(
            ReplyField(name="Allowed", value=policy.allowed_text.strip()),
            ReplyField(name="Not allowed", value=policy.not_allowed_text.strip()),
            ReplyField(name="Policy", value=f"{policy.name} {policy.version}"),
        ),
    )
