"""An authority vouches for the time of signing, or the file is signed without it, in time."""

import os
import socket
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from core.contracts.base import utc_now
from core.contracts.provenance import Found, ProvenanceState
from core.contracts.registry import TimeState
from core.errors import UserError
from core.provenance import authority_time, native
from core.provenance.authority_time import TimeAuthority, TimeStampFailed, load_time_authority
from core.provenance.keys import Anchors, load_or_create_keys
from core.provenance.manifest import manifest_of
from core.provenance.read import read
from core.provenance.time_token import request_of
from core.settings import CoreSettings
from tests.core.provenance.authority import Authority
from tests.core.provenance.clock import Clock, serving
from tests.core.provenance.png import one_pixel

LIMIT_S = 0.3
"""In place of two seconds, for the tests' sake; the default is held by a test of its own. Bounds
of time leave seconds to a busy machine: without a limit each of these waits would take 30 s."""


@pytest.fixture(scope="module")
def clock(tmp_path_factory):
    return Clock(tmp_path_factory.mktemp("clock") / "authority")


@pytest.fixture
def authority(clock):
    """An authority that answers, and that has not failed yet."""
    clock.behave = clock.granted
    clock.asked.clear()
    clock.released.clear()
    with serving(clock) as url:
        yield TimeAuthority(url, clock.root_pem, timeout_s=5.0)


def _sign(keys, facts, authority):
    return native.sign(one_pixel(), "image/png", manifest_of(facts), keys, authority)


def _anchors(keys, clock):
    return Anchors(keys.anchors.pem, keys.anchors.serial_numbers, clock.root_pem)


def test_stamped_file_says_when_it_was_signed(keys, facts, clock, authority):
    """Under 16 KB more, and the time only where the authority is believed."""
    signed = _sign(keys, facts, authority)

    ours = read(signed.data, anchors=_anchors(keys, clock))
    theirs = read(signed.data, anchors=keys)
    assert signed.time_state is TimeState.STAMPED
    assert len(clock.asked) == 1
    assert ours.is_ours
    assert abs(ours.time_stamped_at - utc_now()) < timedelta(minutes=1)
    assert (theirs.is_ours, theirs.time_stamped_at) == (True, None)
    assert len(signed.data) - len(one_pixel()) <= 16_384


def test_without_an_authority_nothing_is_asked_and_little_added(keys, facts, clock, authority):
    signed = _sign(keys, facts, None)

    assert signed.time_state is TimeState.NONE
    assert clock.asked == []
    assert len(signed.data) - len(one_pixel()) <= 6_144


def _page(_question):
    return b"<html>Please log in</html>"


def _refusal(_question):
    return bytes.fromhex("30053003020102")


def _error(_question):
    return 500


def _elsewhere(_question):
    return 302


def _endless(_question):
    return bytes(authority_time.MAX_BYTES + 1)


@pytest.mark.parametrize("behave", [_page, _refusal, _error, _elsewhere, _endless])
def test_wrong_answer_leaves_a_good_file_that_waits_for_its_time(
    keys, facts, clock, authority, behave
):
    clock.behave = behave

    signed = _sign(keys, facts, authority)

    report = read(signed.data, anchors=_anchors(keys, clock))
    assert signed.time_state is TimeState.PENDING
    assert (report.is_ours, report.time_stamped_at) == (True, None)
    assert len(signed.data) - len(one_pixel()) <= 6_144


def test_answer_to_another_question_is_not_taken(keys, facts, clock, authority):
    """What an authority once gave for another file says nothing of this one."""
    old = clock.granted(request_of(bytes(32), 1))
    clock.behave = lambda _question: old

    assert _sign(keys, facts, authority).time_state is TimeState.PENDING


def test_old_answer_is_not_taken_for_the_same_hash(clock, authority):
    first = clock.granted(request_of(bytes.fromhex("ab" * 32), 1))
    clock.behave = lambda _question: first

    with pytest.raises(TimeStampFailed, match="other_hash"):
        authority.stamp("ab" * 32)


def test_stranger_at_the_authoritys_address_is_not_believed(keys, facts, clock, tmp_path):
    stranger = Clock(tmp_path / "stranger")
    with serving(stranger) as url:
        signed = _sign(keys, facts, TimeAuthority(url, clock.root_pem))

    assert len(stranger.asked) == 1
    assert signed.time_state is TimeState.PENDING


