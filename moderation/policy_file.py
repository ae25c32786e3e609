"""Read a policy file: YAML with positions, term files, the floor, and every fault at once."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from moderation.policy import CATEGORY_CODES, SHIPPED_POLICIES, Floor, Policy
from moderation.policy_errors import Fault, refuse
from moderation.policy_faults import Document, faults_of
from moderation.policy_floor import floor_faults, read_floor
from moderation.term_files import read_terms

# Parsed YAML is untyped until the contract has validated it, hence Any in this module.
Tree = dict[str, Any]


def read_policy(path: Path) -> Policy:
    """Read one policy file together with the floor.

    Raises:
        PolicyError: with every fault of the file.
    """
    source = _text_of(path)
    document = _compose(path.name, source)
    floor = read_floor()
    faults = [
        *document.faults,
        *floor_faults(document, floor),
        *_file_faults(document, path.parent),
        *_category_faults(document),
        *_version_faults(document),
        *_repeated_ids(document),
    ]
    tree = {**document.tree, "lists": _whole_lists(document, floor, path.parent)}
    try:
        policy = Policy.model_validate(tree, context=_names(tree))
    except ValidationError as error:
        faults += faults_of(document, error.errors())
    if faults:
        raise refuse(path.name, source, faults)
    whole = policy.model_copy(update={"rules": (*floor.rules, *policy.rules)})
    return whole.model_copy(update={"version": f"{policy.version}+{_digest(whole)}"})


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


def _names(tree: Tree) -> dict[str, frozenset[str]]:
    """List what references in a policy may name, for the contract's validators."""
    return {"categories": frozenset(CATEGORY_CODES), "lists": frozenset(tree["lists"])}


def _whole_lists(document: Document, floor: Floor, folder: Path) -> Tree:
    """Put the terms of files into the policy's lists, and the floor's lists beside them."""
    lists: Tree = {name: words.model_dump() for name, words in floor.lists.items()}
    for name, entry in document.mapping("lists").items():
        path = _term_file(entry, folder)
        inline = entry.get("terms") if isinstance(entry, dict) else None
        if path is not None and isinstance(inline, list | None):
            lists[name] = {**entry, "terms": [*read_terms(path), *(inline or [])]}
        else:
            lists[name] = entry
    return lists


def _term_file(entry: object, folder: Path) -> Path | None:
    """Find a list's file: beside the policy, or the shipped one of that name."""
    name = entry.get("file") if isinstance(entry, dict) else None
    if not isinstance(name, str):
        return None
    paths = (folder / name, SHIPPED_POLICIES / name)
    return next((path for path in paths if path.is_file()), None)


def _file_faults(document: Document, folder: Path) -> Iterator[Fault]:
    lists = document.tree.get("lists", {})
    if not isinstance(lists, dict):
        yield document.fault(
            ("lists",), "`lists` is not a mapping", "write `name: {terms: [a, b]}`"
        )
        return
    for name, entry in lists.items():
        named = entry.get("file") if isinstance(entry, dict) else None
        if isinstance(named, str) and _term_file(entry, folder) is None:
            yield document.value_fault(
                ("lists", name, "file"),
                f"no such term file: `{named}`",
                "paths count from this file, or name a shipped list: `lists/explicit.txt`",
            )


def _category_faults(document: Document) -> Iterator[Fault]:
    """Hold the policy to the taxonomy: all sixteen categories and no other."""
    if not isinstance(document.tree.get("categories"), dict):
        return  # The contract says so.
    categories = document.mapping("categories")
    for code in categories:
        if code not in CATEGORY_CODES:
            close = get_close_matches(code, CATEGORY_CODES, 1)
            hint = f"did you mean `{close[0]}`?" if close else "docs/policy.md lists the sixteen"
            yield document.fault(("categories", code), f"unknown category `{code}`", hint)
    for code in CATEGORY_CODES:
        if code not in categories:
            hint = "word all sixteen; `action: allow` turns most of them off"
            yield document.fault(("categories",), f"missing category `{code}`", hint)


def _version_faults(document: Document) -> Iterator[Fault]:
    if "+" in str(document.tree.get("version", "")):
        hint = "write `1.2.3`; the hash of the content is added at load"
        yield document.value_fault(("version",), "a version with a suffix", hint)


def _repeated_ids(document: Document) -> Iterator[Fault]:
    rules = document.tree.get("rules")
    listed = rules if isinstance(rules, list) else []
    ids = [rule.get("id") if isinstance(rule, dict) else None for rule in listed]
    counts = Counter(map(str, ids))
    for at, rule_id in enumerate(ids):
        if rule_id is not None and counts[str(rule_id)] > 1:
            message = f"the rule id `{rule_id}` stands here more than once"
            yield document.value_fault(
                ("rules", at, "id"), message, "verdicts name rules by their id"
            )


def _digest(policy: Policy) -> str:
    """Hash the whole content, term files and floor included: 32 bits tell versions apart."""
    return hashlib.sha256(policy.model_dump_json().encode()).hexdigest()[:8]
