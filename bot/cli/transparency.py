"""`easel transparency`: what moderation did in a community, in numbers that name nobody."""

from typing import Annotated

import typer

from bot.cli.office import AsJSON, Community, opened
from bot.cli.terminal import Terminal, in_words


def transparency(
    period: Annotated[str, typer.Argument(help="The last week, month, quarter or year.")] = "month",
    *,
    community: Community = "",
    as_json: AsJSON = False,
) -> None:
    """Show counts by category up to the last midnight, as `/transparency` does."""
    from bot import wording
    from bot.usecases.transparency import counts
    from core.contracts.ids import ChannelId

    terminal = Terminal(as_json=as_json)
    with opened(terminal, community) as (services, operator):
        counted = counts(services, operator.community_id, period)
        policy = services.gates.place(operator.community_id, ChannelId("")).gate.policy
        card = wording.transparency_card(period, counted, policy)
        terminal.emit("transparency", **wording.transparency_facts(counted))
        terminal.result(in_words(card).plain)
