"""Store moments, enums and people's text alike on SQLite and Postgres."""

from datetime import UTC, datetime
from enum import Enum
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, Text, TypeDecorator
from sqlalchemy import Enum as EnumType

ROW_NUMBER = BigInteger().with_variant(Integer, "sqlite")
"""A counting key: SQLite counts by itself only in a column declared INTEGER."""


class UTCMoment(TypeDecorator[datetime]):
    """Keep aware times: `timestamptz` on Postgres, ISO text in UTC on SQLite, which has none."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a time without a zone: nobody knows any more what it meant."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the zone back; Postgres answers in the session's own zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


class PeoplesText(TypeDecorator[str]):
    """Keep text that people typed: NUL, which Postgres cannot store, becomes U+FFFD on both."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - the signature is SQLAlchemy's.
        """Replace what cannot be stored."""
        return None if value is None else value.replace("\0", "\ufffd")


def _values(kind: type[Enum]) -> list[Any]:
    return [member.value for member in kind]


ENUM_TEXT = EnumType(Enum, native_enum=False, length=32, values_callable=_values)
"""Enums as their values in plain text, so that a new state needs no migration."""
