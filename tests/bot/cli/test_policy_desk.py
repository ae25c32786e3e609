"""`easel policy …` does what `/policy` does, as this machine's user; replays and tests for programs."""

import json

import pytest

from core.contracts.policies import PolicyDeed, Scope
from core.settings import CoreSettings
from core.storage import Store

PART = "title: Club\nlists:\n  ours: {file: own.txt}\n  shock: {add: [zorblax]}\n"


@pytest.fixture
def part(home):
    (home / "own.txt").write_text("# ours\nquibblewort\n")
    path = home / "part.yaml"
    path.write_text(PART)
    return path


def store():
    return Store(CoreSettings().resolved_database_url)


def test_a_part_goes_from_file_to_force_and_back(easel, part):
    """With its own term file; each step by who did it."""
    proposed = easel("policy", "propose", part, "--note", "for the club")
    assert proposed.exit_code == 0, proposed.output
    assert "Version 1 is proposed" in proposed.stdout
    assert "+quibblewort" in easel("policy", "diff").stdout
    assert "passes its examples" in easel("policy", "test", "1").stdout
    assert "0 of 0 decisions" in easel("policy", "replay", "1").stdout

    assert "Version 1 is in force" in easel("policy", "activate", "1").stdout
    explained = easel("policy", "explain", "title").stdout
    assert explained == "title: Club  [community community version 1]\n"
    assert easel("policy", "export").stdout.strip() == PART.strip()
    assert "quibblewort" in easel("policy", "lists", "ours").stdout
    assert "The wider policy alone" in easel("policy", "rollback").stdout

    history = easel("policy", "history").stdout
    assert "for the club" in history
    opened = store()
    with opened.reading() as unit:
        events = unit.policies.events(Scope(community_id="local"))
    opened.close()
    assert {event.by.partition(":")[0] for event in events} == {"cli"}
    assert PolicyDeed.ROLLED_BACK in {event.deed for event in events}


def test_what_was_exported_is_imported(easel, home):
    easel("policy", "set", "title", "Club")
    (home / "kept.yaml").write_text(easel("policy", "export", "1").stdout)

    told = easel("policy", "import", home / "kept.yaml", "--community", "elsewhere").stdout

    assert "For the community elsewhere" in told
    assert "title: PG-13 → Club" in told


def test_levels_are_options(easel):
    assert (
        "the channel general"
        in easel("policy", "set", "title", "Club", "--channel", "general").stdout
    )
    assert "the organisation" in easel("policy", "set", "title", "Club", "--organisation").stdout


def test_loosening_takes_another_person_here_as_well(easel):
    easel("policy", "set", "categories.sexual_explicit.action", "review")

    refused = easel("policy", "activate", "1")

    assert refused.exit_code == 2
    assert "second person" in refused.stderr


def test_a_replay_is_json_for_programs(easel):
    easel("policy", "set", "title", "Club")

    lines = easel("policy", "replay", "1", "--days", "7", "--json").stdout.splitlines()

    assert [json.loads(line) for line in lines] == [
        {"event": "replayed", "requests": 0, "changes": 0}
    ]


def test_a_failed_example_is_a_fault(easel, home):
    own = home / "own.yaml"
    own.write_text(
        "rules:\n- {id: own.red, kind: pattern, category: shock_disturbing, "
        "pattern: '\\bred\\b', examples: {hits: [a blue bird], misses: [a red bird]}}\n"
    )
    easel("policy", "propose", own)

    tested = easel("policy", "test")

    assert tested.exit_code == 1
    assert "fails 2 of its examples" in tested.stdout
    assert "own.red: hit: a blue bird" in tested.stdout


def test_a_labelled_set_is_counted(easel, home):
    easel("policy", "set", "title", "Club")
    rows = home / "rows.jsonl"
    rows.write_text(
        '{"text": "porn", "label": "unsafe"}\n{"text": "a red apple", "label": "safe"}\n'
    )

    told = easel("policy", "test", "1", "--labelled", rows).stdout
    rows.write_text('{"text": "porn"}\n')
    broken = easel("policy", "test", "1", "--labelled", rows)

    assert "Of 1 unsafe labelled texts 1 are caught; of 1 safe ones 0 are refused." in told
    assert broken.exit_code == 2
    assert "Line 1" in broken.stderr


def test_shadow_from_the_command_line(easel):
    easel("policy", "set", "title", "Club")

    assert "Version 1 is in shadow" in easel("policy", "shadow", "1").stdout
    assert "It disagreed about nothing yet." in easel("policy", "shadow").stdout
    assert "No version is in shadow" in easel("policy", "shadow", "off").stdout


def test_a_part_is_checked_with_line_and_caret(easel, part):
    part.write_text("titel: Club\n")

    checked = easel("policy", "check", "--part", part)

    assert checked.exit_code == 1
    assert "part.yaml:1:1: unknown key `titel`\n    titel: Club\n    ^" in checked.stdout
    part.write_text(PART)
    assert easel("policy", "check", "--part", part).exit_code == 0
