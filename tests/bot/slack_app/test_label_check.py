"""A sample goes to Slack and comes back in every form; what goes wrong has a sentence."""

import io

import pytest
import structlog
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from bot.label_samples import Sample
from bot.platform_settings import SlackSettings
from bot.slack_app.label_check import READY_S, SlackLabelCheck
from core.errors import Unavailable, UserError
from tests.protocol.handing_out import without_metadata
from tests.protocol.loopback import served
from tests.protocol.slack_files import Refusal, SlackFiles


@pytest.fixture(scope="module")
def sample():
    image = Image.effect_noise((1280, 1024), 60).convert("RGB")
    out, texts = io.BytesIO(), PngInfo()
    texts.add_text("Label", "kept?")
    image.save(out, "PNG", pnginfo=texts, compress_level=1)
    return Sample("ab" * 8, out.getvalue(), "ai_x.png", "AI-generated · a sample", "A sample.")


@pytest.fixture
def slack():
    server = SlackFiles()
    with served(server.app()) as address:
        server.address = address
        yield server
    assert server.violations == []


@pytest.fixture
def naps():
    """How long was waited, in place of waiting."""
    return []


@pytest.fixture
def check(slack, naps):
    """Check the server's channel, or another."""

    def check(sample, *, token=slack.token, channel=slack.channel, keep=False):
        settings = SlackSettings(bot_token=token, api_url=f"{slack.address}/api/")
        return SlackLabelCheck(settings, channel, keep=keep, sleep=naps.append)(sample)

    return check


def opened(data):
    return Image.open(io.BytesIO(data))


def test_the_sample_comes_back_in_every_form(slack, check, sample):
    """As it is posted later: uploaded, looked at, shown by a block; then both are gone."""
    fetched = check(sample)

    forms = fetched.renditions
    assert forms["url_private_download"] == sample.data
    assert [opened(forms[f"thumb_{side}"]).size for side in (360, 720, 1024)] == [
        (360, 288), (720, 576), (1024, 819),
    ]  # fmt: skip
    assert (fetched.words, fetched.alt_text, fetched.file_name) == (
        sample.words, sample.alt_text, sample.file_name,
    )  # fmt: skip
    assert not fetched.is_left
    assert (slack.messages, slack.files) == ({}, {})
    assert slack.calls() == [
        "files.getUploadURLExternal", "upload", "files.completeUploadExternal",
        "files.info", "files.info", "chat.postMessage",
        *["download"] * 4, "chat.delete", "files.delete",
    ]  # fmt: skip


def test_what_slack_makes_of_a_file_is_what_comes_back(slack, check, sample):
    slack.original = without_metadata

    original = check(sample).renditions["url_private_download"]

    assert original != sample.data
    assert opened(original).text == {}
    assert opened(original).tobytes() == opened(sample.data).tobytes()


def test_a_block_that_comes_too_early_is_sent_again(slack, check, sample, naps):
    """Slack says `invalid_blocks` while it still looks at the file."""
    slack.refuses_blocks = 2

    fetched = check(sample)

    assert fetched.words == sample.words
    assert slack.calls().count("chat.postMessage") == 3
    assert len(naps) == 3


def test_a_workspace_without_previews_is_told_and_not_waited_for_for_ever(
    slack, check, sample, naps
):
    slack.preview = None
    slack.looks = 0

    forms = check(sample).renditions

    assert forms.pop("url_private_download") == sample.data
    assert set(forms.values()) == {None}
    assert sum(naps) == READY_S


def test_a_block_that_is_refused_for_good_ends_the_check(slack, check, sample, naps):
    slack.refuses_blocks = 1000

    with pytest.raises(UserError) as raised:
        check(sample)

    assert (raised.value.code, raised.value.facts["value"]) == (
        "platform_refused",
        "invalid_blocks",
    )
    assert slack.files == {}


def test_a_sample_is_kept_where_that_is_asked_for(slack, check, sample):
    assert check(sample, keep=True).is_left
    assert (len(slack.messages), len(slack.files)) == (1, 1)


def test_a_sample_that_can_not_be_deleted_is_told(slack, check, sample):
    """What was found is worth having all the same."""
    slack.refusals["chat.delete"] = [Refusal("cant_delete_message")]

    with structlog.testing.capture_logs() as logs:
        fetched = check(sample)

    assert fetched.is_left
    assert [(each["event"], each["code"]) for each in logs] == [
        ("label_sample_left", "platform_refused")
    ]


def test_a_pause_that_slack_asks_for_is_kept(slack, check, sample):
    """429 with Retry-After, which the library's default does not know."""
    slack.refusals["chat.postMessage"] = [Refusal("ratelimited", 429, {"Retry-After": "1"})]

    fetched = check(sample)

    (first, second) = [moment for call, moment in slack.log if call == "chat.postMessage"]
    assert second - first >= 1
    assert fetched.words == sample.words


