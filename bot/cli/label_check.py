"""`easel label-check`: see what a platform leaves of a label, and what it has changed."""

from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.terminal import Exit, Terminal
from core.contracts.label_checks import CheckedPlatform, FateChange, changes_between
from core.errors import UserError

if TYPE_CHECKING:
    from bot.label_samples import SamplePoster
    from bot.usecases.label_check import LabelChecker
    from core.settings import CoreSettings
    from core.storage import Store

HISTORY_MOST = 60
"""A year of weekly checks."""
_LIBRARIES = frozenset({"aiohttp", "discord", "slack_sdk"})
_EXAMPLES = {
    CheckedPlatform.DISCORD: "discord:290926798626357999",
    CheckedPlatform.SLACK: "slack:C024BE91L",
}


def label_check(
    platform: Annotated[CheckedPlatform, typer.Argument(help="Where the sample is posted.")],
    *,
    channel: Annotated[
        str, typer.Option(help="A channel's id; else that of EASEL_LABEL_CHECK_CHANNELS.")
    ] = "",
    history: Annotated[
        bool, typer.Option("--history", help="List earlier checks; nothing is posted.")
    ] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the sample where it is.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a check.")] = False,
) -> None:
    """Post a labelled sample, fetch it back and say which layers of its label survived.

    The sample is deleted again. Exit codes: 0 as at the last check, 1 something has changed.
    """
    from core.settings import CoreSettings
    from core.telemetry import configure_logging

    terminal = Terminal(as_json=as_json)
    has_changed = False
    with terminal.guarded():
        settings = CoreSettings()
        configure_logging(settings.model_copy(update={"log_level": "WARNING"}), "cli")
        if history:
            _show_history(settings, platform, terminal)
        else:
            has_changed = _check(settings, platform, _poster(platform, channel, keep), terminal)
    raise typer.Exit(Exit.FAULT if has_changed else Exit.OK)


def _poster(platform: CheckedPlatform, channel: str, keep: bool) -> "SamplePoster":
    """Find the front-end's part; its libraries are loaded here, and only here."""
    from bot import wording
    from bot.platform_settings import DiscordSettings, LabelCheckSettings, SlackSettings

    name = wording.platform_title(platform)
    channel = channel or LabelCheckSettings().by_platform.get(platform, "")
    if not channel:
        raise UserError("platform_channel_missing", name=name, example=_EXAMPLES[platform])
    try:
        if platform is CheckedPlatform.DISCORD:
            from bot.discord_app.label_check import DiscordLabelCheck

            return DiscordLabelCheck(DiscordSettings(), channel, keep=keep)
        from bot.slack_app.label_check import SlackLabelCheck

        return SlackLabelCheck(SlackSettings(), channel, keep=keep)
    except ModuleNotFoundError as error:
        if error.name not in _LIBRARIES:
            raise
        raise UserError("platform_extra_missing", name=name, extra=platform.value) from error


def _check(
    settings: "CoreSettings", platform: CheckedPlatform, post: "SamplePoster", terminal: Terminal
) -> bool:
    from bot import wording

    store = _opened(settings)
    try:
        checked = _checker(settings, store).check(platform, post)
    finally:
        store.close()
    check, changes = checked.check, checked.changes
    terminal.emit(
        "label_check",
        **check.model_dump(mode="json"),
        compared_with=checked.before and checked.before.check_id,
        changes=[_as_facts(change) for change in changes],
        is_sample_left=checked.is_left,
    )
    terminal.result("\n".join(wording.label_checked(check, checked.before, changes)))
    if checked.is_left:
        terminal.say(wording.sample_left(platform, check.verify_id))
    return bool(changes)


def _show_history(settings: "CoreSettings", platform: CheckedPlatform, terminal: Terminal) -> None:
    from bot import wording

    store = _opened(settings)
    try:
        with store.reading() as unit:
            checks = unit.label_checks.newest(platform, limit=HISTORY_MOST + 1)
    finally:
        store.close()
    for check, before in zip(checks[:HISTORY_MOST], [*checks[1:], None], strict=False):
        changes = changes_between(before, check) if before else ()
        terminal.emit(
            "past_label_check",
            **check.model_dump(mode="json"),
            changes=[_as_facts(change) for change in changes],
        )
        terminal.result(wording.label_past(check, changes))
    if not checks:
        terminal.say(wording.label_never_checked(platform))


def _as_facts(change: FateChange) -> dict[str, str | None]:
    return {
        "rendition": change.rendition,
        "sign": change.sign and change.sign.value,
        "before": change.before.value,
        "now": change.now.value,
    }


def _opened(settings: "CoreSettings") -> "Store":
    from core.storage import Store

    settings.home.mkdir(parents=True, exist_ok=True)
    store = Store(settings.resolved_database_url)
    store.migrate()
    return store


def _checker(settings: "CoreSettings", store: "Store") -> "LabelChecker":
    from bot.usecases.label_check import LabelChecker
    from core.contracts.base import utc_now
    from core.provenance.building import stamper_of
    from core.provenance.keys import load_anchors
    from core.provenance.mark.marker import load_marker
    from moderation.policy import load_policy

    # First, because it makes what keys there are none of yet.
    stamper = stamper_of(settings)
    marker = load_marker(
        settings.resolved_keys_dir,
        backend=settings.mark_backend,
        weights=settings.mark_weights,
    )
    return LabelChecker(
        store=store,
        clock=utc_now,
        policy=load_policy(settings.policy_file),
        stamper=stamper,
        anchors=load_anchors(settings.resolved_keys_dir, settings.tsa_roots),
        marker=marker,
    )
