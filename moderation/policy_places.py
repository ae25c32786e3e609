"""Find where a part of a policy says what is wrong in the whole that it was merged into."""

from collections.abc import Callable

from moderation.policy_faults import Document, Path
from moderation.policy_levels import ADD, Tree, id_of

_RULE_DEPTH = 2
"""`rules` and the place of one."""
_TERM_DEPTH = 4
"""`lists`, a name, `terms` and the place of one."""


def place_in(document: Document, tree: Tree) -> Callable[[Path], Path]:
    """Make a function from places in the merged tree to places in the part's own text."""

    def own(path: Path) -> Path:
        if path[:1] == ("rules",) and len(path) >= _RULE_DEPTH:
            at = _own_rule(document, tree, path[1])
            return () if at is None else ("rules", at, *path[_RULE_DEPTH:])
        if path[:1] == ("lists",) and len(path) >= _TERM_DEPTH and path[2] == "terms":
            return _own_term(document, tree, path)
        return path

    return own


def _own_rule(document: Document, tree: Tree, at: str | int) -> int | None:
    rules = document.tree.get("rules")
    merged = tree["rules"][at] if isinstance(at, int) else None
    if not isinstance(rules, list):
        return None
    for own, rule in enumerate(rules):
        if rule is merged or (id_of(rule) is not None and id_of(rule) == id_of(merged)):
            return own
    return None


def _own_term(document: Document, tree: Tree, path: Path) -> Path:
    """Terms of `add` stand at the end of the merged list."""
    name, at = path[1], path[3]
    added = document.mapping("lists", str(name)).get(ADD)
    terms = tree["lists"][name]["terms"]
    if isinstance(added, list) and isinstance(at, int):
        first = len(terms) - len(added)
        if at >= first:
            return ("lists", name, ADD, at - first)
    return path
