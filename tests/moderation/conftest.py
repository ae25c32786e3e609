"""Give moderation's tests the shipped policy, compiled once, and short ways to ask the gate."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.contracts.ids import CommunityId
from core.contracts.verdicts import Verdict
from moderation.engine import Gate
from moderation.policy import DEFAULT_POLICY, Policy, load_policy
from moderation.rules import ScreenedText

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
COMMUNITY = CommunityId("local")


@pytest.fixture(scope="session")
def policy() -> Policy:
    return load_policy()


@pytest.fixture(scope="session")
def gate(policy: Policy) -> Gate:
    return Gate(policy)


@pytest.fixture(scope="session")
def screen(gate: Gate) -> Callable[..., Verdict]:
    """Screen a prompt, or texts given as (field, text), by rules."""

    def ask(*texts: str | tuple[str, str], **options: bool) -> Verdict:
        screened = [
            ScreenedText("prompt", text) if isinstance(text, str) else ScreenedText(*text)
            for text in texts
        ]
        return gate.screen_rules(screened, community_id=COMMUNITY, now=NOW, **options)

    return ask


@pytest.fixture
def edited_policy(tmp_path: Path) -> Callable[..., Path]:
    """Write the shipped policy with some text replaced, and name its file."""

    def edit(*changes: tuple[str, str]) -> Path:
        source = DEFAULT_POLICY.read_text("utf-8")
        for old, new in changes:
            assert source.count(old) >= 1, f"not in the shipped policy: {old!r}"
            source = source.replace(old, new, 1)
        path = tmp_path / "policy.yaml"
        path.write_text(source, "utf-8")
        return path

    return edit
