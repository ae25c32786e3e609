"""Counting how often rules are right."""

import pytest
import yaml

from bench import moderation_evidence as bench
from bench.moderation_evidence import Found
from moderation.evidence import Evidence


def test_matches_are_counted_by_rule():
    found = [
        Found("a", is_unfit=True, rules=("x", "y")),
        Found("b", is_unfit=False, rules=("x",)),
    ]

    evidence = bench.counted(found, "by hand")

    assert {name: (each.unfit, each.of) for name, each in evidence.rules.items()} == {
        "x": (1, 2),
        "y": (1, 1),
    }


def test_the_error_is_of_the_surest_rule():
    found = [Found(str(at), is_unfit=at % 2 == 0, rules=("even",)) for at in range(100)]
    evidence = bench.counted(found, "by hand")

    assert bench.error_of(evidence, found) == pytest.approx(0)
    assert bench.error_of(evidence, found[::2]) == pytest.approx(0.5)


def test_labelled_sets_and_own_templates_are_counted_and_written(tmp_path, monkeypatch):
    target = tmp_path / "evidence.yaml"
    rows = ['{"text": "a naked man", "label": 1}', '{"text": "a nude vase", "label": 0}']
    (tmp_path / "six_cd_dual.jsonl").write_text("\n".join(rows), "utf-8")
    monkeypatch.setattr(bench, "EVIDENCE_FILE", target)
    monkeypatch.setattr("sys.argv", ["bench", str(tmp_path), "--write"])

    bench.main()

    evidence = Evidence.model_validate(yaml.safe_load(target.read_text("utf-8")))
    nudity, minors = evidence.rules["nudity.terms"], evidence.rules["minors.sexual"]
    assert (nudity.unfit, nudity.of) == (1, 2)
    assert minors.unfit == minors.of > 100
