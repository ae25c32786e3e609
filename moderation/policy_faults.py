"""Keep the place of every value of a YAML file, and put pydantic's complaints at those places."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

import yaml
from pydantic import BaseModel
from pydantic_core import ErrorDetails

from moderation.policy import (
    Category,
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

Path = tuple[str | int, ...]

_RULE_KINDS: dict[str, type[BaseModel]] = {
    "terms": TermsRule,
    "pattern": PatternRule,
    "pair": PairRule,
}

_HINTS = {
    "string_type": "write text; put numbers and yes/no in quotes",
    "string_too_short": "write at least a few words",
    "string_pattern_mismatch": "use lower-case letters, digits and hyphens; versions are `1.2.3`",
    "bool_type": "write `true` or `false`",
    "bool_parsing": "write `true` or `false`",
    "float_type": "write a number",
    "float_parsing": "write a number",
    "int_type": "write a whole number",
    "int_parsing": "write a whole number",
    "tuple_type": "write a list: `[a, b]` or lines that begin with `- `",
    "too_short": "name at least one",
    "dict_type": "write keys and values below it, indented",
    "model_type": "write keys and values below it, indented",
    "model_attributes_type": "write keys and values below it, indented",
    "greater_than": "write a larger number",
    "greater_than_equal": "write a larger number",
    "less_than_equal": "write a smaller number",
    "bad_pattern": "re2 has no look-around and no back-references; escape a literal ( as \\(",
    "empty_pattern": "ask for at least one character",
    "dead_term": "use lower-case ASCII letters, digits, spaces, hyphens; `*` only at the end",
    "thresholds_reversed": "lower `review` or raise `block`",
}


class Document:
    """One YAML file as plain data, with the place of each key and value by its path."""

    def __init__(self) -> None:
        self.tree: dict[str, Any] = {}  # Untyped until the contract has validated it.
        self.faults: list[Fault] = []
        self._places: dict[Path, yaml.Mark] = {}
        self._seen: set[int] = set()

    @classmethod
    def compose(cls, source: str) -> "Document":
        """Parse a file; duplicate keys and aliases become faults.

        Raises:
            yaml.YAMLError: it is not YAML at all.
        """
        document = cls()
        loader = yaml.SafeLoader(source)
        try:
            node = loader.get_single_node()
            if isinstance(node, yaml.MappingNode):
                document.tree = document._mapping_of(loader, node, ())
            else:
                document.faults.append(
                    Fault(1, 1, "not a policy: no keys at the top", "see docs/policy.md")
                )
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
        """Make a fault at a path, or at the nearest place above it that exists."""
        while path and path not in self._places:
            path = path[:-1]
        mark = self._places.get(path)
        return Fault(mark.line + 1 if mark else 1, mark.column + 1 if mark else 1, message, hint)

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
                mark = key_node.start_mark
                message = f"the key `{key}` stands here twice"
                self.faults.append(Fault(mark.line + 1, mark.column + 1, message, "keep one"))
            self._places[here] = key_node.start_mark
            values[key] = self._value_of(loader, value_node, here)
        return values

    def _scalar_of(self, loader: yaml.SafeLoader, node: yaml.Node, path: Path) -> Any:
        try:
            return loader.construct_object(node)
        except ValueError:  # For example 2026-02-31, which YAML takes for a date.
            self.faults.append(self.fault(path, "not a value", "put it in quotes"))
            return None


def fault_of(document: Document, problem: ErrorDetails) -> Fault:
    """Say one complaint of pydantic in a policy author's words, at its place."""
    path = _path_of(problem["loc"])
    kind, context = problem["type"], problem.get("ctx", {})
    last = path[-1] if path else ""
    match kind:
        case "missing":
            return document.fault(path[:-1], f"missing field `{last}`", f"add `{last}:`")
        case "extra_forbidden":
            known = _fields_at(path[:-1], document)
            return document.fault(path, f"unknown key `{last}`", _nearest(str(last), known))
        case "enum" | "literal_error":
            hint = f"write {context['expected']}"
            return document.fault(path, f"`{_shown(problem['input'])}` is not a value of it", hint)
        case "union_tag_invalid" | "union_tag_not_found":
            hint = "write `kind:` with 'terms', 'pattern' or 'pair'"
            return document.fault((*path, "kind"), "this rule has no known kind", hint)
        case "unknown_reference":
            known = document.mapping(str(context["place"]))
            return document.fault(path, problem["msg"], _nearest(str(context["name"]), known))
    return document.fault(path, problem["msg"].lower(), _HINTS.get(kind, ""))


def _path_of(location: Path) -> Path:
    """Drop the kind that pydantic puts into the path of a rule."""
    is_in_rule = location[:1] == ("rules",) and len(location) > 2  # noqa: PLR2004 - rules, 3, kind.
    return (*location[:2], *location[3:]) if is_in_rule else location


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _fields_at(path: Path, document: Document) -> Iterable[str]:
    """List the keys that may stand at a path."""
    match path:
        case ():
            model: type[BaseModel] = Policy
        case ("unchecked",):
            model = Unchecked
        case ("categories", _, "codes"):
            model = StandardCodes
        case ("categories", _, "thresholds"):
            model = Thresholds
        case ("categories", _):
            model = Category
        case ("lists", _):
            model = WordList
        case _:
            model = _RULE_KINDS[document.tree["rules"][path[-1]]["kind"]]
    return model.model_fields


def _nearest(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, known, 1)
    return f"did you mean `{close[0]}`?" if close else f"known: {', '.join(known)}"
