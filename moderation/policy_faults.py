"""Keep the place of every value of a YAML file, and put pydantic's complaints at those places."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import yaml
from pydantic import BaseModel
from pydantic_core import ErrorDetails

from moderation.policy import (
    Category,
    CategoryChange,
    Examples,
    PairRule,
    PatternRule,
    Policy,
    StandardCodes,
    TermsRule,
    Thresholds,
    Unchecked,
    WordList,
)
from moderation.policy_errors import Fault
from moderation.policy_house import (
    Breaker,
    Deadlines,
    Labelling,
    Reason,
    Retention,
    Reviewing,
    Roles,
    Sanctions,
    Step,
)

Path = tuple[str | int, ...]

_RULE_KINDS: dict[str, type[BaseModel]] = {
    "terms": TermsRule,
    "pattern": PatternRule,
    "pair": PairRule,
}

_TEXT = ("not text", "write text; put numbers, dates and yes/no in quotes")
_TRUTH = ("neither true nor false", "write `true` or `false`")
_NUMBER = ("not a number", "write a number, without quotes or units")
_LIST = ("not a list", "write `[a, b]`, or lines that begin with `- `")
_MAPPING = ("not keys and values", "write `key: value` lines below it, indented")

# What pydantic's kinds of complaint mean to a policy's author: the message and the hint.
_WORDED = {
    "string_type": _TEXT,
    "string_too_short": ("an empty text", "write a few words"),
    "string_pattern_mismatch": (
        "not of the form that is asked for",
        "use lower-case letters and digits; versions look like `1.2.3`",
    ),
    "bool_type": _TRUTH,
    "bool_parsing": _TRUTH,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "int_type": _NUMBER,
    "int_parsing": _NUMBER,
    "int_from_float": ("not a whole number", "leave out the decimals"),
    "tuple_type": _LIST,
    "too_short": ("an empty list", "name at least one"),
    "dict_type": _MAPPING,
    "model_type": _MAPPING,
    "model_attributes_type": _MAPPING,
    "greater_than": ("not above {gt}", "write a larger number"),
    "greater_than_equal": ("below {ge}", "write a larger number"),
    "less_than_equal": ("above {le}", "write a smaller number"),
    "bad_pattern": (
        "not a regular expression: {reason}",
        "re2 has no look-around and no back-references; a literal bracket is `\\(`",
    ),
    "empty_pattern": ("this pattern matches every text", "ask for at least one character"),
    "dead_term": (
        "the term `{term}` could never match",
        "use lower-case ASCII letters, digits, spaces, hyphens; `*` only at the end",
    ),
    "thresholds_reversed": ("`review` is above `block`", "lower `review` or raise `block`"),
    "hours_misplaced": ("`hours` belong to slow and pause", "give `hours` there and nowhere else"),
    "floor_lowered": (
        "`{category}` has a floor that no policy can lower",
        "its rules always block; leave `{key}` out",
    ),
    "ladder_falls": ("each step stands above the one before", "sort the steps by `at`"),
    "ladder_softens": (
        "a step is milder than the one before it",
        "from note over warn, slow and pause to ban, a higher step is never milder",
    ),
}


class Document:
    """One YAML file as plain data, with the place of each key and value by its path."""

    def __init__(self) -> None:
        self.tree: dict[str, Any] = {}  # Untyped until the contract has validated it.
        self.faults: list[Fault] = []
        self._places: dict[Path, yaml.Mark] = {}
        self._values: dict[Path, yaml.Mark] = {}
        self._seen: set[int] = set()

    @classmethod
    def compose(cls, source: str) -> "Document":
        """Parse a file; duplicate keys and aliases become faults.

        Raises:
            yaml.YAMLError: it is not YAML at all, or has no keys at the top.
        """
        document = cls()
        loader = yaml.SafeLoader(source)
        try:
            node = loader.get_single_node()
            if not isinstance(node, yaml.MappingNode):
                raise yaml.MarkedYAMLError(problem="a policy has keys at the top")
            document.tree = document._mapping_of(loader, node, ())
        finally:
            loader.dispose()
        return document

    def mapping(self, *path: str) -> dict[str, Any]:
        """Find the mapping at a path; an empty one where there is none."""
        value: Any = self.tree
        for step in path:
            value = value.get(step) if isinstance(value, dict) else None
        return value if isinstance(value, dict) else {}

    def fault(self, path: Path, message: str, hint: str = "") -> Fault:
        """Make a fault at a key, or at the nearest place above it that exists."""
        while path and path not in self._places:
            path = path[:-1]
        return _fault_at(self._places.get(path), message, hint)

    def value_fault(self, path: Path, message: str, hint: str = "") -> Fault:
        """Make a fault at a value, or at the nearest place above it that exists."""
        mark = self._values.get(path)
        return _fault_at(mark, message, hint) if mark else self.fault(path, message, hint)

    def _value_of(self, loader: yaml.SafeLoader, node: yaml.Node, path: Path) -> Any:
        if id(node) in self._seen:
            self.faults.append(self.fault(path, "aliases are not supported", "write it out"))
            return None
        self._seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            return self._mapping_of(loader, node, path)
        if isinstance(node, yaml.SequenceNode):
            for at, item in enumerate(node.value):
                self._places[*path, at] = item.start_mark
            return [self._value_of(loader, item, (*path, at)) for at, item in enumerate(node.value)]
        return self._scalar_of(loader, node, path)

    def _mapping_of(
        self, loader: yaml.SafeLoader, node: yaml.MappingNode, path: Path
    ) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            here = (*path, key)
            if key in values:
                message = f"the key `{key}` stands here twice"
                self.faults.append(_fault_at(key_node.start_mark, message, "keep one"))
            self._places[here] = key_node.start_mark
            self._values[here] = value_node.start_mark
            values[key] = self._value_of(loader, value_node, here)
        return values

    def _scalar_of(self, loader: yaml.SafeLoader, node: yaml.Node, path: Path) -> Any:
        try:
            return loader.construct_object(node)
        except ValueError:  # For example 2026-02-31, which YAML takes for a date.
            self.faults.append(self.value_fault(path, "not a value", "put it in quotes"))
            return None


def _fault_at(mark: yaml.Mark | None, message: str, hint: str) -> Fault:
    if mark is None:
        return Fault(1, 1, message, hint)
    return Fault(mark.line + 1, mark.column + 1, message, hint)


def faults_of(
    document: Document,
    problems: Sequence[ErrorDetails],
    tree: dict[str, Any] | None = None,
    own: Callable[[Path], Path] | None = None,
) -> Iterator[Fault]:
    """Say pydantic's complaints in a policy author's words, at their places.

    Args:
        document: The text whose places are told.
        problems: The complaints about what was made of it.
        tree: What was made of it, where that is more than the text alone.
        own: Finds the text's own place for a place in the tree.
    """
    paths = [_path_of(problem["loc"]) for problem in problems]
    told = {fault.line for fault in document.faults}
    for problem, path in zip(problems, paths, strict=True):
        # A list whose items are all refused counts as empty: the items' faults say it better.
        is_echo = problem["type"] == "too_short" and any(
            other[: len(path)] == path for other in paths if other != path
        )
        known = _Known(tree or document.tree, path, own(path) if own else path)
        fault = _fault_of(document, problem, known)
        if not is_echo and fault.line not in told:
            yield fault


@dataclass(frozen=True, slots=True)
class _Known:
    """Where a complaint is: in the tree that was looked at, and in the author's text."""

    tree: dict[str, Any]  # Untyped until the contract has validated it.
    path: Path
    place: Path


