"""A sample goes to Discord and comes back in every form; what goes wrong has a sentence."""

import io

import pytest
import structlog
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from bot.discord_app.label_check import DiscordLabelCheck
from bot.label_samples import Sample
from bot.platform_settings import DiscordSettings
from core.errors import Unavailable, UserError
from tests.protocol.discord_files import DiscordFiles, Refusal
from tests.protocol.handing_out import without_metadata
from tests.protocol.loopback import served


@pytest.fixture(scope="module")
def sample():
    """A picture of the usual size, whose pixels do not compress to nothing."""
    image = Image.effect_noise((1280, 1024), 60).convert("RGB")
    out, texts = io.BytesIO(), PngInfo()
    texts.add_text("Label", "kept?")
    image.save(out, "PNG", pnginfo=texts, compress_level=1)
    return Sample("ab" * 8, out.getvalue(), "ai_x.png", "AI-generated · a sample", "A sample.")


@pytest.fixture
def discord():
    server = DiscordFiles()
    with served(server.app()) as address:
        server.address = address
        yield server
    assert server.violations == []


@pytest.fixture
def check(discord):
    """Check the server's channel, or another."""

    def check(sample, *, token=discord.token, channel=discord.channel, keep=False):
        settings = DiscordSettings(token=token, api_base=f"{discord.address}/api/v10")
        return DiscordLabelCheck(settings, channel, keep=keep)(sample)

    return check


def opened(data):
    return Image.open(io.BytesIO(data))


def test_the_sample_comes_back_in_every_form(discord, check, sample):
    """Original, media proxy and both previews, with the words around them; then it is gone."""
    fetched = check(sample)

    forms = fetched.renditions
    assert forms["original"] == sample.data
    assert opened(forms["proxy"]).size == (1280, 1024)
    assert {opened(forms[name]).format for name in ("preview", "preview_lossy")} == {"WEBP"}
    assert opened(forms["preview"]).size == (550, 440)
    assert len(forms["preview_lossy"]) < len(forms["preview"])
    assert (fetched.words, fetched.alt_text, fetched.file_name) == (
        sample.words, sample.alt_text, sample.file_name,
    )  # fmt: skip
    assert not fetched.is_left
    assert discord.messages == {}
    assert discord.calls() == ["me", "post", "cdn", "proxy", "proxy", "proxy", "delete"]


def test_what_discord_makes_of_a_file_is_what_comes_back(discord, check, sample):
    """As in March 2023: the same pixels, written anew."""
    discord.original = without_metadata

    original = check(sample).renditions["original"]

    assert original != sample.data
    assert opened(original).text == {}
    assert opened(original).tobytes() == opened(sample.data).tobytes()


def test_a_form_that_is_not_offered_is_none(discord, check, sample):
    """A 403 of the media proxy is no error of ours."""
    discord.preview = None

    forms = check(sample).renditions

    assert forms["original"] == sample.data
    assert (forms["proxy"], forms["preview"], forms["preview_lossy"]) == (None, None, None)


def test_a_sample_is_kept_where_that_is_asked_for(discord, check, sample):
    assert check(sample, keep=True).is_left
    assert len(discord.messages) == 1


def test_a_sample_that_can_not_be_deleted_is_told(discord, check, sample):
    """What was found is worth having all the same."""
    discord.refusals["delete"] = [Refusal(403, 50013)]

    with structlog.testing.capture_logs() as logs:
        fetched = check(sample)

    assert fetched.is_left
    assert fetched.renditions["original"] == sample.data
    assert [(each["event"], each["code"]) for each in logs] == [
        ("label_sample_left", "platform_permission_missing")
    ]


def test_a_pause_that_discord_asks_for_is_kept(discord, check, sample):
    """429 with Retry-After, then as if nothing had been."""
    discord.refusals["post"] = [
        Refusal(429, 0, {"Via": "1.1 x", "Retry-After": "1"}, {"retry_after": 0.6, "global": False})
    ]

    fetched = check(sample)

    (first, second) = [moment for call, moment in discord.log if call == "post"]
    assert second - first >= 0.6
    assert fetched.renditions["original"] == sample.data


@pytest.mark.parametrize(
    ("refusals", "error", "code"),
    [
        pytest.param({"me": [Refusal(401)]}, UserError, "platform_token_refused", id="token"),
        pytest.param(
            {"post": [Refusal(403, 50013)]}, UserError, "platform_permission_missing", id="may not"
        ),
        pytest.param(
            {"post": [Refusal(404, 10003)]}, UserError, "platform_channel_unknown", id="channel"
        ),
        pytest.param({"post": [Refusal(413, 40005)]}, UserError, "platform_refused", id="size"),
        pytest.param({"post": [Refusal(503)]}, Unavailable, "platform_away", id="away"),
        pytest.param({"me": [Refusal(404)]}, UserError, "platform_refused", id="other server"),
        pytest.param(
            {"post": [Refusal(429, 0, {"Via": "1.1 x"}, {"retry_after": 3600.0})]},
            Unavailable,
            "platform_busy",
            id="leave me alone",
        ),
        pytest.param({"me": [Refusal(429)]}, Unavailable, "platform_busy", id="address barred"),
        pytest.param(
            {"post": [Refusal(200)]}, UserError, "platform_answer_unclear", id="no message"
        ),
    ],
)
def test_a_refusal_has_a_sentence(discord, check, sample, refusals, error, code):
    """And nothing of the sample stays."""
    discord.refusals |= refusals

    with pytest.raises(error) as raised:
        check(sample)

    assert raised.value.code == code
    assert raised.value.facts["name"] == "Discord"
    assert discord.messages == {}


@pytest.mark.parametrize("status", [429, 503])
def test_a_sample_that_can_not_be_fetched_is_deleted(discord, check, sample, status):
    """A check that fails half way leaves nothing behind."""
    discord.refusals["proxy"] = [Refusal(status, 0, {"Retry-After": "9"})]

    with pytest.raises(Unavailable):
        check(sample)

    assert discord.calls()[-1] == "delete"
    assert discord.messages == {}


def test_an_upload_that_fails_half_way_leaves_nothing(discord, check, sample):
    discord.cuts_uploads = True

    with pytest.raises(Unavailable) as raised:
        check(sample)

    assert raised.value.code == "platform_away"
    assert discord.messages == {}


def test_a_server_that_is_not_there_is_away(sample):
    settings = DiscordSettings(token="t", api_base="http://127.0.0.1:9/api/v10")

    with pytest.raises(Unavailable) as raised:
        DiscordLabelCheck(settings, "1")(sample)

    assert raised.value.code == "platform_away"


@pytest.mark.parametrize("channel", ["general", "#general", "12x", "", "٣"])
def test_what_is_no_channels_id_is_refused_before_anything_is_sent(discord, check, sample, channel):
    with pytest.raises(UserError) as raised:
        check(sample, channel=channel)

    assert raised.value.code == "platform_channel_unknown"
    assert discord.log == []


def test_without_a_token_nothing_is_sent(discord, check, sample):
    with pytest.raises(UserError) as raised:
        check(sample, token="")

    assert raised.value.code == "platform_token_missing"
    assert raised.value.facts["setting"] == "EASEL_DISCORD_TOKEN"
    assert discord.log == []


def test_the_token_is_in_no_log_and_no_error(discord, check, sample, caplog):
    """Not even at the loudest level of the library."""
    caplog.set_level("DEBUG")
    discord.refusals["post"] = [Refusal(403, 50013)]

    with pytest.raises(UserError) as raised:
        check(sample)

    error = raised.value
    assert discord.token not in caplog.text + repr(error) + repr(error.facts) + str(error.__cause__)
