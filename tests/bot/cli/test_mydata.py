"""`easel mydata` does at a member's wish what `/mydata` does, on the record."""

import json
import zipfile

import pytest

from core.blobs import Blobs
from core.settings import CoreSettings
from core.storage import Store
from core.workflow import JobState
from tests.core.storage.samples import a_job, a_picture


@pytest.fixture
def picture(home):
    """Ada's picture, in this home."""
    settings = CoreSettings()
    store = Store(settings.resolved_database_url)
    store.migrate()
    job = a_job(JobState.DELIVERED)
    drawn = a_picture(job.job_id)
    with store.unit() as unit:
        unit.jobs.add(job)
        unit.pictures.add(drawn)
    store.close()
    Blobs(settings.resolved_blob_url).put(drawn.blob, b"bytes")
    return drawn


def is_there(picture):
    return Blobs(CoreSettings().resolved_blob_url).exists(picture.blob)


def test_an_export_is_a_file_that_takes_nothings_place(picture, easel, home):
    """And nothing is left of one that fails."""
    told = easel("mydata", "export", "web:ada", "--out", "ada.zip")
    again = easel("mydata", "export", "web:ada", "--out", "ada.zip")
    nobody = easel("mydata", "export", "web:eve", "--out", "eve.zip")

    assert (told.exit_code, told.stdout) == (0, "ada.zip\n")
    with zipfile.ZipFile(home / "ada.zip") as packed:
        assert json.loads(packed.read("data.json"))["member"] == "web:ada"
    assert again.exit_code == nobody.exit_code == 2
    assert "Nothing is kept of" in nobody.stderr
    assert not (home / "eve.zip").exists()


def test_a_deletion_is_shown_first_and_done_with_yes(picture, easel):
    """By whom stands in the record, and no longer whose it was."""
    shown = easel("mydata", "delete", "web:ada")
    assert "Delete all your data?" in shown.stdout
    assert is_there(picture)

    done = easel("mydata", "delete", "web:ada", "--yes")

    assert (done.exit_code, is_there(picture)) == (0, False)
    store = Store(CoreSettings().resolved_database_url)
    with store.reading() as unit:
        [row] = unit.audit.page("local", kind="data_deleted")
    store.close()
    assert row.by.startswith("cli:")
    assert row.about.startswith("erased:")
    assert easel("mydata", "delete", "web:ada", "--yes").exit_code == 2


def test_a_hold_keeps_everything_and_the_exit_code_says_so(picture, easel):
    """3, as for whatever is refused."""
    easel("hold", "add", "--member", "web:ada", "--reason", "case 7")

    kept = easel("mydata", "delete", "web:ada", "--yes")

    assert (kept.exit_code, is_there(picture)) == (3, True)
    assert "Nothing was deleted" in kept.stdout
