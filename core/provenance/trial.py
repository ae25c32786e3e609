"""Try a signing chain on one pixel: an operator's own may not fit together."""

import base64
from datetime import UTC, datetime

from core.contracts.ids import VerifyId
from core.contracts.provenance import StampFacts
from core.contracts.registry import TimeState
from core.errors import UserError
from core.provenance import native
from core.provenance.authority_time import TimeAuthority
from core.provenance.keys import SigningKeys
from core.provenance.manifest import manifest_of

_MEDIA_TYPE = "image/png"
_ONE_PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
)
_FACTS = StampFacts(
    verify_id=VerifyId("0" * 16),
    model="none",
    policy_name="none",
    policy_version="none",
    created_at=datetime.fromtimestamp(0, UTC),
)


def try_chain(keys: SigningKeys) -> None:
    """Sign one pixel and read it back: what fails now would fail at the first picture.

    Raises:
        UserError: `signing_keys_unusable`, its reason `refused`, `not_under_root` or that of a
            command that did not sign.
    """
    try:
        probe = native.sign(_ONE_PIXEL, _MEDIA_TYPE, manifest_of(_FACTS), keys)
    except native.SigningRefused as error:
        raise UserError("signing_keys_unusable", reason=error.reason) from error
    claim = native.read_claim(probe.data, _MEDIA_TYPE, keys.anchors.pem)
    if claim is None or claim.state != native.TRUSTED:
        raise UserError("signing_keys_unusable", reason="not_under_root")


def try_time(keys: SigningKeys, authority: TimeAuthority) -> TimeState:
    """Sign one pixel with the time: the library must get through to the authority, too."""
    return native.sign(_ONE_PIXEL, _MEDIA_TYPE, manifest_of(_FACTS), keys, authority).time_state
