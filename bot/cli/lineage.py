"""`easel lineage`: draw the family of a request or a picture."""

from typing import Annotated

import typer

from bot.cli.office import Community, opened
from bot.cli.terminal import Terminal


def lineage(
    id_: Annotated[
        str, typer.Argument(metavar="ID", help="A request's id, or the verify id of a picture.")
    ],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="The tree as one JSON object.")] = False,
    community: Community = "",
) -> None:
    """Say what a picture goes back to and what went on from it, whoever asked for it.

    Exit codes: 0 done, 2 no such request or picture here.
    """
    from bot import wording
    from bot.usecases import lineage as families

    terminal = Terminal(as_json=as_json)
    with opened(terminal, community) as (services, operator):
        tree = families.whole_tree(services, operator, id_.strip().lower())
        node = wording.tree_node(tree)
        facts = node.model_dump(mode="json", exclude_defaults=True)
        counted = {"requests": tree.count, "is_whole": tree.is_whole}
        terminal.emit("lineage", **counted, is_cut_above=tree.is_cut_above, tree=facts)
        terminal.result("\n".join(wording.tree_lines(node)))
