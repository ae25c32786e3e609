"""Read a policy from its texts: YAML with positions, term files, the floor, every fault at once.

`read_policy` reads one file, `effective` a file with the parts that communities and channels lay
over it. Faults are told in the last text: those below it were checked when they were the last.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import ValidationError

from core.contracts.policies import Level
from moderation.policy import CATEGORY_CODES, SHIPPED_POLICIES, Floor, Policy
from moderation.policy_checks import faults_in_part, faults_in_whole
from moderation.policy_errors import Fault, refuse
from moderation.policy_faults import Document, faults_of
from moderation.policy_floor import floor_faults, read_floor
from moderation.policy_levels import (
    FLOOR,
    UNSAID,
    Layer,
    Origin,
    Tree,
    laid_over,
    said_in,
    with_profile,
)
from moderation.policy_levels import Path as Place
from moderation.policy_places import place_in
from moderation.term_files import read_terms


@dataclass(frozen=True, slots=True)
class Effective:
    """A policy as it holds in one place, and which layer said each of its values."""

    policy: Policy
    origins: Mapping[Place, Origin]

    def origin(self, place: Place) -> Origin:
        """Find who said a value: the layer that named it, or something that it stands in."""
        while place:
            if place in self.origins:
                return self.origins[place]
            place = place[:-1]
        return UNSAID


def read_policy(path: Path) -> Policy:
    """Read one policy file together with the floor.

    Raises:
        PolicyError: with every fault of the file.
    """
    return effective((file_layer(path),)).policy


def file_layer(path: Path) -> Layer:
    """Read a whole policy's file and the term files that it names.

    Raises:
        PolicyError: it cannot be read, or is no YAML.
    """
    source = _text_of(path)
    files = term_files_of(_compose(path.name, source), path.parent)
    return Layer(Level.ORGANISATION, path.name, source, files)


def part_layer(level: Level, name: str, source: str, folder: Path | None = None) -> Layer:
    """Make a layer of a part's text; its term files are the shipped ones and those of a folder.

    Raises:
        PolicyError: it is no YAML.
    """
    return Layer(level, name, source, term_files_of(_compose(name, source), folder))


def effective(layers: Sequence[Layer]) -> Effective:
    """Put a whole policy and the parts over it together.

    Raises:
        PolicyError: with every fault of the last layer.
    """
    floor = read_floor()
    whole, *parts = [(layer, _compose(layer.name, layer.source)) for layer in layers]
    tree: Tree = {**whole[1].tree, "lists": _floors_lists(floor) | _lists_of(*whole)}
    below = tree
    for layer, document in parts:
        below = tree
        part = {**document.tree}
        if "lists" in part:
            part["lists"] = _lists_of(layer, document)
        tree = laid_over(below, part)
    layer, document = parts[-1] if parts else whole
    faults = [
        *document.faults,
        *floor_faults(document, floor, is_whole=not parts),
        *_file_faults(document, layer),
        *(faults_in_part(document, below, floor) if parts else faults_in_whole(document)),
    ]
    tree = with_profile(_of_the_taxonomy(tree))
    policy = None
    try:
        policy = Policy.model_validate(tree, context=_names(tree))
    except ValidationError as error:
        place = place_in(document, tree) if parts else None
        faults += faults_of(document, error.errors(), tree, place)
    if faults or policy is None:
        raise refuse(layer.name, layer.source, faults)
    finished = policy.model_copy(update={"rules": (*floor.rules, *policy.rules)})
    version = f"{policy.version}+{_digest(finished)}"
    return Effective(
        finished.model_copy(update={"version": version}),
        _origins(floor, [(layer, document.tree) for layer, document in (whole, *parts)], tree),
    )


def term_files_of(document: Document, folder: Path | None) -> dict[str, tuple[str, ...]]:
    """Read the term files that a text names: beside it, or shipped under that name."""
    names = {
        entry["file"]
        for entry in document.mapping("lists").values()
        if isinstance(entry, dict) and isinstance(entry.get("file"), str)
    }
    folders = [SHIPPED_POLICIES] if folder is None else [folder, SHIPPED_POLICIES]
    found: dict[str, tuple[str, ...]] = {}
    for name in sorted(names):
        # Parts come from people's chats: nothing outside of the folders is ever read for them.
        paths = [each / name for each in folders if folder is not None or _is_inside(each, name)]
        path = next((path for path in paths if path.is_file()), None)
        if path is not None:
            found[name] = tuple(read_terms(path))
    return found


def _is_inside(folder: Path, name: str) -> bool:
    return (folder / name).resolve().is_relative_to(folder.resolve())


def _text_of(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fault = Fault(1, 1, f"cannot be read: {type(error).__name__}", "name a UTF-8 text file")
        raise refuse(path.name, "", [fault]) from error


def _compose(file_name: str, source: str) -> Document:
    try:
        return Document.compose(source)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        fault = Fault(
            *place, f"not a policy: {error.problem}", "check indentation, quotes and colons"
        )
        raise refuse(file_name, source, [fault]) from error
    except yaml.YAMLError as error:
        fault = Fault(
            1, 1, "not a policy: it holds a control character", "save the file as plain text"
        )
        raise refuse(file_name, source, [fault]) from error


def _of_the_taxonomy(tree: Tree) -> Tree:
    """Leave out categories that are reported as unknown: what they lack matters to nobody."""
    categories = tree.get("categories")
    if not isinstance(categories, dict):
        return tree
    known = {code: each for code, each in categories.items() if code in CATEGORY_CODES}
    return {**tree, "categories": known}


def _names(tree: Tree) -> dict[str, frozenset[str]]:
    """List what references in a policy may name, for the contract's validators."""
    lists = tree.get("lists")
    names = frozenset(lists) if isinstance(lists, dict) else frozenset()
    return {"categories": frozenset(CATEGORY_CODES), "lists": names}


