"""A time stamp proves something only if it is whole, over our hash, and from whom we believe."""

import hashlib

import pytest
from cryptography import x509

from core.provenance.time_token import TokenInvalid, checked_answer, checked_token, request_of
from tests.core.provenance.clock import Clock

DIGEST = hashlib.sha256(b"a file").digest()
NONCE = 2**63 - 1


@pytest.fixture(scope="module")
def clock(tmp_path_factory):
    return Clock(tmp_path_factory.mktemp("clock") / "authority")


@pytest.fixture(scope="module")
def roots(clock):
    return x509.load_pem_x509_certificates(clock.root_pem.encode())


@pytest.fixture(scope="module")
def answer(clock):
    return clock.granted(request_of(DIGEST, NONCE))


def test_token_of_whom_we_believe_holds(answer, roots):
    """The answer of a real authority's program: asked for, checked, kept, checked again."""
    stamp = checked_answer(answer, roots, NONCE)

    assert stamp.digest == DIGEST
    assert checked_token(stamp.token, DIGEST.hex(), roots) == stamp


def test_token_for_another_file_is_refused(answer, roots):
    token = checked_answer(answer, roots).token

    with pytest.raises(TokenInvalid, match="other_hash"):
        checked_token(token, "00" * 32, roots)


def test_old_answer_to_the_same_question_is_refused(answer, roots):
    with pytest.raises(TokenInvalid, match="other_hash"):
        checked_answer(answer, roots, NONCE - 1)


def test_token_under_a_root_that_we_do_not_know_is_refused(answer, tmp_path):
    stranger = Clock(tmp_path / "stranger")

    with pytest.raises(TokenInvalid, match="untrusted"):
        checked_answer(answer, x509.load_pem_x509_certificates(stranger.root_pem.encode()))


def test_token_given_after_its_authority_ended_is_refused(tmp_path):
    """A key that leaked later must not date anything back."""
    ended = Clock(tmp_path / "ended", days=-1)
    roots = x509.load_pem_x509_certificates(ended.root_pem.encode())

    with pytest.raises(TokenInvalid):
        checked_answer(ended.granted(request_of(DIGEST, 1)), roots)


@pytest.mark.parametrize(
    "spoilt",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"<html>Please log in</html>", id="a-page"),
        pytest.param(bytes.fromhex("30053003020102"), id="a-refusal"),
        pytest.param(b"\x30\x84\xff\xff\xff\xff", id="a-false-length"),
        pytest.param(b"\x30\x80" * 100, id="lengths-without-end"),
    ],
)
def test_what_is_no_token_is_refused(spoilt, roots):
    with pytest.raises(TokenInvalid, match="answer"):
        checked_answer(spoilt, roots)


def test_no_changed_byte_of_what_is_vouched_for_goes_unseen(answer, roots):
    """The hash and the time are covered by the authority's signature."""
    start = answer.index(DIGEST)
    for position in range(start - 20, start + len(DIGEST) + 40):
        spoilt = bytearray(answer)
        spoilt[position] ^= 1
        with pytest.raises(TokenInvalid):
            checked_answer(bytes(spoilt), roots)


@pytest.mark.parametrize("length", [40, 400, 800])
def test_cut_off_answer_is_refused(answer, roots, length):
    with pytest.raises(TokenInvalid):
        checked_answer(answer[:length], roots)