def test_clock_that_is_wrong_is_no_witness(clock, authority, monkeypatch):
    """C2PA calls a file invalid whose time lies outside its certificate."""
    monkeypatch.setattr(authority_time, "utc_now", lambda: utc_now() + timedelta(days=400))

    with pytest.raises(TimeStampFailed, match="clock"):
        authority.stamp("ab" * 32)


def test_pictures_signed_side_by_side_have_their_own_times(keys, facts, clock, authority):
    """Each signature has a door of its own; a token that went through another's would not fit."""
    with ThreadPoolExecutor(8) as threads:
        signed = list(threads.map(lambda _: _sign(keys, facts, authority), range(16)))

    assert {each.time_state for each in signed} == {TimeState.STAMPED}
    claims = [
        native.read_claim(each.data, "image/png", keys.anchors.pem, clock.root_pem)
        for each in signed
    ]
    assert {claim.state for claim in claims} == {native.TRUSTED}
    assert all("timeStamp.trusted" in claim.successes for claim in claims)


def test_silent_authority_costs_its_limit_and_no_more(keys, facts, clock, authority):
    """It is asked once; the pictures that follow do not wait for it again."""
    clock.behave = clock.silent
    authority.timeout_s = LIMIT_S

    start = time.perf_counter()
    first = _sign(keys, facts, authority)
    waited_s = time.perf_counter() - start
    second = _sign(keys, facts, authority)

    assert (first.time_state, second.time_state) == (TimeState.PENDING, TimeState.PENDING)
    assert LIMIT_S <= waited_s < LIMIT_S + 5.0
    assert len(clock.asked) == 1


def test_authority_that_answers_by_the_drop_is_left_in_time(keys, facts, clock, authority):
    """Each byte comes in time, the whole does not: a limit for each read would wait for ever."""
    authority.timeout_s = LIMIT_S
    clock.drop_s = LIMIT_S / 3
    try:
        start = time.perf_counter()
        signed = _sign(keys, facts, authority)
        waited_s = time.perf_counter() - start
    finally:
        clock.drop_s = 0

    assert signed.time_state is TimeState.PENDING
    assert waited_s < LIMIT_S + 5.0


def test_nobody_at_the_address_is_no_reason_not_to_sign(keys, facts, clock):
    with serving(clock) as url:
        pass

    assert _sign(keys, facts, TimeAuthority(url, clock.root_pem)).time_state is TimeState.PENDING


def test_authority_is_asked_again_after_a_rest(keys, facts, clock, authority, monkeypatch):
    clock.behave = _error
    _sign(keys, facts, authority)
    clock.behave = clock.granted
    later = time.monotonic() + authority_time.REST_S
    monkeypatch.setattr(authority_time.time, "monotonic", lambda: later)

    assert _sign(keys, facts, authority).time_state is TimeState.STAMPED


def test_key_that_can_not_sign_is_not_the_authoritys_fault(tmp_path, facts, authority):
    Authority().issue(tmp_path / "keys", purposes=())

    with pytest.raises(native.SigningRefused):
        _sign(load_or_create_keys(tmp_path / "keys"), facts, authority)

    assert not authority.is_resting


def test_child_of_a_fork_signs_at_once_without_a_stamp(keys, facts, clock, authority):
    """The library's client does not come along and would wait for 30 s: the sweep asks instead."""
    _sign(keys, facts, authority)

    child = os.fork()
    if child == 0:
        is_right = False
        try:
            start = time.perf_counter()
            signed = _sign(keys, facts, authority)
            waited_s = time.perf_counter() - start
            claim = native.read_claim(signed.data, "image/png", keys.anchors.pem)
            is_right = (
                signed.time_state is TimeState.PENDING
                and claim.state == native.TRUSTED
                and waited_s < 10.0
            )
        finally:
            os._exit(0 if is_right else 1)
    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0


