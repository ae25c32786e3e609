"""The small check sees what it says it sees, and a model behind it never makes it milder."""

from datetime import UTC, datetime

import pytest
from PIL import Image, ImageDraw

from core.contracts.verdicts import CheckState, Decision
from moderation.classifiers.base import BlindCheck, ScoreError
from moderation.classifiers.image import PictureCheck, SmallCheck
from moderation.engine import Gate
from moderation.hashes import DenyList, picture_hash
from moderation.policy import MissingCheck, load_policy
from tests.moderation.test_hashes import SHEET, tiles

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Model:
    """A model with one opinion."""

    name, version = "model", "7"

    def __init__(self, answer):
        self.answer = answer
        self.asked = 0

    def score(self, images):
        self.asked += len(images)
        if isinstance(self.answer, Exception):
            raise self.answer
        return [self.answer for _ in images]


class Truncated:
    """A picture whose file ends too early: every look at its pixels fails."""

    mode, size = "RGB", (64, 64)

    def convert(self, _mode):
        raise OSError("image file is truncated")

    tobytes = convert


@pytest.fixture(scope="module")
def policy():
    return load_policy()


@pytest.fixture(scope="module")
def drawn():
    return tiles(14)


@pytest.fixture
def denied(tmp_path, drawn):
    path = tmp_path / "deny.txt"
    path.write_text(f"{picture_hash(drawn[0]).digits} gore_graphic\n", "utf-8")
    return DenyList(path)


def ask(policy, check, image):
    return Gate(policy, image_classifier=check).screen_image(
        image, community_id="local", job_id=None, now=NOW
    )


def lenient(policy):
    """Let a policy allow every category that it may."""
    categories = {
        code: category.model_copy(update={"action": Decision.ALLOW})
        for code, category in policy.categories.items()
    }
    return policy.model_copy(update={"categories": categories})


def test_nothing_that_the_shipped_model_draws_is_held(policy):
    """All 165 pictures of the sample sheet."""
    sheet = Image.open(SHEET).convert("RGB")
    check = SmallCheck()
    count = 0

    for top in range(3, sheet.height - 95, 122):
        for left in range(3, sheet.width - 95, 99):
            tile = sheet.crop((left, top, left + 96, top + 96))
            if len(tile.getcolors(9216)) > 1:  # One colour: the end of the last row.
                count += 1
                assert check.score([tile]) == [{}]

    assert count == 165


def test_a_picture_of_one_colour_is_held(policy):
    image = Image.new("RGB", (128, 128), "black")
    ImageDraw.Draw(image).point((5, 5), "white")

    verdict = ask(policy, SmallCheck(), image)

    assert (verdict.decision, verdict.note) == (Decision.REVIEW, "picture_blank")


def test_a_picture_that_cannot_be_read_is_of_the_worst_class(policy):
    assert ask(policy, SmallCheck(), Truncated()).decision is Decision.BLOCK
    assert ask(lenient(policy), SmallCheck(), Truncated()).decision is Decision.REVIEW


def test_a_picture_without_pixels_cannot_be_read():
    (scores,) = SmallCheck().score([Image.new("RGB", (0, 0))])

    assert scores["sexual_explicit"] == 1.0


def test_a_denied_picture_is_refused_and_never_just_allowed(policy, denied, drawn):
    check = SmallCheck(denied)

    refused = ask(policy, check, drawn[0])
    assert (refused.decision, refused.category) == (Decision.BLOCK, "gore_graphic")
    assert ask(lenient(policy), check, drawn[0]).decision is Decision.REVIEW
    assert ask(policy, check, drawn[1]).decision is Decision.ALLOW


def test_a_deny_list_that_broke_holds_every_picture(policy, tmp_path, drawn):
    path = tmp_path / "deny.txt"
    path.write_text("", "utf-8")
    check = SmallCheck(DenyList(path))
    path.unlink()

    verdict = ask(policy, check, drawn[1])

    assert verdict.decision is Decision.REVIEW
    assert verdict.checks[0].state is CheckState.FAILED


def test_the_small_check_does_not_stand_for_one_that_knows_what_a_picture_shows(policy, drawn):
    cautious = policy.model_copy(update={"image_check_missing": MissingCheck.REVIEW})

    verdict = ask(cautious, SmallCheck(), drawn[1])
    assert (verdict.decision, verdict.note) == (Decision.REVIEW, "image_check_missing")
    assert ask(cautious, PictureCheck(SmallCheck(), Model({})), drawn[1]).note is None


@pytest.mark.parametrize(
    ("score", "decision"),
    [(0.1, Decision.ALLOW), (0.45, Decision.REVIEW), (0.9, Decision.BLOCK)],
)
def test_doubt_about_a_picture_is_a_review(policy, drawn, score, decision):
    check = PictureCheck(SmallCheck(), Model({"sexual_explicit": score}))

    assert ask(policy, check, drawn[1]).decision is decision


def test_of_model_and_small_check_the_stricter_counts(policy, denied, drawn):
    model = Model({"gore_graphic": 0.0, "sexual_explicit": 0.2})
    check = PictureCheck(SmallCheck(denied), model)

    (scores,) = check.score([drawn[0]])

    assert scores["gore_graphic"] == 1.0
    assert scores["sexual_explicit"] == 0.2
    assert ask(policy, check, drawn[0]).decision is Decision.BLOCK
    assert (check.name, check.version) == ("model", "7+1")
    assert not isinstance(check, BlindCheck)


def test_a_model_is_not_asked_about_what_cannot_be_read():
    model = Model({})

    PictureCheck(SmallCheck(), model).score([Truncated()])

    assert model.asked == 0


@pytest.mark.parametrize(
    "answer", [RuntimeError("broken"), {"sexual_explicit": float("nan")}], ids=["raises", "nan"]
)
def test_a_model_that_fails_holds(policy, drawn, answer):
    check = PictureCheck(SmallCheck(), Model(answer))

    verdict = ask(policy, check, drawn[1])

    assert verdict.decision is Decision.REVIEW
    assert verdict.checks[0].state is CheckState.FAILED
    if isinstance(answer, dict):
        with pytest.raises(ScoreError):
            check.score([drawn[1]])


def test_a_model_that_is_too_slow_holds(policy, drawn):
    """It waits for what never comes, and the gate does not."""
    from threading import Event

    never = Event()

    class Slow(Model):
        def score(self, _images):
            never.wait()

    gate = Gate(policy, image_classifier=PictureCheck(SmallCheck(), Slow({})), timeout_s=0.05)
    verdict = gate.screen_image(drawn[1], community_id="local", job_id=None, now=NOW)
    never.set()

    assert verdict.decision is Decision.REVIEW
    assert verdict.checks[0].state is CheckState.TIMED_OUT
