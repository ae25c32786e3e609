"""`easel lineage` draws a family for who runs the machine."""

import json

import pytest

from core.blobs import Blobs
from core.settings import CoreSettings
from core.storage import Store
from core.workflow import JobState
from tests.core.families import FamilyTree


@pytest.fixture
def tree(home):
    settings = CoreSettings()
    store = Store(settings.resolved_database_url)
    store.migrate()
    yield FamilyTree(store, Blobs(settings.resolved_blob_url))
    store.close()


@pytest.fixture
def family(tree):
    """A picture, its variation by somebody else, and a request in vain."""
    root = tree.request(pictures=2)
    varied = tree.from_picture(root, 1, member="web:bob")
    failed = tree.from_picture(varied, state=JobState.WITHHELD, pictures=0)
    return root, varied, failed


def test_a_family_is_drawn_in_lines(tree, family, easel):
    """Whoever asked for what; the one that was named has an arrow."""
    root, varied, failed = family

    for word in (varied, tree.image(varied)):
        done = easel("lineage", word)
        first, second, third = done.stdout.splitlines()
        assert done.exit_code == 0
        assert first.startswith(f"· A request of its own · request {root} · by Ada")
        assert second.startswith(f"\u2003→ Vary (subtle), of picture 2 · request {varied}")
        assert third.startswith(f"\u2003\u2003· Vary (subtle) · request {failed} · not shown")


def test_programs_get_one_object(family, easel):
    root, varied, failed = family

    told = json.loads(easel("lineage", root, "--json").stdout)

    assert (told["event"], told["requests"], told["is_whole"]) == ("lineage", 3, True)
    assert told["tree"]["job_id"] == root
    assert len(told["tree"]["pictures"]) == 2
    [child] = told["tree"]["children"]
    assert (child["job_id"], child["children"][0]["job_id"]) == (varied, failed)


@pytest.mark.parametrize("word", ["nothere", "0" * 16])
def test_what_is_not_there_is_said_so(tree, easel, word):
    done = easel("lineage", word)

    assert done.exit_code == 2
    assert "There is no such" in done.stderr


def test_another_communitys_is_not_there(family, easel):
    assert easel("lineage", family[0], "--community", "elsewhere").exit_code == 2
