"""Every place has its gate: of what is in force there now, and closed where that cannot be read."""

import shutil

import pytest
from structlog.testing import capture_logs

from core.contracts.actors import Actor
from core.contracts.policies import Level, PolicyDeed, Scope
from core.contracts.verdicts import Decision, Stage
from core.storage import Store
from core.storage.policy_models import PolicyVersionRow
from moderation.engine import Gate
from moderation.features import features_of, is_whole, remember
from moderation.gates import LOOK_EVERY_S, UNREADABLE, Gates
from moderation.inquiry import Subject, digest_of
from moderation.policy import DEFAULT_POLICY, load_policy
from moderation.policy_file import part_layer
from moderation.policy_versions import new_version
from moderation.rules import CompiledRule, ScreenedText
from tests.moderation.conftest import COMMUNITY, NOW

ADA = Actor(community_id="local", member_id="web:ada", display_name="Ada")
LOCAL = Scope(community_id="local")
GENERAL = Scope(community_id="local", channel_id="general")
REVIEWED = "categories: {sexual_explicit: {action: review}}"


class Seconds:
    """A clock that stands until it is moved."""

    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    path = tmp_path_factory.mktemp("empty") / "easel.db"
    store = Store(f"sqlite:///{path}")
    store.migrate()
    store.close()
    return path


@pytest.fixture
def store(tmp_path, empty):
    made = Store(f"sqlite:///{shutil.copy(empty, tmp_path)}")
    yield made
    made.close()


@pytest.fixture
def clock():
    return Seconds()


@pytest.fixture
def gates(store, gate, clock):
    return Gates(store, gate, clock=clock)


def put(store, scope, source, deed=PolicyDeed.ACTIVATED):
    layer = part_layer(scope.level, "part", source)
    with store.unit() as unit:
        version = new_version(
            unit.policies.in_force(scope),
            unit.policies.next_number(scope),
            layer,
            by=ADA,
            note="",
            now=NOW,
        )
        unit.policies.add(version)
        if deed is PolicyDeed.ACTIVATED:
            unit.policies.put_in_force(scope, version.version_id, now=NOW)
        else:
            unit.policies.put_in_shadow(scope, version.version_id, now=NOW)
        unit.policies.note(scope, deed, version.version_id, by=ADA, facts={}, now=NOW)
    return version


def decision(gate, text):
    screened = [ScreenedText("prompt", text)]
    return gate.screen_rules(screened, community_id=COMMUNITY, now=NOW).decision


def test_without_versions_the_organisations_gate_is_everybodys(gates, gate):
    assert gates.of("local", "general") is gate


def test_a_part_holds_in_its_scope_alone(gates, store):
    put(store, LOCAL, REVIEWED)
    put(store, GENERAL, "categories: {sexual_explicit: {action: allow}}")

    assert decision(gates.of("local", "general"), "porn") is Decision.ALLOW
    assert decision(gates.of("local", "other"), "porn") is Decision.REVIEW
    assert decision(gates.of("elsewhere", "general"), "porn") is Decision.BLOCK
    assert decision(gates.of("local", "general"), "child porn") is Decision.BLOCK


def test_equal_places_share_a_gate(gates, store):
    put(store, LOCAL, REVIEWED)

    assert gates.of("local", "a") is gates.of("local", "b")


def test_an_activation_is_seen_within_a_second(gates, store, clock):
    """By a process that did not make it; until then the store is not asked at all."""
    assert decision(gates.of("local", "general"), "porn") is Decision.BLOCK

    put(store, LOCAL, REVIEWED)
    unseen = decision(gates.of("local", "general"), "porn")
    clock.now += LOOK_EVERY_S
    seen = decision(gates.of("local", "general"), "porn")

    assert (unseen, seen) == (Decision.BLOCK, Decision.REVIEW)


