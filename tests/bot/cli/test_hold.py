"""`easel hold` names what is kept, on the record."""

import pytest

from core.settings import CoreSettings
from core.storage import Store
from core.workflow import JobState
from tests.core.storage.samples import a_job


@pytest.fixture
def job(home):
    """A request of Ada's in this home."""
    store = Store(CoreSettings().resolved_database_url)
    store.migrate()
    kept = a_job(JobState.DELIVERED)
    with store.unit() as unit:
        unit.jobs.add(kept)
    store.close()
    return kept


def rows(kind):
    """List the audit rows of a kind."""
    store = Store(CoreSettings().resolved_database_url)
    with store.reading() as unit:
        found = unit.audit.page("local", kind=kind)
    store.close()
    return found


def test_a_hold_is_added_listed_and_lifted(job, easel):
    """Each step by who did it."""
    added = easel("hold", "add", "--job", job.job_id, "--reason", "case 7")
    listed = easel("hold", "list")
    lifted = easel("hold", "lift", 1)

    assert added.exit_code == lifted.exit_code == 0
    assert added.stdout == listed.stdout
    assert added.stdout.startswith(f"1  request {job.job_id}  since ")
    assert added.stdout.endswith(": case 7\n")
    assert ", lifted " in lifted.stdout
    assert easel("hold", "list").stdout == ""
    assert easel("hold", "list", "--all").stdout == lifted.stdout
    [row] = rows("hold_added")
    assert (row.job_id, row.facts, row.by[:4]) == (job.job_id, {"hold_no": 1}, "cli:")
    assert len(rows("hold_lifted")) == 1


def test_a_member_is_named_in_the_record_apart_from_its_facts(job, easel):
    """So that they can be erased from it later."""
    easel("hold", "add", "--member", "web:ada", "--reason", "case 7")

    [row] = rows("hold_added")
    assert (row.about, row.facts) == ("web:ada", {"hold_no": 1})


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(["--reason", "x"], "What is to be kept?", id="nothing named"),
        pytest.param(
            ["--member", "web:ada", "--job", "j", "--reason", "x"],
            "What is to be kept?",
            id="both named",
        ),
        pytest.param(["--member", "web:eve", "--reason", "x"], "Nobody here", id="nobody"),
        pytest.param(["--job", "nope", "--reason", "x"], "no such request", id="no job"),
        pytest.param(["--member", "web:ada"], "Why is it to be kept?", id="no reason"),
    ],
)
def test_a_hold_that_names_nothing_right_is_refused(job, easel, arguments, says):
    """And nothing is kept or written down."""
    told = easel("hold", "add", *arguments)

    assert told.exit_code == 2
    assert says in told.stderr
    assert easel("hold", "list", "--all").stdout == ""
    assert rows("hold_added") == []


def test_lifting_what_is_not_there_is_refused(job, easel):
    """By its number."""
    told = easel("hold", "lift", 9)

    assert told.exit_code == 2
    assert "There is no hold 9" in told.stderr
