"""A classifier in shadow is asked about live prompts, is heard where it differs, and changes nothing."""

import threading

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from core.contracts.features import Asked
from core.contracts.verdicts import Decision, Stage
from core.errors import Unavailable
from core.storage import Store
from moderation import shadowing
from moderation.classifiers.screen_files import ModelError
from moderation.engine import Gate
from moderation.features import features_of
from moderation.inquiry import Subject, digest_of
from moderation.rules import ScreenedText
from moderation.shadowing import Live, Shadow
from tests.moderation.conftest import COMMUNITY, NOW
from tests.moderation.test_engine import FakeClassifier
from tests.moderation.test_replay import policy_with

POLICY = (
    "categories: {shock_disturbing: {thresholds: {review: 0.5, block: 1.0}}, "
    "gore_graphic: {thresholds: {review: 0.5, block: 0.8}}}"
)
PROMPT = "a zebra in the quiet harbour"
CANDIDATE = "classifier:guard@2"


class Guard:
    """Answer by a function of the inputs, and tell who waits that it was asked."""

    name, version = "guard", "2"

    def __init__(self, answer):
        self.answer = answer
        self.asked = threading.Semaphore(0)

    def score(self, inputs):
        self.asked.release()
        return self.answer(inputs)

    def wait(self, times=1):
        for _ in range(times):
            assert self.asked.acquire(timeout=60)


def saying(**scores):
    return Guard(lambda inputs: [scores for _ in inputs])


def failing(_inputs):
    raise RuntimeError(PROMPT)


def hanging(_inputs):
    threading.Event().wait(5)


@pytest.fixture(scope="module")
def policy():
    return policy_with(POLICY)


@pytest.fixture
def store(tmp_path):
    made = Store(f"sqlite:///{tmp_path / 'easel.db'}")
    made.migrate()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """A test waits for the answer that is being given, however busy the machine is."""
    monkeypatch.setattr(shadowing, "STOP_S", 60.0)


def decided(policy, text=PROMPT, classifier=None):
    """Decide a prompt as the screening process does."""
    gate = Gate(policy, classifier=classifier)
    texts = [ScreenedText("prompt", text)]
    examined = gate.examine(texts, Subject(Stage.PROMPT, COMMUNITY, "job7", NOW, digest_of(texts)))
    features = features_of(
        examined, texts, channel_id="general", member_id="web:ada", is_age_restricted=False
    )
    return Live(gate, texts, examined.verdict, features)


def ask(store, guard, *lives, timeout_s=60.0):
    """Have a guard asked about some prompts; say what is on record then."""
    shadow = Shadow(store, lambda: guard, timeout_s, lambda: NOW)
    for live in lives:
        shadow.offer(live)
    shadow.start()
    guard.wait(len(lives))
    shadow.stop()
    with store.reading() as unit:
        tallies = unit.shadows.tallies(COMMUNITY)
        return tallies, unit.features.disagreements(COMMUNITY, CANDIDATE)[1]


def counted(result):
    return REGISTRY.get_sample_value("moderation_shadow_prompts_total", {"result": result}) or 0


def test_where_it_would_decide_otherwise_is_on_record_with_its_score(store, policy):
    """The decision of the same policy with the other's scores; the log has it too, wordless."""
    live = decided(policy, classifier=FakeClassifier(gore_graphic=0.1))
    before = counted("disagreed")

    with capture_logs() as logs:
        [tally], [one] = ask(store, saying(gore_graphic=0.85), live)

    assert (one.decision, one.category) == (Decision.ALLOW, None)
    assert (one.would_decide, one.would_name, one.would_score) == (
        Decision.BLOCK,
        "gore_graphic",
        0.85,
    )
    assert (one.rule, one.job_id) == (CANDIDATE, "job7")
    assert (tally.candidate, tally.asked, tally.disagreed, tally.failed) == (CANDIDATE, 1, 1, 0)
    assert counted("disagreed") == before + 1
    assert "shadow_disagreed" in [entry["event"] for entry in logs]
    assert "zebra" not in str(logs)
    assert live.verdict.decision is Decision.ALLOW


def test_where_it_lets_pass_the_one_in_force_is_named(store, policy):
    live = decided(policy, classifier=FakeClassifier(gore_graphic=0.6))

    _, [one] = ask(store, saying(gore_graphic=0.2), live)

    assert (one.decision, one.would_decide, one.would_name) == (
        Decision.REVIEW,
        Decision.ALLOW,
        None,
    )
    assert (one.rule, one.would_score) == ("classifier:fake@1", 0.2)


def test_another_category_is_a_disagreement(store, policy):
    live = decided(policy, classifier=FakeClassifier(gore_graphic=0.6))

    _, [one] = ask(store, saying(shock_disturbing=0.9), live)

    assert (one.category, one.would_name) == ("gore_graphic", "shock_disturbing")


def test_it_is_heard_where_no_classifier_is_in_force(store, policy):
    """So that a house without one sees what one would do."""
    _, [one] = ask(store, saying(gore_graphic=0.6), decided(policy))

    assert (one.decision, one.would_decide) == (Decision.ALLOW, Decision.REVIEW)


