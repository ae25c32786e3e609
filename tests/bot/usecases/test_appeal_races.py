"""Two presses of one button are one appeal, on either database and however they overlap."""

import threading

import pytest

from bot.bootstrap import Services
from bot.replies import Action, ReplyKind
from bot.usecases import actions, imagine
from core.blobs import Blobs
from core.catalog import load_catalog
from core.settings import CoreSettings
from core.storage import Store
from core.workflow import JobState
from tests.core.storage.conftest import (  # noqa: F401 - fixtures are found by name.
    database_url,
    migrated_postgres,
    migrated_sqlite,
    postgres,
)

PRESSES = 6


@pytest.fixture
def services(tmp_path, database_url, gate, clock, queue, events):  # noqa: F811 - the fixture above.
    built = Services(
        settings=CoreSettings(_env_file=None, home=tmp_path),
        store=Store(database_url),
        queue=queue,
        events=events,
        blobs=Blobs(str(tmp_path / "blobs")),
        gate=gate,
        catalog=load_catalog("easel-small"),
        clock=clock,
    )
    yield built
    built.close()


def test_of_presses_at_once_one_appeals(services, ada, address):
    """The others are told that it was done; there is one item and one notice."""
    job_id = imagine.submit(services, ada, "a decapitated corpse, gore", address).job_id
    gate_opens, replies = threading.Barrier(PRESSES), []

    def press():
        gate_opens.wait()
        fields = {"note": "It is a prop."}
        replies.append(actions.press(services, ada, Action.APPEAL, job_id, address, fields=fields))

    presses = [threading.Thread(target=press) for _ in range(PRESSES)]
    for each in presses:
        each.start()
    for each in presses:
        each.join()

    kinds = [reply.kind for reply in replies]
    assert (kinds.count(ReplyKind.HELD), kinds.count(ReplyKind.ERROR)) == (1, PRESSES - 1)
    titles = {reply.title for reply in replies if reply.kind is ReplyKind.ERROR}
    assert titles == {"A moderator was asked already"}
    with services.store.reading() as unit:
        assert unit.jobs.get(job_id).state is JobState.PROMPT_REVIEW
        assert len(unit.reviews.of_job(job_id)) == 1
        assert unit.notices.pending(address.platform) == 1