def _floors_lists(floor: Floor) -> Tree:
    return {name: words.model_dump() for name, words in floor.lists.items()}


def _lists_of(layer: Layer, document: Document) -> Tree:
    """Put the terms of files into a text's lists."""
    lists: Tree = {}
    for name, entry in document.mapping("lists").items():
        terms = layer.files.get(str(entry.get("file"))) if isinstance(entry, dict) else None
        inline = entry.get("terms") if isinstance(entry, dict) else None
        if terms is not None and isinstance(inline, list | None):
            lists[name] = {**entry, "terms": [*terms, *(inline or [])]}
        else:
            lists[name] = entry
    return lists


def _file_faults(document: Document, layer: Layer) -> list[Fault]:
    lists = document.tree.get("lists", {})
    if not isinstance(lists, dict):
        hint = "write `name: {terms: [a, b]}`"
        return [document.fault(("lists",), "`lists` is not a mapping", hint)]
    faults = []
    for name, entry in lists.items():
        named = entry.get("file") if isinstance(entry, dict) else None
        if isinstance(named, str) and named not in layer.files:
            fault = document.value_fault(
                ("lists", name, "file"),
                f"no such term file: `{named}`",
                "paths count from this file, or name a shipped list: `lists/explicit.txt`",
            )
            faults.append(fault)
    return faults


def _origins(floor: Floor, layers: Sequence[tuple[Layer, Tree]], tree: Tree) -> dict[Place, Origin]:
    """Note who said each value last; a profile's changes are said by who chose the profile."""
    origins: dict[Place, Origin] = {("lists", name): FLOOR for name in floor.lists}
    origins |= {("rules", rule.id): FLOOR for rule in floor.rules}
    for layer, part in layers:
        origin = Origin(layer.level.value, layer.name)
        origins |= dict.fromkeys(said_in(part), origin)
    chosen = origins.get(("profile",))
    profile = tree.get("profiles", {}).get(tree.get("profile"), {})
    if chosen is not None:
        through = Origin(chosen.level, f"profile {tree['profile']} in {chosen.name}")
        said = said_in({"categories": profile})
        origins |= dict.fromkeys(said, through)
    return origins


def _digest(policy: Policy) -> str:
    """Hash the whole content, term files and floor included: 32 bits tell versions apart."""
    return hashlib.sha256(policy.model_dump_json().encode()).hexdigest()[:8]
