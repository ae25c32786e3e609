"""Let the engine's numerics run on a machine that has torch, diffusers and transformers alone.

Of all that Easel needs beside these, the families of `worker.engine` import only pydantic, for
contracts that a measurement merely makes and reads, and structlog, for what they have to report.
Where these are missing, this stands in for them: attribute bags that check nothing, and a log that
goes to the standard error.
"""

import sys
from types import ModuleType
from typing import Any


class Bag:
    """Keep what it is made with, and the defaults of the rest."""

    def __init__(self, **fields: Any) -> None:
        for kind in reversed(type(self).__mro__):
            for name in vars(kind).get("__annotations__", {}):
                if hasattr(kind, name):
                    setattr(self, name, getattr(kind, name))
        self.__dict__.update(fields)


class Adapter:
    """Take part in annotations, and do nothing."""

    def __init__(self, *_: Any) -> None:
        pass

    def __class_getitem__(cls, _: Any) -> type:
        return cls


class Log:
    """Write events where a person who measures sees them."""

    def __getattr__(self, level: str) -> Any:
        return lambda event, **facts: print(level, event, facts, file=sys.stderr)


def stand_in() -> bool:
    """Put the stand-ins where packages are missing; tell whether pydantic was."""
    try:
        import structlog  # noqa: F401 - only whether it is there.
    except ImportError:
        module = ModuleType("structlog")
        vars(module).update(get_logger=Log)
        sys.modules["structlog"] = module
    try:
        import pydantic  # noqa: F401 - only whether it is there.
    except ImportError:
        module = ModuleType("pydantic")
        vars(module).update(
            BaseModel=Bag, TypeAdapter=Adapter, ConfigDict=dict, Field=_field,
            AfterValidator=lambda function: function, ValidationError=ValueError,
        )  # fmt: skip
        sys.modules["pydantic"] = module
        return True
    return False


def _field(default: Any = None, *, default_factory: Any = None, **_: Any) -> Any:
    return default if default_factory is None else default_factory()