def test_proxy_that_swallows_the_question_costs_the_limit_and_no_more(
    keys, facts, clock, authority, tmp_path
):
    """The library takes HTTP_PROXY even for the loopback; it may wait for 30 s on it.

    In a process of its own, because the library looks at the variable once.
    """
    script = textwrap.dedent("""
        import sys, time
        from pathlib import Path
        from core.contracts.base import utc_now
        from core.contracts.provenance import StampFacts
        from core.provenance import native
        from core.provenance.authority_time import TimeAuthority
        from core.provenance.keys import load_or_create_keys
        from core.provenance.manifest import manifest_of
        from tests.core.provenance.png import one_pixel

        facts = StampFacts(
            verify_id="0" * 16, model="m", policy_name="p", policy_version="1", created_at=utc_now()
        )
        keys = load_or_create_keys(Path(sys.argv[3]) / "keys")
        authority = TimeAuthority(sys.argv[1], Path(sys.argv[2]).read_text(), timeout_s=0.3)
        start = time.perf_counter()
        signed = native.sign(one_pixel(), "image/png", manifest_of(facts), keys, authority)
        print(signed.time_state.value, time.perf_counter() - start)
    """)
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        ran = subprocess.run(
            [sys.executable, "-c", script, authority.url, clock.folder / "root.pem", tmp_path],
            env={"HTTP_PROXY": f"http://127.0.0.1:{proxy.getsockname()[1]}"},
            check=True,
            capture_output=True,
            text=True,
        )
    *_, state, waited_s = ran.stdout.split()

    assert state == TimeState.PENDING
    assert float(waited_s) < 10.0


def test_stamped_file_outlives_its_certificate_and_the_other_does_not(
    tmp_path, facts, clock, authority
):
    """The reason for all this: without a time stamp every file turns invalid with its signer."""
    Authority().issue(tmp_path / "keys", days=4 / 86_400)
    keys = load_or_create_keys(tmp_path / "keys")
    stamped = _sign(keys, facts, authority)
    plain = _sign(keys, facts, None)
    believing = _anchors(keys, clock)
    assert read(plain.data, anchors=believing).state is ProvenanceState.VALID

    while utc_now() <= keys.ends_at + timedelta(seconds=1):
        time.sleep(0.05)  # The certificate ends by the clock that the library looks at.

    after = read(plain.data, anchors=believing)
    assert stamped.time_state is TimeState.STAMPED
    assert read(stamped.data, anchors=believing).is_ours
    assert (after.state, after.is_ours) == (ProvenanceState.INVALID, False)
    assert "signingCredential.expired" in after.problems
    assert read(stamped.data, anchors=keys).state is ProvenanceState.INVALID


def test_who_signs_pictures_under_a_clocks_root_is_a_stranger(tmp_path, facts, keys, clock):
    """Believed to tell the time, not to tell who made a picture."""
    clock.root.issue(tmp_path / "keys")
    theirs = _sign(load_or_create_keys(tmp_path / "keys"), facts, None)

    report = read(theirs.data, anchors=_anchors(keys, clock))

    assert (report.found, report.is_signer_trusted) == (Found.OTHER_SIGNER, False)


def test_root_may_stand_for_both(tmp_path, facts, clock, authority):
    """One authority that gives certificates and tells the time: each list is asked for its own."""
    clock.root.issue(tmp_path / "keys")
    keys = load_or_create_keys(tmp_path / "keys")
    signed = _sign(keys, facts, authority)

    report = read(signed.data, anchors=_anchors(keys, clock))

    assert report.is_ours
    assert report.time_stamped_at is not None


def test_settings_without_an_authority_ask_nobody():
    assert load_time_authority(CoreSettings(tsa_url="")) is None


def test_settings_name_the_authority_and_its_limit(clock):
    settings = CoreSettings(tsa_url="http://clock.test/", tsa_roots=clock.folder / "root.pem")

    authority = load_time_authority(settings)

    assert (authority.url, authority.timeout_s) == ("http://clock.test/", 2.0)
    assert authority.roots_pem == clock.root_pem


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        pytest.param({"tsa_roots": None}, "roots_missing", id="no-roots"),
        pytest.param({"tsa_roots": "nowhere.pem"}, "roots_unreadable", id="no-such-file"),
        pytest.param({"tsa_roots": __file__}, "roots_unreadable", id="no-certificates"),
        pytest.param({"tsa_url": "ftp://clock.test"}, "url", id="another-protocol"),
    ],
)
def test_settings_that_can_not_work_are_refused_at_the_start(clock, facts, reason):
    root = clock.folder / "root.pem"
    settings = CoreSettings(**{"tsa_url": "http://clock.test/", "tsa_roots": root} | facts)

    with pytest.raises(UserError) as refusal:
        load_time_authority(settings)

    assert refusal.value.code == "time_authority_unusable"
    assert refusal.value.facts["reason"] == reason
