"""Hold every call into the C2PA library (c2pa-python, which publishes no types).

Contexts die on fork and keep native memory, so each call makes its own and closes it: signing a
1024 px picture with everything rebuilt takes 3 ms, which leaves nothing to be won by sharing.
"""

import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.provenance.authority_time import TimeAuthority
    from core.provenance.keys import SigningKeys
    from core.provenance.signed import Signed

_ACCEPTED_KEY_USES = """\
1.3.6.1.5.5.7.3.4
1.3.6.1.5.5.7.3.8
1.3.6.1.5.5.7.3.9
1.3.6.1.5.5.7.3.36
1.3.6.1.4.1.62558.2.1
"""
"""emailProtection, timeStamping, OCSPSigning, documentSigning, C2PA claim signing: without this
list the library refuses every signing certificate that has no emailProtection."""


_CLOCKS = "urn:easel:clocks"
"""The library's name for the list of roots that time stamps end in."""
_SIGNER_TRUSTED = "signingCredential.trusted"
_SIGNER_UNTRUSTED = "signingCredential.untrusted"
_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
_CERTIFICATE = re.compile(f"{_BEGIN}(.*?){_END}", re.DOTALL)

TRUSTED = "Trusted"
"""Unbroken and under an anchor; the library's other two states are Valid and Invalid."""


GRACE_S = 0.5
"""What signing with a key file may take beside an authority's limit: it takes 5 ms."""


class SigningRefused(Exception):
    """Say that there is no signature: `refused` by the library, or a reason of `SigningFailed`."""

    def __init__(self, reason: str = "refused") -> None:
        super().__init__(reason)
        self.reason = reason


class ManifestUnreadable(Exception):
    """Say that a file carries a manifest that the library can not parse."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A manifest as the library read it, with the result of its checks."""

    state: str
    manifest: Mapping[str, Any]  # JSON of whoever made the file
    successes: frozenset[str]
    failures: tuple[str, ...]

    def assertion(self, label: str) -> Mapping[str, Any] | None:  # JSON, as above
        """Find the first assertion with this label."""
        for assertion in self.manifest.get("assertions", ()):
            if assertion.get("label") == label and isinstance(assertion.get("data"), dict):
                found: Mapping[str, Any] = assertion["data"]  # JSON, as above
                return found
        return None


def sign(
    data: bytes,
    media_type: str,
    manifest: Mapping[str, object],
    keys: "SigningKeys",
    clock_authority: "TimeAuthority | None" = None,
) -> "Signed":
    """Sign a finished file; the answer is the file with the manifest in it.

    Nothing may change a byte of it afterwards. Where an authority is to vouch for the time and
    does not do so within its limit, the file is signed without, and says that it is `pending`.

    Raises:
        SigningRefused: the certificate is not one for C2PA, or does not fit its key or issuer.
    """
    from core.contracts.registry import TimeState
    from core.provenance.signed import Signed

    if clock_authority is None:
        return Signed(_signed(data, media_type, manifest, keys))
    stamped = clock_authority.lend(
        lambda url: _signed(data, media_type, manifest, keys, url),
        GRACE_S + (keys.command.timeout_s if keys.command else 0.0),
    )
    if stamped is not None:
        return Signed(stamped, TimeState.STAMPED)
    # Refused for another reason than the time, it is refused here once more.
    return Signed(_signed(data, media_type, manifest, keys), TimeState.PENDING)


def _signed(
    data: bytes,
    media_type: str,
    manifest: Mapping[str, object],
    keys: "SigningKeys",
    time_url: str | None = None,
) -> bytes:
    import c2pa

    signed = io.BytesIO()
    failures: list[str] = []
    try:
        with (
            _signer(keys, time_url, failures) as signer,
            c2pa.Context.from_dict(_settings(None), signer=signer) as context,
            c2pa.Builder(dict(manifest), context) as builder,
        ):
            builder.sign(media_type, io.BytesIO(data), signed)
    except c2pa.C2paError as error:
        raise SigningRefused(*failures[:1]) from error
    return signed.getvalue()


