"""The measurement of the queue runs, and its count of queries holds on any machine."""

import json

import bench.report
from bench import reviews


def test_the_queue_takes_as_many_queries_however_long_it_is(tmp_path, monkeypatch):
    """The times are the machine's; this is ours."""
    monkeypatch.setattr(bench.report, "FOLDER", tmp_path)
    monkeypatch.setattr("sys.argv", ["reviews", "--items", "300", "--rounds", "1"])

    reviews.main()

    figures = json.loads((tmp_path / "reviews.json").read_text("utf-8"))
    assert figures["queries_grown"] == 0
    assert set(figures["detail"]["queries"]) == {*reviews.PAGES, *reviews.CONSOLE}
    assert max(figures["detail"]["queries"].values()) <= 30
