"""Hold every row of the audit trail to facts that can stand there for ever: codes and numbers."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PERSONAL = re.compile(r"(^|_)(by|member|author|reporter|name|prompt|text|words|title|note)(_|$)")
"""Names under which a person, or what they wrote, would stand."""

PASSED_ON = {
    ("bot/usecases/policy_desk.py", "facts"),
    ("moderation/review/acts.py", "facts"),
    ("moderation/sanctions.py", "facts"),
}
"""Where a function's own callers name facts; those are dictionaries in the same package."""

CALLS = [
    pytest.param(path, call, id=f"{path.relative_to(ROOT)}:{call.lineno}")
    for package in ("bot", "core", "moderation", "worker")
    for path in sorted((ROOT / package).rglob("*.py"))
    for call in ast.walk(ast.parse(path.read_text("utf-8")))
    if isinstance(call, ast.Call)
    and isinstance(call.func, ast.Attribute)
    and call.func.attr == "add"
    and isinstance(call.func.value, ast.Attribute | ast.Name)
    and re.search(r"(^|[._])audit$", ast.unparse(call.func.value))
    and any(keyword.arg == "facts" for keyword in call.keywords)
]


def dictionaries(path, call):
    """Find each dictionary that the call's facts may be, within its function."""
    [facts] = [keyword.value for keyword in call.keywords if keyword.arg == "facts"]
    if isinstance(facts, ast.Name):
        tree = ast.parse(path.read_text("utf-8"))
        homes = [
            each
            for each in ast.walk(tree)
            if isinstance(each, ast.FunctionDef) and each.lineno <= call.lineno <= each.end_lineno
        ]
        for node in ast.walk(homes[-1]):
            targets = getattr(node, "targets", [getattr(node, "target", None)])
            for target in targets:
                if isinstance(target, ast.Name) and target.id == facts.id:
                    yield node.value
                if isinstance(target, ast.Subscript) and ast.unparse(target.value) == facts.id:
                    yield ast.Dict([target.slice], [node.value])
        return
    yield facts


def names(dictionary, path):
    for key, value in zip(dictionary.keys, dictionary.values, strict=True):
        if key is None:  # `**more`
            more = value.values[0] if isinstance(value, ast.BoolOp) else value
            if isinstance(more, ast.Dict):
                yield from names(more, path)
            else:
                assert (path.relative_to(ROOT).as_posix(), ast.unparse(more)) in PASSED_ON
        else:
            assert isinstance(key, ast.Constant), "a fact's name is written out"
            yield key.value


@pytest.mark.parametrize(("path", "call"), CALLS)
def test_facts_name_no_person_and_no_words(path, call):
    """What stands in the trail outlasts the wish of whoever it is about to be forgotten."""
    found = list(dictionaries(path, call))

    assert found, "facts are written out where they are recorded"
    for each in found:
        if isinstance(each, ast.Name):
            assert (path.relative_to(ROOT).as_posix(), each.id) in PASSED_ON
            continue
        assert isinstance(each, ast.Dict)
        assert [name for name in names(each, path) if PERSONAL.search(name)] == []


def test_there_are_rows_to_look_at():
    """The search above finds the calls that there are."""
    assert len(CALLS) > 5
