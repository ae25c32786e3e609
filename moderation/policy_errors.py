"""Describe what is wrong with a policy file, where, and what would mend it."""

from dataclasses import dataclass

from core.errors import UserError


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One mistake at one place; lines and columns count from 1."""

    line: int
    column: int
    message: str
    hint: str = ""

    def render(self, file_name: str, lines: list[str]) -> str:
        """Write it as compilers do: place, message, the line, a caret, a hint."""
        shown = f"{file_name}:{self.line}:{self.column}: {self.message}"
        if self.line <= len(lines):
            shown += f"\n    {lines[self.line - 1]}\n    {' ' * (self.column - 1)}^"
        return f"{shown}\n    hint: {self.hint}" if self.hint else shown


class PolicyError(UserError):
    """Refuse a policy file whole; `faults` holds each mistake, rendered, in file order."""

    @property
    def faults(self) -> list[str]:
        """List the rendered faults."""
        faults = self.facts["faults"]
        assert isinstance(faults, list)
        return faults


def refuse(file_name: str, source: str, faults: list[Fault]) -> PolicyError:
    """Make the error for a file with faults, sorted by place."""
    lines = source.splitlines()
    rendered = [fault.render(file_name, lines) for fault in sorted(set(faults))]
    return PolicyError("policy_invalid", file=file_name, faults=rendered)
