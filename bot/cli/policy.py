"""`easel policy`: show and check a policy, draft one, try it, put it in force; all on record.

The commands do what `/policy` does in the chat, as this machine's user, who is an admin.
"""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.terminal import Exit, Terminal, in_words

if TYPE_CHECKING:
    from bot.usecases.policy_desk import Desk
    from core.contracts.actors import Actor

app = typer.Typer(help="The community's policy: what is allowed and what is not.")

Community = Annotated[str, typer.Option("--community", help="Whose; without it the local chat's.")]
Channel = Annotated[str, typer.Option("--channel", help="A channel's own part.")]
Organisation = Annotated[
    bool, typer.Option("--organisation", help="What is laid over the file for everybody.")
]
Number = Annotated[str, typer.Argument(help="A version's number; without it the newest.")]
AsJSON = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]


@app.command()
def show() -> None:
    """Show the policy in force in its own words."""
    from bot import wording
    from core.settings import CoreSettings
    from moderation.policy import load_policy

    terminal = Terminal()
    with terminal.guarded():
        policy = load_policy(CoreSettings().policy_file)
        terminal.result(in_words(wording.policy_card(policy)).plain)


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="A policy file.", exists=True, dir_okay=False)],
    *,
    part: Annotated[
        bool, typer.Option("--part", help="It is a part, laid over the policy.")
    ] = False,
) -> None:
    """Check a policy file: every fault with its line, a caret and a hint.

    Exit codes: 0 it may be used, 1 it has faults.
    """
    from core.contracts.policies import Level
    from core.settings import CoreSettings
    from moderation.policy import DEFAULT_POLICY, load_policy
    from moderation.policy_errors import PolicyError
    from moderation.policy_file import effective, file_layer, part_layer

    terminal = Terminal()
    try:
        if part:
            base = file_layer(CoreSettings().policy_file or DEFAULT_POLICY)
            own = part_layer(Level.COMMUNITY, file.name, file.read_text("utf-8"), file.parent)
            policy = effective((base, own)).policy
        else:
            policy = load_policy(file)
    except PolicyError as error:
        terminal.result("\n".join(error.faults))
        raise typer.Exit(Exit.FAULT) from error
    terminal.result(f"{file}: policy {policy.name} {policy.version} may be used.")


@app.command()
def explain(
    path: Annotated[str, typer.Argument(help="Such as categories.gore_graphic.")] = "",
    *,
    community: Community = "",
    channel: Channel = "",
    organisation: Organisation = False,
) -> None:
    """Name each value that holds in a place, and the level that set it."""
    from moderation.policy_explain import explain as explained

    with _desk(Terminal(), community, channel, organisation) as desk:
        for each in explained(desk.effective(), path):
            origin = f"{each.origin.level} {each.origin.name}".strip()
            typer.echo(f"{each.path}: {each.value}  [{origin}]")


@app.command(name="set")
def set_(
    path: Annotated[str, typer.Argument(help="Such as categories.gore_graphic.action.")],
    value: Annotated[str, typer.Argument(help="The value, as YAML.")],
    *,
    community: Community = "",
    channel: Channel = "",
    organisation: Organisation = False,
) -> None:
    """Propose what is in force with one value changed."""
    _do("set", f"{path} {value}", community, channel, organisation)


@app.command()
def lists(
    name: Annotated[str, typer.Argument(help="A list, to see its words.")] = "",
    *,
    community: Community = "",
    channel: Channel = "",
    organisation: Organisation = False,
) -> None:
    """List the lists of words, or the words of one."""
    _do("lists", name, community, channel, organisation)


@app.command()
def propose(
    file: Annotated[Path, typer.Argument(help="A part of a policy.", exists=True, dir_okay=False)],
    *,
    note: Annotated[str, typer.Option("--note", help="What it is for.")] = "",
    community: Community = "",
    channel: Channel = "",
    organisation: Organisation = False,
) -> None:
    """Keep a part of a policy as the next version; nothing comes into force."""
    from bot import wording
    from bot.usecases import policy_drafts

    terminal = Terminal()
    with _desk(terminal, community, channel, organisation) as desk:
        text = file.read_text("utf-8")
        found = policy_drafts.propose(desk, text, note=note, folder=file.parent)
        card = wording.policy_proposed(found.version, found.changes, found.loosens)
        terminal.result(in_words(card).plain)


@app.command(name="import")
def import_(
    file: Annotated[Path, typer.Argument(help="What was exported.", exists=True, dir_okay=False)],
    *,
    community: Community = "",
    channel: Channel = "",
    organisation: Organisation = False,
) -> None:
    """Propose what was exported, here or elsewhere."""
    propose(file, note="imported", community=community, channel=channel, organisation=organisation)


@app.command()
def diff(
    number: Number = "",
    *,
    community: Community = "",
    channel: Channel = "",
    organisation: Organisation = False,
) -> None:
    """Say value by value what a version would change."""
    _do("diff", number, community, channel, organisation)


