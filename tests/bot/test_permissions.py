"""Who may do what to whose job."""

import pytest

from bot import permissions
from bot.permissions import Deed
from bot.usecases import imagine
from core.contracts.actors import Role
from core.errors import NotFound, UserError
from core.workflow import JobState, Outcome
from tests.bot.road import advance, publish, queue_up


@pytest.fixture
def job_id(services, ada, address):
    return imagine.submit(services, ada, "a red apple", address).job_id


def find(services, actor, job_id):
    with services.store.reading() as unit:
        return permissions.visible_job(unit, actor, job_id)


@pytest.mark.parametrize("deed", list(Deed), ids=lambda deed: deed.value)
def test_every_deed_has_a_least_role_and_an_admin_may_do_all(deed, ada):
    """The table is whole."""
    permissions.require(ada.model_copy(update={"role": Role.ADMIN}), deed)


def test_a_member_may_not_delete_what_others_made(ada, moderator):
    """The error names what it takes."""
    permissions.require(moderator, Deed.DELETE_OTHERS)

    with pytest.raises(UserError) as caught:
        permissions.require(ada, Deed.DELETE_OTHERS)

    assert caught.value.code == "not_permitted"
    assert caught.value.facts["allowed"] == ["moderator"]


def test_a_job_in_screening_is_its_authors_alone(services, job_id, ada, bob, moderator):
    """Its prompt is not cleared: nobody else may read it, moderators neither."""
    assert find(services, ada, job_id).job_id == job_id
    for other in (bob, moderator):
        with pytest.raises(NotFound):
            find(services, other, job_id)


def test_a_cleared_job_is_the_communitys(services, job_id, bob):
    """From the queue on everybody sees it, up to its pictures."""
    queue_up(services, job_id)

    assert find(services, bob, job_id).state is JobState.QUEUED


def test_a_withheld_job_concerns_its_author_alone_again(services, job_id, ada, bob):
    """Taken down means out of sight."""
    publish(services, job_id)
    advance(services, job_id, Outcome.TAKEN_DOWN)

    assert find(services, ada, job_id).state is JobState.WITHHELD
    with pytest.raises(NotFound):
        find(services, bob, job_id)


def test_another_community_can_not_tell_a_secret_from_nothing(services, job_id, stranger):
    """Both give the same error, even to a member with the author's own id."""
    publish(services, job_id)

    with pytest.raises(NotFound) as hidden:
        find(services, stranger, job_id)
    with pytest.raises(NotFound) as missing:
        find(services, stranger, "nosuchjob000")

    assert hidden.value.code == missing.value.code == "job_not_found"
