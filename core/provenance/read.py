"""Read a file's label back: whose it is, and whether these are the bytes that were signed."""

import hashlib
import re
from typing import Any

from pydantic import ValidationError

from core.contracts.provenance import (
    DigitalSourceType,
    Found,
    Problem,
    ProvenanceReport,
    ProvenanceState,
)
from core.provenance import xmp
from core.provenance.container import Container, NotAPicture, inspect
from core.provenance.isolation import ManifestTooCostly, read_claim_isolated
from core.provenance.keys import Anchors, SigningKeys
from core.provenance.manifest import ACTIONS, GENERATION, GenerationAssertion
from core.provenance.native import TRUSTED, Claim, ManifestUnreadable

MAX_BYTES = 20_000_000
MAX_PIXELS = 25_000_000
"""Both caps are those of the verify ladder: larger than any platform lets a picture be posted."""
_STATES = {
    TRUSTED: ProvenanceState.VALID,
    "Valid": ProvenanceState.VALID_UNTRUSTED,
    "Invalid": ProvenanceState.INVALID,
}
_BROKEN_MANIFEST = frozenset({Problem.MANIFEST_UNREADABLE, Problem.MANIFEST_TOO_COSTLY})
_BYTES_CHANGED = "assertion.dataHash.mismatch"
_TIME_TRUSTED = "timeStamp.trusted"
_SIGNER_TRUSTED = "signingCredential.trusted"
_SIGNATURE_HOLDS = "claimSignature.validated"
_MAX_NAME_CHARS = 200
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def read(data: bytes, *, anchors: SigningKeys | Anchors | str | None) -> ProvenanceReport:
    """Say what a file's label claims and whether it holds; never raises for what a file holds.

    Nothing is fetched, whatever the file asks for, and no pixel is decoded.

    Args:
        data: The file, from anybody.
        anchors: Whom to trust; a PEM text means that all who sign under it are this Easel.
    """
    if len(data) > MAX_BYTES:
        return ProvenanceReport(
            state=ProvenanceState.UNREADABLE,
            found=Found.UNREADABLE,
            problems=(Problem.TOO_LARGE,),
            size_bytes=len(data),
        )
    try:
        container = inspect(data)
    except NotAPicture as error:
        return _unreadable(data, error.problem)
    if container.width * container.height > MAX_PIXELS:
        return _unreadable(data, Problem.TOO_MANY_PIXELS, container)
    return _report(data, container, _anchors(anchors))


def _anchors(anchors: SigningKeys | Anchors | str | None) -> Anchors | None:
    if isinstance(anchors, SigningKeys):
        return anchors.anchors
    return Anchors(anchors) if isinstance(anchors, str) else anchors


def _report(data: bytes, container: Container, anchors: Anchors | None) -> ProvenanceReport:
    problems = [container.fault] if container.fault else []
    metadata = _metadata(container, problems)
    fields = {**_frame(data, container), **metadata}
    claim = _claim(data, container, anchors, problems)
    if claim is not None:
        return _labelled(claim, anchors, problems, fields)
    if container.fault:
        state, found = ProvenanceState.UNREADABLE, Found.UNREADABLE
    elif _BROKEN_MANIFEST & set(problems):
        state, found = ProvenanceState.INVALID, Found.BROKEN_LABEL
    else:
        state, found = ProvenanceState.UNLABELLED, _found_in(metadata)
    return ProvenanceReport(state=state, found=found, problems=tuple(problems), **fields)


def _claim(
    data: bytes, container: Container, anchors: Anchors | None, problems: list[Problem]
) -> Claim | None:
    """Read the manifest, if the frame shows one; note why it can not be read."""
    if not container.has_manifest:
        return None
    try:
        return read_claim_isolated(
            data,
            container.media_type,
            anchors.pem if anchors else None,
            anchors.time_roots_pem if anchors else None,
        )
    except ManifestUnreadable:
        problems.append(Problem.MANIFEST_UNREADABLE)
    except ManifestTooCostly:
        problems.append(Problem.MANIFEST_TOO_COSTLY)
    return None