def _signer(keys: "SigningKeys", time_url: str | None, failures: list[str]) -> Any:  # untyped
    """Let the library sign with the key file, or call the command.

    For whoever it calls it keeps 10 KB and the chain free in the file, also without a time
    stamp, and leaves no choice; with a key it keeps 1 KB and the chain.
    """
    import c2pa

    if keys.private_key_pem is not None:
        private_key = keys.private_key_pem.get_secret_value().encode()
        url = time_url and time_url.encode()
        info = c2pa.C2paSignerInfo(keys.algorithm, keys.chain_pem.encode(), private_key, url)
        return c2pa.Signer.from_info(info)
    from core.provenance.signer import SigningFailed

    def call(data: bytes) -> bytes:
        try:
            return keys.command.sign(data, keys.certificate) if keys.command else b""
        except SigningFailed as error:
            # The library would write an error of ours into its log; it takes nothing for a no.
            failures.append(error.reason)
            return b""

    algorithm = c2pa.C2paSigningAlg[keys.algorithm.upper()]
    return c2pa.Signer.from_callback(call, algorithm, keys.chain_pem, time_url)


def read_claim(
    data: bytes, media_type: str, anchors_pem: str | None, time_roots_pem: str | None = None
) -> Claim | None:
    """Read and check the active manifest; None where the file has none.

    Raises:
        ManifestUnreadable: there is one, but it is broken, or on a server, which is never asked.
    """
    import c2pa

    try:
        with (
            c2pa.Context.from_dict(_settings(anchors_pem, time_roots_pem)) as context,
            c2pa.Reader(media_type, io.BytesIO(data), context=context) as reader,
        ):
            store = json.loads(reader.json())
    except c2pa.C2paError.ManifestNotFound:
        return None
    except c2pa.C2paError as error:
        raise ManifestUnreadable from error
    return _claim(store)


def _claim(store: Mapping[str, Any]) -> Claim:  # JSON of the library
    results = store.get("validation_results", {}).get("activeManifest", {})
    state = store.get("validation_state", "Invalid")
    successes = {status["code"]: status for status in results.get("success", ())}
    failures = dict.fromkeys(status["code"] for status in results.get("failure", ()))
    if _CLOCKS in successes.get(_SIGNER_TRUSTED, {}).get("explanation", ""):
        # Believed to tell the time; the library minds no `trust_kind`, and trusts it for all.
        del successes[_SIGNER_TRUSTED]
        failures[_SIGNER_UNTRUSTED] = None
        state = "Valid" if state == TRUSTED else state
    return Claim(
        state=state,
        manifest=store.get("manifests", {}).get(store.get("active_manifest"), {}),
        successes=frozenset(successes),
        failures=tuple(failures),
    )


def _certificates(pem: str) -> frozenset[str]:
    """Cut a PEM text into its certificates; one that is in two lists is found in either."""
    bodies = ("".join(body.split()) for body in _CERTIFICATE.findall(pem))
    return frozenset(f"{_BEGIN}\n{body}\n{_END}" for body in bodies)


def _settings(
    anchors_pem: str | None, time_roots_pem: str | None = None
) -> dict[str, dict[str, object]]:
    """Set up the library: it never asks the network and never embeds a thumbnail.

    Both are on by default: a reader fetches the manifest URL that an uploaded file names, and a
    thumbnail adds 158 KB and shows the picture even where it was taken down.
    """
    trust: dict[str, object] = {"trust_config": _ACCEPTED_KEY_USES}
    if anchors_pem is not None:
        trust["user_anchors"] = anchors_pem
    clocks = _certificates(time_roots_pem or "") - _certificates(anchors_pem or "")
    if clocks:
        pem = "\n".join(sorted(clocks))
        trust["anchors"] = [{"trust_anchors": pem, "trust_kind": "tsa", "trust_uri": _CLOCKS}]
    return {
        "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
        "builder": {"thumbnail": {"enabled": False}},
        "trust": trust,
    }