@pytest.mark.parametrize(
    ("refusals", "error", "code"),
    [
        pytest.param(
            {"files.getUploadURLExternal": [Refusal("invalid_auth")]},
            UserError,
            "platform_token_refused",
            id="token",
        ),
        pytest.param(
            {"chat.postMessage": [Refusal("not_in_channel")]},
            UserError,
            "platform_channel_unknown",
            id="not a member",
        ),
        pytest.param(
            {"files.info": [Refusal("missing_scope", facts={"needed": "files:read"})]},
            UserError,
            "platform_permission_missing",
            id="scope",
        ),
        pytest.param(
            {"upload": [Refusal("", 413)]}, UserError, "platform_refused", id="upload refused"
        ),
        pytest.param(
            {"upload": [Refusal("", 503)]}, Unavailable, "platform_away", id="upload away"
        ),
        pytest.param(
            {"files.completeUploadExternal": [Refusal("internal_error", 500)]},
            Unavailable,
            "platform_away",
            id="away",
        ),
        pytest.param(
            {"chat.postMessage": [Refusal("ratelimited", 429, {"Retry-After": "3600"})]},
            Unavailable,
            "platform_busy",
            id="leave me alone",
        ),
        pytest.param(
            {"download": [Refusal("", 403)]}, UserError, "platform_permission_missing", id="may not"
        ),
        pytest.param(
            {"download": [Refusal("", 429)]}, Unavailable, "platform_busy", id="busy file"
        ),
        pytest.param(
            {"chat.postMessage": [Refusal("msg_too_long")]},
            UserError,
            "platform_refused",
            id="other",
        ),
    ],
)
def test_a_refusal_has_a_sentence(slack, check, sample, refusals, error, code):
    """And nothing of the sample stays where it was posted."""
    slack.refusals |= refusals

    with pytest.raises(error) as raised:
        check(sample)

    assert raised.value.code == code
    assert raised.value.facts["name"] == "Slack"
    assert slack.messages == {}


def test_a_missing_scope_is_named(slack, check, sample):
    slack.refusals["files.info"] = [Refusal("missing_scope", facts={"needed": "files:read"})]

    with pytest.raises(UserError) as raised:
        check(sample)

    assert raised.value.facts["value"] == "files:read"
    assert slack.files == {}


def test_a_channel_that_is_not_there_leaves_no_file_behind(slack, check, sample):
    with pytest.raises(UserError) as raised:
        check(sample, channel="C0")

    assert raised.value.code == "platform_channel_unknown"
    assert slack.files == {}


@pytest.mark.parametrize("door", ["redirect", "page"])
def test_whoever_is_sent_to_sign_in_may_not_read_files(slack, check, sample, door):
    """Slack shows a page in place of the file; nobody follows it with a token."""
    slack.door = door

    with pytest.raises(UserError) as raised:
        check(sample)

    assert raised.value.code == "platform_permission_missing"
    assert (slack.messages, slack.files) == ({}, {})


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example", "file:///etc", "http://127.0.0.1.evil.example"]
)
def test_the_token_goes_to_slacks_own_hosts_alone(slack, check, sample, elsewhere):
    """An answer that names another host is no answer of Slack's."""
    slack.elsewhere = elsewhere

    with pytest.raises(UserError) as raised:
        check(sample)

    assert raised.value.code == "platform_answer_unclear"
    assert slack.files == {}


def test_an_upload_that_fails_half_way_posts_nothing(slack, check, sample):
    slack.cuts_uploads = True

    with pytest.raises(Unavailable) as raised:
        check(sample)

    assert raised.value.code == "platform_away"
    assert slack.messages == {}


def test_a_server_that_is_not_there_is_away(sample):
    settings = SlackSettings(bot_token="t", api_url="http://127.0.0.1:9/api")

    with pytest.raises(Unavailable) as raised:
        SlackLabelCheck(settings, "C1")(sample)

    assert raised.value.code == "platform_away"


def test_a_page_in_place_of_an_answer_is_unclear(slack, sample):
    """A wrong address: the page where people sign in."""
    settings = SlackSettings(bot_token="t", api_url=f"{slack.address}/signin")

    with pytest.raises(UserError) as raised:
        SlackLabelCheck(settings, "C1")(sample)

    assert raised.value.code == "platform_answer_unclear"


def test_without_a_token_nothing_is_sent(slack, check, sample):
    with pytest.raises(UserError) as raised:
        check(sample, token="")

    assert raised.value.code == "platform_token_missing"
    assert raised.value.facts["setting"] == "EASEL_SLACK_BOT_TOKEN"
    assert slack.log == []


def test_the_token_is_in_no_log_and_no_error(slack, check, sample, caplog):
    """Not even at the loudest level of the library."""
    caplog.set_level("DEBUG")
    slack.refusals["chat.postMessage"] = [Refusal("not_in_channel")]

    with pytest.raises(UserError) as raised:
        check(sample)

    error = raised.value
    assert slack.token not in caplog.text + repr(error) + repr(error.facts) + str(error.__cause__)
