"""`easel screen`: one line out for each line in, and bad input changes nothing."""

import json
import shutil

import pytest
from typer.testing import CliRunner

from bot.cli.app import app
from core.settings import CoreSettings
from core.storage import Store
from moderation.policy import DEFAULT_POLICY

PROMPTS = "a red apple\n\na naked woman on a beach\na school shooting\n"


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Run the command in an empty home, by rules alone unless a test says otherwise."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EASEL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("EASEL_SCREENING_CLASSIFIER", "none")

    def invoke(*arguments, stdin=None):
        return CliRunner().invoke(app, ["screen", *map(str, arguments)], input=stdin)

    return invoke


@pytest.fixture
def prompts(tmp_path):
    path = tmp_path / "prompts.txt"
    path.write_text(PROMPTS, "utf-8")
    return path


def records(result):
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_each_prompt_is_one_json_line(run, prompts):
    told = records(run("--file", prompts, "--json"))

    assert [each["line"] for each in told] == [1, 2, 3, 4]
    assert [each["decision"] for each in told] == ["allow", "allow", "block", "review"]
    assert told[2]["rules"] == ["nudity.terms"]
    assert told[2]["category"] == "sexual_suggestive"
    assert told[0]["note"] == "classifier_missing_rules_only"
    assert {"scores", "spans", "policy_version", "model", "ms"} <= told[0].keys()


def test_people_get_a_table(run, prompts):
    result = run("--file", prompts)

    head, *rows = result.stdout.splitlines()
    assert head.split() == ["line", "decision", "category", "score", "ms", "rules"]
    assert [row.split()[1] for row in rows] == ["allow", "allow", "block", "review"]
    assert "naked" not in result.output


def test_prompts_come_from_a_pipe_with_a_dash(run):
    told = records(run("--file", "-", "--json", stdin=b"a naked woman\n\xff\xfe\nlast, unended"))

    assert [each["decision"] for each in told] == ["block", "allow", "allow"]
    assert told[1]["about"] == "not_utf8"


def test_the_shipped_classifier_reads_by_default(run, prompts, monkeypatch):
    monkeypatch.delenv("EASEL_SCREENING_CLASSIFIER")

    told = records(run("--file", prompts, "--json"))

    assert told[0]["model"].startswith("easel-screen@")
    assert len(told[0]["scores"]) > 10
    assert told[0]["decision"] == "allow"


def test_another_policy_decides(run, prompts, tmp_path):
    shutil.copytree(DEFAULT_POLICY.parent / "lists", tmp_path / "lists")
    policy = tmp_path / "mine.yaml"
    source = DEFAULT_POLICY.read_text("utf-8").replace(
        "classifier_missing: rules_only", "classifier_missing: block"
    )
    policy.write_text(source, "utf-8")

    told = records(run("--file", prompts, "--policy", policy, "--json"))

    assert [each["decision"] for each in told] == ["block", "allow", "block", "block"]


def test_a_policy_with_faults_is_told_and_nothing_screened(run, prompts, tmp_path):
    policy = tmp_path / "broken.yaml"
    policy.write_text("name: [", "utf-8")

    result = run("--file", prompts, "--policy", policy, "--json")

    assert result.exit_code == 2
    assert "decision" not in result.stdout


def test_a_communitys_own_policy_decides_in_its_place(run, prompts, tmp_path):
    settings = CoreSettings(home=tmp_path / "home")
    settings.home.mkdir()
    store = Store(settings.resolved_database_url)
    store.migrate()
    store.close()

    told = records(run("--file", prompts, "--community", "local", "--channel", "general", "--json"))

    assert [each["decision"] for each in told] == ["allow", "allow", "block", "review"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        pytest.param(["--file", "nowhere.txt"], 2, id="no such file"),
        pytest.param(["--file", "."], 2, id="a folder"),
        pytest.param([], 2, id="no file named"),
        pytest.param(
            ["--file", "prompts.txt", "--channel", "general"], 2, id="a channel of nobody"
        ),
        pytest.param(
            ["--file", "prompts.txt", "--policy", "p.yaml", "--community", "local"], 2, id="both"
        ),
    ],
)
def test_what_cannot_be_done_is_said(run, prompts, arguments, code):
    result = run(*arguments)

    assert result.exit_code == code
    assert result.output


def test_a_classifier_that_cannot_be_loaded_screens_nothing(run, prompts, monkeypatch, tmp_path):
    """Decisions without it would not be those of the screening process."""
    monkeypatch.setenv("EASEL_SCREENING_CLASSIFIER", str(tmp_path))

    result = run("--file", prompts, "--json")

    assert result.exit_code == 4
    assert "classifier could not be loaded" in result.output


def test_no_prompt_reaches_a_log(run, prompts, capfd):
    run("--file", prompts, "--json")

    assert "beach" not in capfd.readouterr().err
