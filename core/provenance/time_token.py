"""Read and check time stamps (RFC 3161): who gave them, over which hash, and when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

_SHA256 = "2.16.840.1.101.3.4.2.1"
_ASKED = bytes.fromhex("020101 302f 300b 0609608648016503040201 0420")
"""Version 1, and a hash by SHA-256 of 32 bytes, as DER; the hash, a number and TRUE follow."""
_GRANTED = bytes.fromhex("3003020100")
_LONG = 0x80
"""From here on DER says how many bytes of length follow."""


class TokenInvalid(Exception):
    """Say why a time stamp proves nothing: `answer`, `untrusted` or `other_hash`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class TimeStamp:
    """A token that holds, and the moment that it vouches for."""

    token: bytes
    at: datetime
    digest: bytes


def request_of(digest: bytes, nonce: int) -> bytes:
    """Ask for a token over a SHA-256, with the authority's certificates in it."""
    number = nonce.to_bytes(nonce.bit_length() // 8 + 1)
    return _sequence(_ASKED + digest + bytes([2, len(number)]) + number + b"\x01\x01\xff")


def checked_answer(
    answer: bytes, roots: Sequence[x509.Certificate], nonce: int | None = None
) -> TimeStamp:
    """Check an authority's answer; which hash it is over is for the caller to compare.

    Args:
        answer: From whoever answered at the authority's address.
        roots: Whom to believe: the authority's chain must end in one of them, and have been
            valid when the stamp was given.
        nonce: What was asked with, which keeps an old answer from being given again.

    Raises:
        TokenInvalid: see there.
    """
    from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response

    try:
        response = decode_timestamp_response(_in_order(answer))
        info = response.tst_info
        digest, moment = info.message_imprint.message, info.gen_time
        is_sha256 = info.message_imprint.hash_algorithm.dotted_string == _SHA256
        token = response.time_stamp_token()
    except (ValueError, IndexError) as error:
        raise TokenInvalid("answer") from error
    if not is_sha256 or (nonce is not None and info.nonce != nonce):
        raise TokenInvalid("other_hash")
    try:
        VerifierBuilder(roots=list(roots)).build().verify(response, digest)
    except (VerificationError, ValueError) as error:
        raise TokenInvalid("untrusted") from error
    return TimeStamp(token, moment, digest)


def checked_token(token: bytes, sha256: str, roots: Sequence[x509.Certificate]) -> TimeStamp:
    """Check a token that was kept for a file with this hash.

    Raises:
        TokenInvalid: see there.
    """
    stamp = checked_answer(_sequence(_GRANTED + token), roots)
    if stamp.digest.hex() != sha256:
        raise TokenInvalid("other_hash")
    return stamp


def _sequence(content: bytes) -> bytes:
    size = len(content)
    if size < _LONG:
        return bytes([0x30, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([0x30, _LONG | len(length)]) + length + content


def _in_order(answer: bytes) -> bytes:
    """Put the certificates in the order that DER asks of a set.

    No signature covers it, many authorities (all that run `openssl ts`) send the signer's first,
    and the library that checks takes only the strict order. The rest of the answer stays as it is.
    """
    token = _elements(answer, *_elements(answer, 0, len(answer))[0])[1]
    content = _elements(answer, *token)[1]
    signed = _elements(answer, *content)[0]
    for start, end in _elements(answer, *signed)[3:4]:
        certificates = _whole_elements(answer, start, end)
        return answer[:start] + b"".join(sorted(certificates)) + answer[end:]
    return answer


def _elements(der: bytes, start: int, end: int) -> list[tuple[int, int]]:
    """Find where the content of each element begins and ends."""
    found = []
    while start < end:
        size, start = der[start + 1], start + 2
        if size & _LONG:
            length = size - _LONG
            size, start = int.from_bytes(der[start : start + length]), start + length
        found.append((start, start + size))
        start += size
    return found


def _whole_elements(der: bytes, start: int, end: int) -> list[bytes]:
    """Cut a content into its elements, with tag and length."""
    ends = [each for _, each in _elements(der, start, end)]
    return [der[a:b] for a, b in zip([start, *ends], ends, strict=False)]
