"""Keep pictures that were taken down out of family trees that were drawn before."""

from bot.replies import TreeNode
from core.contracts.ids import VerifyId


def standing(node: TreeNode | None, gone: frozenset[VerifyId]) -> TreeNode | None:
    """Leave out of a tree the pictures that are gone."""
    if node is None or not gone:
        return node
    children = (standing(child, gone) for child in node.children)
    left = {
        "pictures": tuple(each for each in node.pictures if each.verify_id not in gone),
        "children": tuple(child for child in children if child is not None),
    }
    return node.model_copy(update=left)
