"""`easel screen`: ask the whole gate about prompts in a file, one line out for each line in."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from bot.cli.terminal import Terminal

if TYPE_CHECKING:
    from moderation.engine import Gate
    from moderation.screener import Screened

STDIN = Path("-")


def screen(  # noqa: PLR0913 - each is an option.
    *,
    file: Annotated[Path, typer.Option(help="A text file, one prompt a line; `-`: from stdin.")],
    policy: Annotated[
        Path | None, typer.Option(help="A policy file, instead of the one in force.")
    ] = None,
    community: Annotated[
        str | None, typer.Option(help="A community, with what is in force there.")
    ] = None,
    channel: Annotated[str, typer.Option(help="A channel of that community.")] = "",
    age_restricted: Annotated[
        bool, typer.Option("--age-restricted", help="As in an age-restricted channel.")
    ] = False,
    explain: Annotated[
        bool,
        typer.Option("--explain", help="Also mark what the classifier means; many times slower."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a prompt.")] = False,
) -> None:
    """Screen the prompts of a file by policy, rules and classifier, without drawing anything.

    Exit codes: 0 all were screened, whatever was decided; 2 the file or the policy cannot be used;
    4 the classifier cannot be loaded, or the database is away.
    """
    from moderation.screener import Screener

    terminal = Terminal(as_json=as_json)
    if policy is not None and (community is not None or channel):
        raise typer.BadParameter("it is instead of a community's", param_hint="--policy")
    if channel and community is None:
        raise typer.BadParameter("a channel belongs to a --community", param_hint="--channel")
    with terminal.guarded(), _lines_of(file) as lines:
        gate = _gate(policy, community, channel)
        screener = Screener(gate, is_age_restricted=age_restricted, is_located=explain)
        told = (screener.screen(line, number) for number, line in enumerate(lines, start=1))
        _print(told, as_json=as_json)


@contextmanager
def _lines_of(file: Path) -> Iterator[BinaryIO]:
    """Open what is to be read; lines end at line feeds only, whatever else they hold."""
    from core.errors import UserError

    if file == STDIN:
        yield sys.stdin.buffer
        return
    try:
        opened = file.open("rb")
    except OSError as error:
        raise UserError("file_unreadable", value=str(file), reason=error.strerror) from error
    with opened:
        yield opened


def _gate(policy: Path | None, community: str | None, channel: str) -> "Gate":
    """Make the gate that screens for a place as the screening process does.

    Raises:
        PolicyError: the policy has faults.
        Unavailable: the classifier cannot be loaded, or the database is away.
    """
    from core.errors import Unavailable
    from core.settings import CoreSettings, ScreeningSettings
    from moderation.classifiers.loading import load_classifier
    from moderation.classifiers.screen_files import ModelError
    from moderation.engine import Gate
    from moderation.policy import load_policy

    settings, own = CoreSettings(), ScreeningSettings()
    try:
        classifier = load_classifier(own.classifier, own.category_map)
    except ModelError as error:
        raise Unavailable("classifier_failed", reason=str(error)) from error
    # The policy in force is the shipped one where nothing else is set, in any folder.
    gate = Gate(
        load_policy(policy or settings.policy_file), classifier=classifier, timeout_s=own.timeout_s
    )
    return gate if community is None else _in_force(gate, community, channel)


def _in_force(gate: "Gate", community: str, channel: str) -> "Gate":
    from contextlib import closing

    from core.contracts.ids import ChannelId, CommunityId
    from core.settings import CoreSettings
    from core.storage import Store
    from moderation.gates import Gates

    settings = CoreSettings()
    with closing(Store(settings.resolved_database_url)) as store:
        gates = Gates(store, gate, settings.policy_file)
        return gates.of(CommunityId(community), ChannelId(channel))


def _print(told: "Iterable[Screened]", *, as_json: bool) -> None:
    """Print each line as soon as it is known: a pipe may be waiting."""
    out = sys.stdout
    if not as_json:
        out.write(
            f"{'line':>6}  {'decision':<8}  {'category':<26}  {'score':>5}  {'ms':>7}  rules\n"
        )
    for one in told:
        out.write(f"{one.model_dump_json() if as_json else _row(one)}\n")
    out.flush()


def _row(one: "Screened") -> str:
    rules = ", ".join(filter(None, (*one.rules, one.note, one.about)))
    return (
        f"{one.line:>6}  {one.decision.value:<8}  {one.category or '-':<26}  {one.unsafe:>5.2f}  "
        f"{one.ms:>7.2f}  {rules}"
    ).rstrip()
