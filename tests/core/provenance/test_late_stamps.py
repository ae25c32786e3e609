"""A file that left without a time stamp gets one later, beside it, if its authority is back."""

import hashlib

import pytest
from sqlalchemy import update

from core.contracts.registry import TimeState
from core.errors import NotFound
from core.provenance.authority_time import TimeAuthority
from core.provenance.late_stamps import AT_A_TIME, kept_time, proven_state, stamp_late
from core.storage import Store
from core.storage.registry_models import RegistryRow
from tests.core.provenance.clock import Clock, serving
from tests.core.storage.samples import a_record


@pytest.fixture
def store(tmp_path):
    made = Store(f"sqlite:///{tmp_path / 'easel.db'}")
    made.migrate()
    yield made
    made.close()


@pytest.fixture(scope="module")
def clock(tmp_path_factory):
    return Clock(tmp_path_factory.mktemp("clock") / "authority")


@pytest.fixture
def authority(clock):
    clock.behave = clock.granted
    clock.asked.clear()
    clock.released.clear()
    with serving(clock) as url:
        yield TimeAuthority(url, clock.root_pem, timeout_s=5.0)


def _leave(store, number=1, state=TimeState.PENDING):
    """Record some files that were signed; their ids."""
    records = [
        a_record(f"{each:016x}", sha256=hashlib.sha256(bytes([each])).hexdigest(), time_state=state)
        for each in range(number)
    ]
    with store.unit() as unit:
        for record in records:
            unit.registry.add(record)
    return [record.verify_id for record in records]


def _states(store, ids):
    with store.reading() as unit:
        return [unit.registry.get(each).time_state for each in ids]


def test_pending_files_get_their_time(store, authority):
    """Over the hash of the bytes that were posted, and checked anew when it is asked for."""
    ids = _leave(store, 2)

    assert stamp_late(store, authority) == 2

    assert _states(store, ids) == [TimeState.STAMPED] * 2
    assert all(kept_time(store, each, authority.roots) is not None for each in ids)
    assert stamp_late(store, authority) == 0


def test_files_that_want_no_time_are_left_alone(store, authority, clock):
    ids = _leave(store, 1, TimeState.NONE)

    assert stamp_late(store, authority) == 0

    assert (_states(store, ids), clock.asked) == ([TimeState.NONE], [])
    assert kept_time(store, ids[0], authority.roots) is None


def test_authority_that_is_still_away_is_asked_once(store, authority, clock):
    ids = _leave(store, 3)
    clock.behave = lambda _question: 503

    assert stamp_late(store, authority) == 0

    assert len(clock.asked) == 1
    assert _states(store, ids) == [TimeState.PENDING] * 3


def test_what_was_had_before_it_failed_is_kept(store, authority, clock):
    ids = _leave(store, 3)
    clock.behave = lambda question: clock.granted(question) if len(clock.asked) < 3 else 503

    assert stamp_late(store, authority) == 2

    assert sorted(_states(store, ids)) == [TimeState.PENDING, *[TimeState.STAMPED] * 2]


def test_a_round_takes_a_bounded_number(store, authority, monkeypatch):
    _leave(store, AT_A_TIME + 1)
    stamp = authority.stamp("ab" * 32)
    monkeypatch.setattr(TimeAuthority, "stamp", lambda _self, _sha256: stamp)

    assert stamp_late(store, authority) == AT_A_TIME
    assert stamp_late(store, authority) == 1


def test_token_that_was_put_on_another_file_proves_nothing(store, authority):
    """Whoever can write to the database can move a token, but not make one."""
    first, second = _leave(store, 2)
    stamp_late(store, authority)
    with store.unit() as unit:
        token = unit.registry.time_token(first)
        row = update(RegistryRow).where(RegistryRow.verify_id == second)
        unit.registry._session.execute(row.values(time_token=token))

    assert kept_time(store, first, authority.roots) is not None
    assert kept_time(store, second, authority.roots) is None
    with store.reading() as unit:
        worth = [
            proven_state(store, unit.registry.get(each), authority.roots)
            for each in (first, second)
        ]
    assert worth == [TimeState.STAMPED, TimeState.NONE]


def test_time_inside_a_file_is_proved_by_the_file(store, authority):
    """No token is kept for it; and without roots nothing can be proved, so the record counts."""
    [verify_id] = _leave(store, 1, TimeState.STAMPED)
    with store.reading() as unit:
        record = unit.registry.get(verify_id)

    assert proven_state(store, record, authority.roots) is TimeState.STAMPED
    assert proven_state(store, record, ()) is TimeState.STAMPED


def test_unknown_file_has_no_time(store, authority):
    with pytest.raises(NotFound):
        kept_time(store, "0" * 16, authority.roots)
