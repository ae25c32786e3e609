"""`easel policy`: show the one in force, check one before it is."""

from moderation.policy import DEFAULT_POLICY, load_policy


def test_show_prints_the_policys_own_words(easel):
    """What is allowed and what is not."""
    result = easel("policy", "show")

    assert result.exit_code == 0
    policy = load_policy()
    for line in (*policy.allowed_text.splitlines()[:2], *policy.not_allowed_text.splitlines()[:2]):
        assert line.strip() in result.stdout


def test_show_follows_the_setting(easel, home, monkeypatch):
    """A community's own file."""
    own = home / "own.yaml"
    own.write_text(DEFAULT_POLICY.read_text().replace("title: PG-13", "title: Our house rules"))
    monkeypatch.setenv("EASEL_POLICY_FILE", str(own))

    assert "Our house rules" in easel("policy", "show").stdout


def test_check_lets_the_shipped_policy_pass(easel):
    """With its name and version."""
    result = easel("policy", "check", DEFAULT_POLICY)

    assert result.exit_code == 0
    assert load_policy().version in result.stdout


def test_check_shows_every_fault_at_its_place(easel, home):
    """Line, caret and hint, exit code 1."""
    own = home / "own.yaml"
    own.write_text(
        DEFAULT_POLICY.read_text().replace(
            "classifier_missing: rules_only", "classifier_missing: guess"
        )
    )

    result = easel("policy", "check", own)

    assert result.exit_code == 1
    assert "own.yaml:" in result.stdout
    assert "^" in result.stdout


def test_check_of_no_file_is_a_usage_error(easel, home):
    """Nothing was checked."""
    assert easel("policy", "check", home / "none.yaml").exit_code == 2
