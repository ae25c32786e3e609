"""Tell a family of pictures: as a tree for who can draw one, and in lines for everybody else."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from bot.replies import Reply, ReplyKind, ReplyPicture, TreeNode, Visibility
from bot.wording.details import action_in_words
from bot.wording.lists import state_in_words
from bot.wording.phrases import WORDS_DELETED, lines_of, shortened
from bot.wording.pictures import labels_of, shown
from core.contracts.ids import VerifyId
from core.contracts.jobs import Job, Picture
from core.workflow import JobState

if TYPE_CHECKING:  # The use case words with this module.
    from bot.usecases.lineage import Kin, Tree

ELSEWHERE = "A picture elsewhere"
"""What stands for a request that is not the viewer's to see here."""

THUMBNAILS = 4
"""Pictures of one request in the tree; a request has rarely more."""

_PROMPT_SHOWN = 60
"""Characters of a prompt: enough to know it by."""

_DRAWN = frozenset({JobState.PUBLISHED, JobState.DELIVERED})
_DEEPEST = 8
"""How far lines are moved in; below, they stand under one another."""


def lineage_card(tree: "Tree") -> Reply:
    """Show a family to one viewer."""
    node = tree_node(tree)
    pictures = tuple(picture for each in _flat(node) for picture in each.pictures)
    label = f"{labels_of(pictures)} · " if pictures else ""
    return Reply(
        kind=ReplyKind.CARD,
        visibility=Visibility.PRIVATE,
        title="Where it comes from and what came of it",
        lines=(f"{label}{_count(tree)}", *tree_lines(node)),
        tree=node,
    )


def tree_node(tree: "Tree") -> TreeNode:
    """Put a laid out family into words."""
    node = _node(tree, tree.top, None)
    more = node.more
    if not tree.is_whole:
        more = "and more than are counted"
    title = f"… {node.title}" if tree.is_cut_above else node.title
    return node.model_copy(update={"more": more, "title": title})


def tree_lines(node: TreeNode, depth: int = 0) -> list[str]:
    """Write a family line by line, what went on from something moved in below it."""
    indent = "\u2003" * min(depth, _DEEPEST)
    mark = "→ " if node.is_here else "· "
    facts = (node.title, node.job_id and f"request {node.job_id}", node.text)
    lines = [f"{indent}{mark}{' · '.join(lines_of(*facts))}"]
    for child in node.children:
        lines += tree_lines(child, depth + 1)
    if node.more:
        lines.append(f"{indent}\u2003{node.more}")
    return lines


def _count(tree: "Tree") -> str:
    if tree.count == 1 and tree.is_whole:
        return "It was made from nothing else, and nothing was made from it yet."
    at_least = "" if tree.is_whole else "at least "
    return f"{at_least}{tree.count:,} requests belong together; an arrow or a frame marks this one."


def _node(tree: "Tree", kin: "Kin", above: "Kin | None") -> TreeNode:
    more = f"and {kin.left_out:,} more" if kin.left_out else ""
    children = tuple(_node(tree, child, kin) for child in kin.children)
    if kin.job is None:
        return TreeNode(title=ELSEWHERE, children=children, more=more)
    return TreeNode(
        title=_title(kin, above),
        text=_text(kin.job, kin.pictures),
        job_id=kin.job.job_id,
        pictures=_thumbnails(tree, kin),
        is_here=kin.is_here,
        children=children,
        more=more,
    )


def _title(kin: "Kin", above: "Kin | None") -> str:
    if kin.job is None:
        return ELSEWHERE
    words = action_in_words(kin.job)
    title = words[:1].upper() + words[1:]
    number = _number(kin.step.picture, above.pictures) if above is not None else None
    return title if number is None else f"{title}, of picture {number}"


def _number(verify_id: VerifyId | None, pictures: Sequence[tuple[Picture, bool]]) -> int | None:
    """Tell which of several pictures it is; of one alone nobody needs to hear it."""
    if len(pictures) < 2:  # noqa: PLR2004 - one needs no number.
        return None
    return next((each.index + 1 for each, _ in pictures if each.verify_id == verify_id), None)


def _text(job: Job, pictures: Sequence[tuple[Picture, bool]]) -> str:
    is_gone = bool(pictures) and not any(stands for _, stands in pictures)
    state = "deleted" if is_gone else None if job.state in _DRAWN else state_in_words(job)
    words = WORDS_DELETED if job.spec.is_forgotten else shortened(job.spec.prompt, _PROMPT_SHOWN)
    author = f"by {job.actor.display_name}" if job.actor.display_name else None
    return " · ".join(lines_of(state, author, f"{job.created_at:%Y-%m-%d %H:%M} UTC", words))


def _thumbnails(tree: "Tree", kin: "Kin") -> tuple[ReplyPicture, ...]:
    """Show what stands and was posted."""
    if kin.job is None or kin.job.state not in _DRAWN:
        return ()
    standing = [picture for picture, stands in kin.pictures if stands]
    return tuple(shown(picture, tree.records) for picture in standing[:THUMBNAILS])


def _flat(node: TreeNode) -> Iterator[TreeNode]:
    yield node
    for child in node.children:
        yield from _flat(child)
