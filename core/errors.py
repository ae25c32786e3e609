"""Define the errors that Easel raises, once, for every package.

    AppError
      ├─ UserError        expected; its code becomes a sentence in bot/wording.py and is shown
      ├─ Unavailable      a dependency is away for now; the caller may retry
      ├─ IllegalStep      the workflow table has no such row; a race was lost or there is a bug
      └─ NotFound         no record has that id (or the asker may not know that it exists)

Everything else is a bug and propagates.
"""


class AppError(Exception):
    """Carry a stable code and plain facts; prose for people lives in `bot/wording.py`."""

    def __init__(self, code: str, **facts: str | float | list[str] | None) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts

    def __str__(self) -> str:
        """Show the code alone: facts may quote a prompt, and errors reach logs."""
        return self.code

    def __reduce__(self) -> tuple[object, ...]:
        """Keep code and facts across process boundaries."""
        return (_rebuild, (type(self), self.code, self.facts))


class UserError(AppError):
    """Tell the person what to do differently; nothing was changed."""


class Unavailable(AppError):
    """Say that a dependency (broker, database, engine, blob store) is away for now."""


class IllegalStep(AppError):
    """Refuse a step that the workflow table does not have."""


class NotFound(UserError):
    """Say that no record has that id, or that the asker may not know that it exists."""


def _rebuild(
    cls: type[AppError], code: str, facts: dict[str, str | float | list[str] | None]
) -> AppError:
    return cls(code, **facts)
