"""Say what Easel can do here, and what the community allows."""

from collections.abc import Sequence

from bot.command_table import Command
from bot.grammar import Flag
from bot.replies import Reply, ReplyField, ReplyKind, Visibility
from bot.wording.phrases import lines_of
from bot.wording.vocabulary import known_things
from core.catalog import ModelProfile
from moderation.policy import MissingCheck, Policy


def help_card(commands: Sequence[Command], flags: Sequence[Flag], profile: ModelProfile) -> Reply:
    """List the commands, the flags, and what the model in force knows."""
    rows = [(command.usage, command.summary) for command in commands]
    rows += [(_usage(flag), _summary(flag)) for flag in flags]
    knows = known_things(profile) if profile.vocabulary else ""
    return Reply(
        kind=ReplyKind.CARD,
        visibility=Visibility.PRIVATE,
        title="How to ask for a picture",
        lines=lines_of(
            "Type /imagine and say what to draw. Flags may follow, in any order.",
            "{red,blue} draws one picture for each choice; red apple::2 sky::1 weighs the parts; "
            "text in quotes is never read as a flag.",
            knows and f"{profile.title or profile.name} is a small model. It knows about {knows}.",
        ),
        fields=tuple(ReplyField(name=name, value=value) for name, value in rows),
    )


def _usage(flag: Flag) -> str:
    aliases = ", ".join(f"--{alias}" for alias in flag.aliases)
    return f"{flag.usage} ({aliases})" if aliases else flag.usage


def _summary(flag: Flag) -> str:
    if not flag.takes:
        return flag.summary
    return f"{flag.summary} Takes {flag.allowed}; without it: {flag.default}."


_UNCHECKED = {
    MissingCheck.RULES_ONLY: "lists and rules alone decide about {what}",
    MissingCheck.REVIEW: "{what} wait for a moderator",
    MissingCheck.BLOCK: "{what} are refused",
}


def policy_card(policy: Policy) -> Reply:
    """Show the policy in the community's own words, and what it cannot see."""
    prompts = _UNCHECKED[policy.classifier_missing].format(what="prompts")
    pictures = _UNCHECKED[policy.image_check_missing].format(what="finished pictures")
    return Reply(
        kind=ReplyKind.CARD,
        visibility=Visibility.PRIVATE,
        title=f"What is allowed here: {policy.title}",
        lines=(
            f"Where no classifier reads for meaning, {prompts}.",
            f"Where no check looks at pixels, {pictures}.",
        ),
        fields=(
            ReplyField(name="Allowed", value=policy.allowed_text.strip()),
            ReplyField(name="Not allowed", value=policy.not_allowed_text.strip()),
            ReplyField(name="Policy", value=f"{policy.name} {policy.version}"),
        ),
    )