def _labelled(
    claim: Claim, anchors: Anchors | None, problems: list[Problem], fields: dict[str, Any]
) -> ProvenanceReport:
    """Report a manifest; `fields` goes on to the contract, which checks it."""
    state = _STATES.get(claim.state, ProvenanceState.INVALID)
    is_signer_ours = _is_signer_ours(claim, anchors)
    ours = _our_words(claim, problems) if is_signer_ours else None
    return ProvenanceReport(
        state=state,
        found=_found_by(state, is_signer_ours=is_signer_ours, is_ours=ours is not None),
        is_ours=state is ProvenanceState.VALID and ours is not None,
        is_signer_trusted=_SIGNER_TRUSTED in claim.successes,
        problems=(*problems, *claim.failures),
        signer=_name(claim.manifest.get("signature_info", {}).get("common_name")),
        claim_generator=_generator(claim),
        digital_source_type=_source_type(claim),
        time_stamped_at=_vouched(claim),
        **(ours.model_dump() if ours else {}),
        **fields,
    )


def _is_signer_ours(claim: Claim, anchors: Anchors | None) -> bool:
    """Tell whether one of our own certificates signed the claim, whatever became of the bytes."""
    if anchors is None or not claim.successes >= {_SIGNER_TRUSTED, _SIGNATURE_HOLDS}:
        return False
    serial = claim.manifest.get("signature_info", {}).get("cert_serial_number")
    return not anchors.serial_numbers or serial in anchors.serial_numbers


def _our_words(claim: Claim, problems: list[Problem]) -> GenerationAssertion | None:
    """Take our assertion, unless the failures say more than that the picture's bytes changed."""
    if not set(claim.failures) <= {_BYTES_CHANGED}:
        return None
    try:
        return GenerationAssertion.model_validate(claim.assertion(GENERATION))
    except ValidationError:
        problems.append(Problem.ASSERTION_UNREADABLE)
        return None


def _found_by(state: ProvenanceState, *, is_signer_ours: bool, is_ours: bool) -> Found:
    if state is ProvenanceState.INVALID:
        return Found.CHANGED_AFTER_SIGNING if is_signer_ours else Found.BROKEN_LABEL
    return Found.MADE_HERE if is_ours else Found.OTHER_SIGNER


def _found_in(metadata: dict[str, str | None]) -> Found:
    says_ai = metadata["xmp_ai_system"] or (
        metadata["xmp_digital_source_type"] == DigitalSourceType.TRAINED_ALGORITHMIC_MEDIA
    )
    return Found.AI_METADATA if says_ai else Found.NO_LABEL


def _metadata(container: Container, problems: list[Problem]) -> dict[str, str | None]:
    facts = xmp.XMPFacts()
    if container.xmp is not None:
        try:
            facts = xmp.parse_packet(container.xmp)
        except xmp.XMPUnreadable:
            problems.append(Problem.XMP_UNREADABLE)
    if facts.names_remote_manifest and not container.has_manifest:
        problems.append(Problem.REMOTE_MANIFEST)
    return {
        "xmp_digital_source_type": _name(facts.digital_source_type),
        "xmp_ai_system": _name(facts.ai_system),
    }


def _source_type(claim: Claim) -> str | None:
    """Take the source type of the first action that tells one: to open a picture tells none."""
    actions = (claim.assertion(ACTIONS) or claim.assertion("c2pa.actions") or {}).get("actions")
    told = (
        _name(each.get("digitalSourceType"))
        for each in (actions if isinstance(actions, list) else ())
        if isinstance(each, dict)
    )
    return next((each for each in told if each is not None), None)


def _vouched(claim: Claim) -> str | None:
    """Take the time that an authority vouches for whom we believe; the contract reads it."""
    time: str | None = claim.manifest.get("signature_info", {}).get("time")
    return time if _TIME_TRUSTED in claim.successes else None


def _generator(claim: Claim) -> str | None:
    generators = claim.manifest.get("claim_generator_info") or [{}]
    return _name(generators[0].get("name") or claim.manifest.get("claim_generator"))


def _name(value: object) -> str | None:
    """Take a stranger's text: short, and without characters that change how a line reads."""
    if not isinstance(value, str):
        return None
    return _CONTROL.sub("", value)[:_MAX_NAME_CHARS] or None


def _unreadable(
    data: bytes, problem: Problem, container: Container | None = None
) -> ProvenanceReport:
    return ProvenanceReport(
        state=ProvenanceState.UNREADABLE,
        found=Found.UNREADABLE,
        problems=(problem,),
        **_frame(data, container),
    )


def _frame(data: bytes, container: Container | None) -> dict[str, Any]:  # checked by the contract
    frame: dict[str, Any] = {  # checked by the contract
        "size_bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    if container is not None:
        frame |= {
            "media_type": container.media_type,
            "width": container.width,
            "height": container.height,
        }
    return frame