def test_where_it_agrees_it_is_only_counted(store, policy):
    lives = [decided(policy, classifier=FakeClassifier(gore_graphic=0.6)) for _ in range(3)]
    before = counted("agreed")

    [tally], rows = ask(store, saying(gore_graphic=0.7), *lives)

    assert rows == []
    assert (tally.asked, tally.disagreed) == (3, 0)
    assert counted("agreed") == before + 3


def test_without_a_category_there_is_no_score(store):
    """Held because nothing had read it; the other lets it pass."""
    live = decided(policy_with(POLICY, "classifier_missing: review"))

    _, [one] = ask(store, saying(gore_graphic=0.1), live)

    assert (one.would_decide, one.would_score, one.rule) == (Decision.ALLOW, None, "")


@pytest.mark.parametrize(
    ("answer", "event"),
    [
        pytest.param(failing, "classifier_failed", id="raises"),
        pytest.param(hanging, "classifier_timed_out", id="hangs"),
        pytest.param(lambda _: [], "classifier_failed", id="answers nonsense"),
        pytest.param(lambda _: [{"gore_graphic": 7.0}], "classifier_failed", id="no probability"),
    ],
)
def test_its_failure_is_a_line_in_the_log_and_a_count(store, policy, answer, event):
    """And goes on to the next prompt; nothing of it reaches the verdict or the list."""
    lives = [decided(policy, classifier=FakeClassifier(gore_graphic=0.6)) for _ in range(2)]
    before = counted("failed")

    with capture_logs() as logs:
        [tally], rows = ask(store, Guard(answer), *lives, timeout_s=0.05)

    assert [entry["event"] for entry in logs].count(event) == 2
    assert "zebra" not in str(logs)
    assert (tally.asked, tally.failed, rows) == (2, 2, [])
    assert counted("failed") == before + 2
    assert [live.verdict.decision for live in lives] == [Decision.REVIEW] * 2


def test_a_fault_of_ours_ends_nothing_either(store, policy, monkeypatch):
    guard = saying(gore_graphic=0.9)

    def broken(_gate, *_):
        guard.asked.release()
        raise ZeroDivisionError(PROMPT)

    monkeypatch.setattr(Gate, "with_classifier", broken)

    with capture_logs() as logs:
        [tally], _ = ask(store, guard, decided(policy), decided(policy))

    assert [entry["event"] for entry in logs].count("shadow_failed") == 2
    assert "zebra" not in str(logs)
    assert tally.failed == 2


def test_one_that_cannot_be_loaded_is_told_once_and_counted(store, policy):
    """What had waited while it was loading, and all that comes later."""

    def load():
        raise ModelError("guard: no such folder")

    shadow, before = Shadow(store, load, 1.0), counted("failed")

    with capture_logs() as logs:
        shadow.offer(decided(policy))
        shadow.start()
        shadow.stop()
        shadow.offer(decided(policy))

    assert [(each["event"], each.get("reason")) for each in logs] == [
        ("shadow_not_loaded", "guard: no such folder")
    ]
    assert counted("failed") == before + 2


def test_what_rules_refused_is_not_asked_about(store, policy):
    live = decided(policy, "porn", FakeClassifier())
    guard = saying()

    ask(store, guard, decided(policy, classifier=FakeClassifier()))
    shadow = Shadow(store, lambda: guard, 1.0)
    shadow.offer(live)
    shadow.start()
    shadow.stop()

    assert live.features.classifier is Asked.SPARED
    assert not guard.asked.acquire(blocking=False)


def test_what_comes_too_fast_is_dropped_and_counted(store, policy, monkeypatch):
    monkeypatch.setattr(shadowing, "WAITING_MOST", 2)
    shadow, before = Shadow(store, lambda: None, 1.0), counted("dropped")

    for _ in range(5):
        shadow.offer(decided(policy))

    assert counted("dropped") == before + 3
    shadow.stop()  # It never began.


def test_the_end_of_a_process_waits_for_one_answer_and_no_more(store, policy):
    is_free = threading.Event()
    guard = Guard(lambda inputs: is_free.wait(60) and [{} for _ in inputs])
    shadow = Shadow(store, lambda: guard, 60.0, lambda: NOW)
    for _ in range(3):
        shadow.offer(decided(policy))
    shadow.start()
    guard.wait()

    ending = threading.Thread(target=shadow.stop)
    ending.start()
    assert shadow._is_over.wait(60)
    is_free.set()
    ending.join(60)

    with store.reading() as unit:
        [tally] = unit.shadows.tallies(COMMUNITY)
    assert tally.asked == 1


def test_a_database_that_is_away_costs_the_answers_and_no_more(store, policy, monkeypatch):
    def away(_store):
        raise Unavailable("database_away")

    with capture_logs() as logs, monkeypatch.context() as patch:
        patch.setattr(Store, "unit", away)
        ask(store, saying(), decided(policy), decided(policy))

    lost = [entry for entry in logs if entry["event"] == "shadow_not_written"]
    assert sum(entry["answers"] for entry in lost) == 2