def test_ones_own_activation_is_seen_at_once(gates, store):
    gates.of("local", "general")

    put(store, LOCAL, REVIEWED)
    gates.look_again()

    assert decision(gates.of("local", "general"), "porn") is Decision.REVIEW


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param({"source": "title: Other"}, id="another text than was proposed"),
        pytest.param({"source": ""}, id="an empty policy"),
        pytest.param({"source": "a: b: c"}, id="no YAML"),
        pytest.param(
            {"source": "categories: {sexual_explicitly: {action: allow}}"}, id="unknown category"
        ),
    ],
)
@pytest.mark.parametrize("is_digest_forged", [False, True])
def test_a_corrupt_policy_holds_everything_of_its_place(gates, store, damage, is_digest_forged):
    """Fails closed: held, or refused by the organisation's rules; never drawn. The log says so."""
    from moderation.policy_versions import digest_of as digest_of_source

    version = put(store, LOCAL, REVIEWED)
    if is_digest_forged:
        if damage["source"] == "title: Other":
            damage = {"source": "titel: Other"}
        damage = {**damage, "sha256": digest_of_source(damage["source"], {})}
    with store.unit() as unit:
        row = unit.policies._session.get(PolicyVersionRow, version.version_id)
        for key, value in damage.items():
            setattr(row, key, value)

    with capture_logs() as logs:
        place = gates.place("local", "general")

    verdict = place.gate.screen_rules(
        [ScreenedText("prompt", "a red apple")], community_id=COMMUNITY, now=NOW
    )
    assert (verdict.decision, verdict.note) == (Decision.REVIEW, UNREADABLE)
    assert decision(place.gate, "porn") is Decision.BLOCK
    assert place.fault in {"policy_corrupt", "policy_invalid"}
    assert logs[0]["event"] == UNREADABLE
    assert logs[0]["log_level"] == "error"
    assert decision(gates.of("elsewhere", "general"), "a red apple") is Decision.ALLOW


def test_a_policy_file_that_changed_under_us_holds_what_is_laid_over_it(store, gate, tmp_path):
    """Nobody can tell any more what the parts were checked against."""
    own = tmp_path / "own.yaml"
    own.write_text(DEFAULT_POLICY.read_text("utf-8").replace("title: PG-13", "title: Other"))
    gates = Gates(store, gate, own)
    put(store, LOCAL, REVIEWED)

    assert gates.place("local", "general").fault == "policy_file_changed"
    assert gates.of("elsewhere", "general") is gate


def test_a_rule_that_breaks_under_a_part_holds_the_request(gates, store, monkeypatch):
    put(store, LOCAL, REVIEWED)
    gate = gates.of("local", "general")
    monkeypatch.setattr(CompiledRule, "find", lambda *_args, **_options: 1 / 0)

    verdict = gate.screen_rules(
        [ScreenedText("prompt", "a red apple")], community_id=COMMUNITY, now=NOW
    )

    assert (verdict.decision, verdict.note) == (Decision.REVIEW, "check_failed")
    assert not is_whole(verdict, gates.place("local", "general"))


def asked(gates, text):
    place = gates.place("local", "general")
    texts = [ScreenedText("prompt", text)]
    subject = Subject(Stage.RULES, COMMUNITY, None, NOW, digest_of(texts))
    examined = place.gate.examine(texts, subject)
    features = features_of(
        examined, texts, channel_id="general", member_id="web:ada", is_age_restricted=False
    )
    return examined.verdict, features, place


def test_a_candidate_in_shadow_changes_nothing_and_is_heard(gates, store):
    candidate = put(store, LOCAL, REVIEWED, PolicyDeed.SHADOWED)

    with store.unit() as unit:
        for text in ("porn", "a red apple"):
            verdict, features, place = asked(gates, text)
            remember(unit, features, place)

    assert decision(gates.of("local", "general"), "porn") is Decision.BLOCK
    with store.reading() as unit:
        total, [one] = unit.features.disagreements("local", candidate.version_id)
        assert len(list(unit.features.since("local", NOW))) == 2
        assert list(unit.policies.prints()) == [verdict.policy_version]
    assert total == 1
    assert (one.decision, one.would_decide) == (Decision.BLOCK, Decision.REVIEW)
    assert one.rule == "rule:explicit.terms"


def test_levels_of_scopes_are_those_of_layers():
    assert [Scope().level, LOCAL.level, GENERAL.level] == list(Level)
    assert load_policy().version == Gate(load_policy()).policy.version
