"""`easel transparency` prints what `/transparency` tells, for people and for programs."""

import json


def test_an_empty_record_is_told_as_such(easel):
    """A new community has nothing to hide."""
    told = easel("transparency", "week")

    assert told.exit_code == 0
    assert told.stdout.startswith("How this community was moderated: the last 7 days\n0 requests")
    assert told.stdout.endswith("Sanctions: none\n")


def test_programs_get_the_same_numbers(easel):
    """As one JSON line."""
    facts = json.loads(easel("transparency", "--json").stdout)

    assert (facts["event"], facts["requests"]) == ("transparency", 0)
    assert (facts["categories"], facts["sanctions"]) == ([], {})


def test_an_unknown_period_is_refused(easel):
    """With those there are."""
    told = easel("transparency", "decade")

    assert told.exit_code == 2
    assert "week, month, quarter" in told.stderr