def _fault_of(document: Document, problem: ErrorDetails, where: _Known) -> Fault:
    kind, context = problem["type"], problem.get("ctx", {})
    path, last = where.place, where.path[-1] if where.path else ""
    match kind:
        case "missing":
            return document.fault(path[:-1], f"missing field `{last}`", f"add `{last}:`")
        case "extra_forbidden":
            known = _fields_at(where.path[:-1], where.tree)
            return document.fault(path, f"unknown key `{last}`", _nearest(str(last), known))
        case "enum" | "literal_error":
            message = f"`{problem['input']}` is not a value of `{last}`"
            return document.value_fault(path, message, f"write {context['expected']}")
        case "union_tag_invalid" | "union_tag_not_found":
            hint = "write `kind:` with 'terms', 'pattern' or 'pair'"
            return document.value_fault((*path, "kind"), "this rule has no known kind", hint)
        case "unknown_reference":
            place = str(context["place"])
            own = document.mapping(place)  # What is the author's own helps, should nothing be near.
            hint = _nearest(str(context["name"]), where.tree.get(place, {}), own or None)
            return document.value_fault(path, problem["msg"], hint)
    message, hint = _WORDED.get(kind, (problem["msg"], ""))
    return document.value_fault(path, message.format(**context), hint.format(**context))


def _path_of(location: Path) -> Path:
    """Drop the kind that pydantic puts into the path of a rule."""
    is_in_rule = location[:1] == ("rules",) and len(location) > 2  # noqa: PLR2004 - rules, 3, kind.
    return (*location[:2], *location[3:]) if is_in_rule else location


_BLOCKS: dict[Path, type[BaseModel]] = {
    ("unchecked",): Unchecked,
    ("roles",): Roles,
    ("review",): Reviewing,
    ("review", "sla_hours"): Deadlines,
    ("sanctions",): Sanctions,
    ("sanctions", "breaker"): Breaker,
    ("retention",): Retention,
    ("label",): Labelling,
}

_EACH: dict[Path, type[BaseModel]] = {("sanctions", "steps"): Step, ("review", "reasons"): Reason}


def _fields_at(path: Path, tree: dict[str, Any]) -> Iterable[str]:
    """List the keys that may stand at a path."""
    match path:
        case ():
            model: type[BaseModel] = Policy
        case _ if path in _BLOCKS:
            model = _BLOCKS[path]
        case _ if path[:-1] in _EACH:
            model = _EACH[path[:-1]]
        case ("categories", _, "codes"):
            model = StandardCodes
        case (*_, "thresholds" | "age_restricted_thresholds"):
            model = Thresholds
        case ("categories", _):
            model = Category
        case ("profiles", _, _):
            model = CategoryChange
        case ("lists", _):
            model = WordList
        case ("rules", _, "examples"):
            model = Examples
        case _:
            model = _RULE_KINDS[tree["rules"][path[-1]]["kind"]]
    return model.model_fields


def _nearest(name: str, known: Iterable[str], listed: Iterable[str] | None = None) -> str:
    close = get_close_matches(name, known, 1)
    return f"did you mean `{close[0]}`?" if close else f"known: {', '.join(listed or known)}"
