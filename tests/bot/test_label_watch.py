"""Label checks are run when they are due, and what they find is in the log and in the metrics."""

import sys

import anyio
import pytest
import structlog

from bot import label_watch
from bot.label_watch import check_what_is_due, watch_labels_forever
from bot.platform_settings import LabelCheckSettings
from core.contracts.label_checks import CheckedPlatform, Fate, LabelCheck, RenditionCheck, Sign
from core.errors import Unavailable
from core.telemetry import LABEL_CHECKS
from tests.protocol.discord_files import DiscordFiles
from tests.protocol.handing_out import without_metadata
from tests.protocol.loopback import served

DAY_S = 86_400
WEEKLY = LabelCheckSettings.model_construct(channels="discord:1,slack:C1", days=7)
CHANGED = (
    '{"event": "label_check", "changes": ['
    '{"rendition": "preview", "sign": "mark", "before": "kept", "now": "lost"},'
    '{"rendition": "proxy", "sign": null, "before": "lost", "now": "kept"}]}'
)


@pytest.fixture
def command(monkeypatch, tmp_path):
    """Stand in for the command: it notes its arguments, prints, and ends as it is told."""
    calls = tmp_path / "calls"
    calls.touch()

    def stands_in(prints="", exit_code=0):
        code = f"import sys; open({str(calls)!r}, 'a').write(sys.argv[-1] + ' ')\n"
        code += f"print({prints!r}); sys.exit({exit_code})"
        monkeypatch.setattr(label_watch, "COMMAND", (sys.executable, "-c", code))

    stands_in()
    stands_in.calls = lambda: calls.read_text().split()
    return stands_in


def checked(services, platform):
    check = LabelCheck(
        check_id=f"{platform}-{services.clock():%s}",
        platform=platform,
        verify_id="ab" * 8,
        renditions={"original": RenditionCheck(fates={Sign.XMP: Fate.KEPT})},
        checked_at=services.clock(),
    )
    with services.store.unit() as unit:
        unit.label_checks.add(check)


def look(services, settings=WEEKLY):
    """Look once; give what was logged, and how each counter grew."""
    results = ("same", "changed", "failed")
    before = {each: LABEL_CHECKS.labels(each)._value.get() for each in results}
    with structlog.testing.capture_logs() as logs:
        anyio.run(check_what_is_due, services, settings)
    grown = {each: LABEL_CHECKS.labels(each)._value.get() - before[each] for each in results}
    return logs, {each: count for each, count in grown.items() if count}


def test_a_platform_is_checked_when_its_last_check_is_old_enough(services, clock, command):
    """Each by its own history; one that was never checked is due."""
    checked(services, CheckedPlatform.DISCORD)
    clock.move(6 * DAY_S)

    look(services)
    checked(services, CheckedPlatform.SLACK)
    clock.move(DAY_S)
    look(services)

    assert command.calls() == ["slack", "discord"]


def test_a_change_is_a_warning_that_says_what(services, command):
    """And counts, so that an alarm can hang on it."""
    command(CHANGED, 1)

    logs, counted = look(services, LabelCheckSettings.model_construct(channels="slack:C", days=1))

    (entry,) = logs
    assert (entry["event"], entry["log_level"]) == ("label_check_changed", "warning")
    assert entry["changes"] == ["preview.mark:kept>lost", "proxy:lost>kept"]
    assert counted == {"changed": 1}


def test_no_change_is_no_warning(services, command):
    logs, counted = look(services)

    assert {(each["event"], each["log_level"]) for each in logs} == {("label_check_same", "info")}
    assert counted == {"same": 2}


@pytest.mark.parametrize(
    ("prints", "exit_code", "reason"),
    [
        pytest.param('{"event": "error", "reply": {"title": "No"}}', 2, "No", id="refused"),
        pytest.param("", 1, "", id="broke without a word"),
        pytest.param("not JSON", 4, "", id="another word"),
        pytest.param("[]", 4, "", id="no object"),
    ],
)
def test_a_check_that_fails_is_a_warning_and_no_change(
    services, command, prints, exit_code, reason
):
    command(prints, exit_code)

    logs, counted = look(services)

    assert {(each["event"], each["exit_code"], each["reason"]) for each in logs} == {
        ("label_check_failed", exit_code, reason)
    }
    assert counted == {"failed": 2}


def test_while_the_database_is_away_nothing_is_checked(services, command, monkeypatch):
    def away():
        raise Unavailable("database_away")

    monkeypatch.setattr(services.store, "reading", away, raising=False)

    logs, _ = look(services)

    assert [each["event"] for each in logs] == ["label_check_waits"] * 2
    assert command.calls() == []


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param(LabelCheckSettings.model_construct(channels="slack:C1", days=0), id="never"),
        pytest.param(LabelCheckSettings.model_construct(channels="", days=7), id="nowhere"),
    ],
)
def test_where_nothing_is_asked_for_nobody_looks(services, command, settings):
    """The task ends at once."""
    anyio.run(watch_labels_forever, services, settings)

    assert command.calls() == []


def test_the_command_itself_is_run(services, monkeypatch, tmp_path):
    """In its own process, on this Easel's home, where the last check is found."""
    checked(services, CheckedPlatform.DISCORD)
    services.clock.move(7 * DAY_S)
    server = DiscordFiles()
    server.original = without_metadata
    monkeypatch.chdir(tmp_path)
    settings = LabelCheckSettings.model_construct(channels=f"discord:{server.channel}", days=7)
    with served(server.app()) as address:
        for name, value in {
            "EASEL_HOME": str(tmp_path),
            "EASEL_DISCORD_TOKEN": server.token,
            "EASEL_DISCORD_API_BASE": f"{address}/api/v10",
            "EASEL_LABEL_CHECK_CHANNELS": settings.channels,
            "EASEL_MARK_BACKEND": "off",
        }.items():
            monkeypatch.setenv(name, value)
        (entry,), counted = look(services, settings)

    assert counted == {"changed": 1}
    assert "original.xmp:kept>lost" in entry["changes"]
    assert (server.messages, server.violations) == ({}, [])
