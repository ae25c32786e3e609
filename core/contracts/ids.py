"""Name the kinds of id, so that mypy tells them apart, and make new ones."""

import secrets
from typing import NewType

JobId = NewType("JobId", str)
CommunityId = NewType("CommunityId", str)
ChannelId = NewType("ChannelId", str)
MemberId = NewType("MemberId", str)
VerdictId = NewType("VerdictId", str)
NoticeId = NewType("NoticeId", str)
VerifyId = NewType("VerifyId", str)
"""The public, random id of one picture: 64 bits as 16 hex digits, derived from nothing."""
UploadId = NewType("UploadId", str)
"""The id of an uploaded picture: `up-` and 12 letters, so that no verify id is taken for one."""
DraftId = NewType("DraftId", str)

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def new_id(length: int = 12) -> str:
    """Make a random id that a person can read aloud (Crockford's base 32, 5 bits a letter)."""
    # One draw for all letters: each is a system call at which another thread may cut in.
    bits = secrets.randbits(5 * length)
    return "".join(_ALPHABET[bits >> 5 * place & 31] for place in range(length))


def new_upload_id() -> UploadId:
    """Make the random id of one uploaded picture."""
    return UploadId(f"up-{new_id()}")


def new_verify_id() -> VerifyId:
    """Make the random public id of one picture."""
    return VerifyId(secrets.token_hex(8))
