"""What checks the protocol servers' traffic finds what does not fit."""

import pytest

from tests.protocol.specs import FOLDER, discord_validator, faults, slack_validator, unknown_keys

pytestmark = pytest.mark.skipif(not FOLDER, reason="EASEL_SPECS_DIR is not set")


def test_a_message_of_discord_that_lacks_a_part_is_found():
    assert any("'author'" in each for each in faults(discord_validator("MessageResponse"), {}))


def test_a_message_to_discord_that_is_too_long_is_found():
    validator = discord_validator("MessageCreateRequest")

    assert faults(validator, {"content": "a" * 4000}) == []
    assert len(faults(validator, {"content": "a" * 4001})) == 1


def test_a_block_of_slack_that_lacks_its_alt_text_is_found():
    block = {"type": "image", "slack_file": {"id": "F1"}}

    assert faults(slack_validator("ImageBlock"), block)
    assert faults(slack_validator("ImageBlock"), block | {"alt_text": "A sample."}) == []


def test_a_key_that_no_answer_of_slack_has_is_found():
    sample = "slack/responses/files.info.json"

    assert unknown_keys(sample, "file", content={"name": "a", "url_secret": "b"}) == {"url_secret"}
