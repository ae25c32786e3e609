"""Link the rows of the audit trail: each one's hash covers the row before it.

People stand in the chain as digests of their id and a random salt. Whoever is erased leaves the
digest in place of their id, and the salt goes: the chain still verifies, and nobody can tell any
more who it was, not even by trying every id there is.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from core.contracts.records import ERASED

BEGINNING = ""
"""The hash before the first row."""

_ENCODE = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
).encode
"""One spelling for one row: made once, since the hot path asks for it three times a request."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in a row: by id and salt, or by the digest that an erasure left."""

    member: str
    salt: str | None

    @property
    def digest(self) -> str:
        """What stands in the chain, whether or not the person was erased since."""
        if self.salt is None:
            return self.member.removeprefix(ERASED)
        return hashlib.sha256(f"{self.salt}{self.member}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Entry:
    """What the chain vouches for of one row."""

    job_id: str | None
    community_id: str | None
    kind: str
    by: Person
    about: Person | None
    facts: Mapping[str, Any]  # Any: what JSON gave back.
    at: datetime

    def hash_after(self, previous: str, audit_no: int) -> str:
        """Compute its hash as the row of that number, after the row with the previous hash."""
        row = {
            "about": None if self.about is None else self.about.digest,
            "at": self.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "audit_no": audit_no,
            "by": self.by.digest,
            "community_id": self.community_id,
            "facts": self.facts,
            "job_id": self.job_id,
            "kind": self.kind,
        }
        return hashlib.sha256(f"{previous}{_ENCODE(row)}".encode()).hexdigest()
