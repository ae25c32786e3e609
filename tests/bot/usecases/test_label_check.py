"""A sample is labelled as any picture, posted, read back in every form, and remembered."""

from dataclasses import replace

import pytest

from bot.label_samples import Fetched
from bot.sample_picture import draw_sample
from bot.usecases.label_check import MESSAGE, LabelChecker
from core.contracts.label_checks import CheckedPlatform, Fate, Sign
from core.contracts.registry import MarkState
from core.errors import Unavailable
from core.provenance.keys import load_or_create_keys
from core.provenance.mark.keys import FILE as MARK_KEYS
from core.provenance.mark.marker import load_marker
from core.provenance.stamp import Stamper
from tests.protocol.handing_out import encoded, without_metadata

DISCORD, SLACK = CheckedPlatform.DISCORD, CheckedPlatform.SLACK
KEPT, BROKEN, LOST = Fate.KEPT, Fate.BROKEN, Fate.LOST


@pytest.fixture(scope="module")
def keys_dir(tmp_path_factory):
    return tmp_path_factory.mktemp("keys")


@pytest.fixture
def make_checker(services, keys_dir):
    """Build a checker as the command does, with a method of marking or none."""

    def make(backend):
        keys, marker = load_or_create_keys(keys_dir), load_marker(keys_dir, backend=backend)
        return LabelChecker(
            store=services.store,
            clock=services.clock,
            policy=services.gate.policy,
            stamper=Stamper(keys, marker),
            anchors=keys.anchors,
            marker=marker,
        )

    return make


@pytest.fixture
def checker(make_checker, keys_dir, monkeypatch):
    """A quick one: a small sample without a mark, which nobody then has to look for."""
    small = draw_sample().resize((320, 256))
    monkeypatch.setattr("bot.sample_picture.draw_sample", lambda: small)
    (keys_dir / MARK_KEYS).unlink(missing_ok=True)
    return make_checker("off")


class Platform:
    """A platform in a few lines: hands files out as a test says."""

    def __init__(self, **forms):
        self.forms = forms or {"original": lambda data: data}
        self.posted = []
        self.change = lambda fetched: fetched

    def __call__(self, sample):
        self.posted.append(sample)
        forms = {name: form and form(sample.data) for name, form in self.forms.items()}
        return self.change(
            Fetched(forms, sample.words, sample.alt_text, sample.file_name, is_left=False)
        )


def preview(data):
    return encoded(data, "WEBP", (550, 440), lossless=True, method=0)


def fates(checked, rendition):
    return {sign.value: fate for sign, fate in checked.check.renditions[rendition].fates.items()}


def test_each_form_is_told_layer_by_layer(make_checker, services):
    """The original as it was, the pixels alone in a preview, and one form that there is not."""
    checker = make_checker("easel.ss64")
    platform = Platform(original=lambda data: data, preview=preview, thumb=None)

    checked = checker.check(DISCORD, platform)

    with services.store.reading() as unit:
        mark = unit.registry.get(checked.check.verify_id).mark
    assert (mark.state, mark.mark_id) == (MarkState.MARKED, checked.check.verify_id)
    everything = ["bytes", "c2pa", "xmp", "mark", "fingerprint"]
    assert fates(checked, "original") == dict.fromkeys(everything, KEPT)
    assert fates(checked, "preview") == {
        "bytes": LOST, "c2pa": LOST, "xmp": LOST, "mark": KEPT, "fingerprint": KEPT,
    }  # fmt: skip
    assert not checked.check.renditions["thumb"].is_offered
    assert set(fates(checked, MESSAGE).values()) == {KEPT}
    assert (checked.before, checked.changes, checked.is_left) == (None, (), False)


def test_a_sample_is_registered_as_any_labelled_file(checker, services):
    """Before it leaves; its thumbnail goes with it, its id stays."""
    known = []

    def post(sample):
        with services.store.reading() as unit:
            record = unit.registry.get(sample.verify_id)
            known.append((record, unit.registry.thumbnail(sample.verify_id)))
        return Platform()(sample)

    checker.check(DISCORD, post)

    ((record, thumbnail),) = known
    assert (record.job_id, record.model) == (None, "label-check")
    assert record.mark.state is MarkState.OFF
    assert thumbnail
    with services.store.reading() as unit:
        assert unit.registry.get(record.verify_id) == record
        assert unit.registry.thumbnail(record.verify_id) is None


def test_what_a_sample_says_of_itself_is_what_pictures_say(checker):
    """The label first, the id, and a file's name without any words."""
    platform = Platform()

    checker.check(DISCORD, platform)

    (sample,) = platform.posted
    assert sample.words.startswith("AI-generated")
    assert sample.alt_text.startswith("AI-generated")
    assert sample.verify_id in sample.words
    assert sample.file_name == f"ai_{sample.verify_id}.png"


def test_a_platform_that_begins_to_strip_is_found_out(checker, services, clock):
    """Held to the last check of the same platform, and kept as the next one's measure."""
    checker.check(DISCORD, Platform())
    clock.move(60)
    checker.check(SLACK, Platform(original=without_metadata))
    clock.move(60)

    same = checker.check(DISCORD, Platform())
    clock.move(60)
    stripped = checker.check(DISCORD, Platform(original=without_metadata))

    assert same.changes == ()
    assert [(each.sign, each.now) for each in stripped.changes] == [
        (Sign.BYTES, LOST), (Sign.C2PA, LOST), (Sign.XMP, LOST),
    ]  # fmt: skip
    assert stripped.before == same.check
    with services.store.reading() as unit:
        assert unit.label_checks.newest(DISCORD, limit=1) == [stripped.check]


def test_words_that_a_platform_drops_or_cuts_are_told(checker):
    platform = Platform()
    platform.change = lambda fetched: replace(
        fetched, words="a link ", alt_text="", file_name=f"unknown_{fetched.file_name}"
    )

    checked = checker.check(DISCORD, platform)

    assert fates(checked, MESSAGE) == {"visible": BROKEN, "alt_text": LOST, "file_name": KEPT}


def test_a_sample_that_stays_keeps_its_thumbnail(checker, services):
    """It is still there to be asked about."""
    platform = Platform()
    platform.change = lambda fetched: replace(fetched, is_left=True)

    checked = checker.check(DISCORD, platform)

    assert checked.is_left
    with services.store.reading() as unit:
        assert unit.registry.thumbnail(checked.check.verify_id)


def test_a_check_that_fails_is_no_part_of_the_history(checker, services):
    """The next one is compared with the last that came back whole."""
    samples = []

    def away(sample):
        samples.append(sample)
        raise Unavailable("platform_away", name="Discord")

    with pytest.raises(Unavailable):
        checker.check(DISCORD, away)

    with services.store.reading() as unit:
        assert unit.label_checks.newest(DISCORD, limit=1) == []
        assert unit.registry.thumbnail(samples[0].verify_id) is None
