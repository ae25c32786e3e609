"""The record leaves the house by an admin alone, and says so itself."""

import json

import pytest

from bot.usecases import auditing
from core.contracts.actors import Role
from core.errors import UserError


@pytest.fixture
def eve(moderator):
    return moderator.model_copy(update={"member_id": "web:eve", "role": Role.ADMIN})


def kinds(services):
    with services.store.reading() as unit:
        return [row.kind for row in unit.audit.page("local")]


@pytest.mark.parametrize("role", [Role.MEMBER, Role.MODERATOR])
def test_nobody_else_gets_it_and_nothing_is_written(services, eve, role):
    with pytest.raises(UserError, match="not_permitted"):
        auditing.export(
            services, eve.model_copy(update={"role": role}), community_id=eve.community_id
        )

    assert kinds(services) == []


def test_an_export_that_nobody_reads_is_on_record_all_the_same(services, eve):
    lines = auditing.export(services, eve, community_id=eve.community_id)

    assert kinds(services) == ["audit_exported"]
    (row,) = map(json.loads, lines)
    assert (row["kind"], row["by"]) == ("audit_exported", "web:eve")
    assert len(row["by_sha256"]) == 64
