"""Refer to what another part of a policy defines, and refuse a name that nothing there bears."""

from typing import Annotated

from pydantic import AfterValidator, ValidationInfo
from pydantic_core import PydanticCustomError


def _known_category(code: str, info: ValidationInfo) -> str:
    return _known(code, "category", (info.context or {}).get("categories"))


def _known_list(name: str, info: ValidationInfo) -> str:
    return _known(name, "list", (info.context or {}).get("lists"))


def _known(name: str, noun: str, names: frozenset[str] | None) -> str:
    # Without a context (a policy read back from its own JSON) the references were checked before.
    if names is not None and name not in names:
        facts = {
            "noun": noun,
            "name": name,
            "place": "categories" if noun == "category" else "lists",
        }
        raise PydanticCustomError("unknown_reference", "unknown {noun} `{name}`", facts)
    return name


CategoryRef = Annotated[str, AfterValidator(_known_category)]
ListRef = Annotated[str, AfterValidator(_known_list)]
