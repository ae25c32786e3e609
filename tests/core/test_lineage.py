"""What went on from what is found in both directions, once each, however it is knotted."""

from collections import Counter

import pytest

from core import lineage
from core.blobs import Blobs
from core.contracts.generation import GenerationSpec
from core.workflow import JobState
from tests.core.families import FamilyTree
from tests.core.storage.samples import a_job


@pytest.fixture
def tree(sqlite_store, tmp_path):
    return FamilyTree(sqlite_store, Blobs(f"file://{tmp_path / 'blobs'}"))


def family(tree, root, **how):
    with tree.store.reading() as unit:
        return lineage.family_of(unit, "local", root, **how)


def came_from(tree, root):
    with tree.store.reading() as unit:
        return set(lineage.came_from(unit, "local", root))


def first(tree, job_id):
    with tree.store.reading() as unit:
        return lineage.first_of(unit, job_id)


def test_a_family_hangs_together_by_buttons_and_by_typed_ids(tree):
    """With the picture that each began with, and none where it took up words alone."""
    root = tree.request(pictures=2)
    varied = tree.from_picture(root, 1)
    enlarged = tree.from_picture(varied, action="upscale")
    typed = tree.request(image=tree.image(root), action="imagine")
    rerolled = tree.request(of=root, action="reroll")

    found = family(tree, root)

    assert found.is_whole
    told = {step.job_id: (step.parent, step.picture, step.depth) for step in found.steps.values()}
    assert told == {
        root: (None, None, 0),
        varied: (root, tree.image(root, 1), 1),
        typed: (root, tree.image(root, 0), 1),
        rerolled: (root, None, 1),
        enlarged: (varied, tree.image(varied), 2),
    }
    assert [first(tree, each) for each in told] == [root] * 5


def test_what_came_from_a_picture_shows_something_of_it(tree):
    """What took up words alone does not, nor what went on from that; a picture drawn again does."""
    root = tree.request()
    varied = tree.from_picture(root)
    again = tree.request(of=varied, image=tree.image(root), action="rerun")
    waiting = tree.from_picture(varied, state=JobState.QUEUED, pictures=0)
    typed = tree.request(JobState.SCREENING, image=tree.image(root), pictures=0)
    rerolled = tree.request(of=root, action="reroll")
    below = tree.from_picture(rerolled)

    assert came_from(tree, root) == {varied, again, waiting, typed}
    assert came_from(tree, rerolled) == {below}
    assert came_from(tree, typed) == set()


def test_what_was_drawn_again_hangs_below_what_it_draws(tree):
    """It began with the same picture as the first, but was asked from the first."""
    root = tree.request()
    varied = tree.from_picture(root)
    again = tree.request(of=varied, image=tree.image(root), action="rerun")
    once_more = tree.request(of=again, image=tree.image(root), action="rerun")

    steps = family(tree, root).steps

    assert [steps[each].parent for each in (varied, again, once_more)] == [root, varied, again]
    assert steps[again].picture is None


def test_a_request_of_two_families_is_in_both(tree):
    one, other = tree.request(), tree.request()
    mixed = tree.request(of=one, image=tree.image(other), action="remix")

    assert family(tree, one).steps[mixed].parent == one
    assert family(tree, other).steps[mixed].parent == other
    assert came_from(tree, other) == {mixed}
    assert came_from(tree, one) == set()
    assert first(tree, mixed) == one


def test_a_knot_ends(tree):
    """Rows that name each other, which nobody can write by a button."""
    one, other = a_job(JobState.DELIVERED), a_job(JobState.DELIVERED)
    with tree.store.unit() as unit:
        unit.jobs.add(one)
        unit.jobs.add(other.model_copy(update={"parent_id": one.job_id, "action": "rerun"}))
    with tree.store._engines.writing.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE jobs SET parent_id = ?, action = 'rerun' WHERE job_id = ?",
            (other.job_id, one.job_id),
        )

    assert set(family(tree, one.job_id).steps) == {one.job_id, other.job_id}
    assert came_from(tree, one.job_id) == {other.job_id}
    assert first(tree, one.job_id) in {one.job_id, other.job_id}


def test_a_large_family_is_walked_so_far_and_says_so(tree):
    root = tree.request()
    for _ in range(12):
        tree.from_picture(root)

    found = family(tree, root, most=9)

    assert (len(found.steps), found.is_whole) == (9, False)
    assert family(tree, root).is_whole


def test_another_communitys_requests_are_not_of_the_family(tree):
    root = tree.request()
    tree.request(of=root, image=tree.image(root), community="elsewhere")

    assert set(family(tree, root).steps) == {root}


def test_links_outlast_the_rows_of_pictures(tree):
    """A member's rows are deleted with their data; the registry keeps the ids."""
    root = tree.request()
    typed = tree.request(image=tree.image(root))
    with tree.store._engines.writing.begin() as connection:
        connection.exec_driver_sql("DELETE FROM pictures WHERE job_id = ?", (root,))

    assert set(family(tree, root).steps) == {root, typed}
    assert first(tree, typed) == root


def test_a_level_of_a_thousand_takes_few_queries(tree):
    """Four kinds of rows, 500 ids at a time: not one query a request."""
    root = a_job(JobState.DELIVERED)
    with tree.store.unit() as unit:
        unit.jobs.add(root)
        for _ in range(1000):
            spec = GenerationSpec(prompt="a red apple")
            unit.jobs.add(a_job(JobState.DELIVERED, parent_id=root.job_id, spec=spec))
    with tree.store.reading() as unit:
        asked = Counter()
        execute = unit.lineage._session.execute

        def counted(*args, **kwargs):
            asked["queries"] += 1
            return execute(*args, **kwargs)

        unit.lineage._session.execute = counted
        found = lineage.family_of(unit, "local", root.job_id)

    assert len(found.steps) == 1001
    assert asked["queries"] < 20