@app.command(name="test")
def try_out(
    number: Number = "",
    *,
    labelled: Annotated[
        Path | None,
        typer.Option("--labelled", help="JSON lines with `text` and `label`.", dir_okay=False),
    ] = None,
    community: Community = "",
    channel: Channel = "",
    organisation: Organisation = False,
) -> None:
    """Hold a version to its rules' examples, and to a labelled set.

    Exit codes: 0 every example holds, 1 at least one does not.
    """
    from bot import wording
    from bot.usecases import policy_drafts
    from moderation.policy_trial import read_labelled

    terminal = Terminal()
    with _desk(terminal, community, channel, organisation) as desk:
        version = desk.version(number)
        trial = policy_drafts.try_out(desk, version, read_labelled(labelled) if labelled else ())
        terminal.result(in_words(wording.policy_tried(version, trial)).plain)
    raise typer.Exit(Exit.OK if trial.is_passed else Exit.FAULT)


@app.command()
def replay(
    number: Number = "",
    *,
    days: Annotated[int, typer.Option("--days", help="How far back.", min=1, max=400)] = 30,
    as_json: AsJSON = False,
    community: Community = "",
    channel: Channel = "",
    organisation: Organisation = False,
) -> None:
    """Decide what was asked lately again under a version: each decision that would change."""
    from bot import wording
    from bot.usecases import policy_drafts

    terminal = Terminal(as_json=as_json)
    with _desk(terminal, community, channel, organisation) as desk:
        found = policy_drafts.replay_version(desk, desk.version(number), days=days)
        report = found.report
        for each in report.changes:
            terminal.emit(
                "changed",
                job_id=each.job_id,
                decided_at=each.decided_at.isoformat(),
                before=each.before,
                before_category=each.before_category,
                after=each.after.decision,
                after_category=each.after.category,
                source=each.after.source,
            )
        terminal.emit("replayed", requests=report.total, changes=len(report.changes))
        card = wording.policy_replayed(found.version, report, days, found.took_s)
        terminal.result(in_words(card).plain)


@app.command()
def shadow(
    number: Annotated[
        str, typer.Argument(help="A version's number, `off`, or what else is listed.")
    ] = "",
    *,
    community: Community = "",
    channel: Channel = "",
    organisation: Organisation = False,
) -> None:
    """Ask a version beside the policy in force; list where it, a rule or a classifier disagreed."""
    _do("shadow", number, community, channel, organisation)


@app.command()
def activate(
    number: Number = "",
    *,
    community: Community = "",
    channel: Channel = "",
    organisation: Organisation = False,
) -> None:
    """Put a version in force, in every process within seconds."""
    _do("activate", number, community, channel, organisation)


@app.command()
def rollback(
    *, community: Community = "", channel: Channel = "", organisation: Organisation = False
) -> None:
    """Put in force again what was before."""
    _do("rollback", "", community, channel, organisation)


@app.command()
def history(
    *, community: Community = "", channel: Channel = "", organisation: Organisation = False
) -> None:
    """List what was done, by whom and when."""
    _do("history", "", community, channel, organisation)


@app.command()
def export(
    number: Number = "",
    *,
    community: Community = "",
    channel: Channel = "",
    organisation: Organisation = False,
) -> None:
    """Print a version's text, without a number that of the one in force."""
    from core.contracts.policies import PolicyDeed

    with _desk(Terminal(), community, channel, organisation) as desk:
        active = desk.held.active
        version = active if active is not None and not number else desk.version(number)
        desk.record(PolicyDeed.EXPORTED, version, {})
        typer.echo(version.source)


def _do(verb: str, rest: str, community: str, channel: str, organisation: bool) -> None:
    """Do what the chat's command of that name does."""
    from bot.usecases.policy import VERBS

    terminal = Terminal()
    with _desk(terminal, community, channel, organisation) as desk:
        terminal.result(in_words(VERBS[verb][1](desk, rest)).plain)


@contextmanager
def _desk(
    terminal: Terminal,
    community: str,
    channel: str,
    organisation: bool,
) -> "Iterator[Desk]":
    """Sit down at a scope's policy as this machine's user."""
    from bot.bootstrap import build_services
    from bot.usecases.policy_desk import sit_down
    from core.contracts.ids import ChannelId, CommunityId
    from core.contracts.policies import Scope
    from core.settings import CoreSettings, WebSettings

    with terminal.guarded(), build_services(CoreSettings()) as services:
        services.settings.home.mkdir(parents=True, exist_ok=True)
        services.store.migrate()
        name = "" if organisation else community or WebSettings().community
        scope = Scope(
            community_id=CommunityId(name),
            channel_id=ChannelId("" if organisation else channel),
        )
        yield sit_down(services, _operator(name), scope)


def _operator(community: str) -> "Actor":
    from core.contracts.actors import Actor, Role
    from core.contracts.ids import CommunityId, MemberId

    user = getpass.getuser()
    return Actor(
        community_id=CommunityId(community),
        member_id=MemberId(f"cli:{user}"),
        display_name=user,
        role=Role.ADMIN,
    )
