"""Word the keys that sign and mark, for a terminal."""

from datetime import datetime
from typing import TYPE_CHECKING

from core.contracts.base import utc_now

if TYPE_CHECKING:
    from core.provenance.key_check import Checked
    from core.provenance.rotation import OwnCertificate

NO_KEYS = "There are no keys yet: the first process that signs makes a development chain."

_PARTS = {
    "chain": "Signs, and reads back as ours",
    "end": "Ends on {value:.10}",
    "files": "Private keys are private",
    "clock": "The time-stamp authority answers: {value}",
    "mark": "Keys of the mark: {value}",
}
_FAULTS = {
    "chain": "Cannot sign: {reason}",
    "end": "Ends on {value:.10}: ask for a new certificate now, or rotate",
    "files": "Others on this machine can read {value}: chmod 600",
    "clock": "No time stamp from {value}: {reason}",
    "mark": "The keys of the mark cannot be read",
}


def certificate_line(certificate: "OwnCertificate", now: datetime) -> str:
    """Say in one line what a certificate is for, until when, and whose name it has."""
    use = "retired" if certificate.is_retired else "signs"
    days = (certificate.ends_at - now).days
    until = f"until {certificate.ends_at:%Y-%m-%d}, {days} days" if days >= 0 else "ended"
    return (
        f"{use:8} {certificate.algorithm:8} {until}  {certificate.name}, "
        f"by {certificate.issuer}  {certificate.serial_number}"
    )


def mark_line(versions: int) -> str:
    """Say how many keys of the mark there are."""
    return f"mark     {versions} version(s); the newest marks, all are looked for"


def checked_line(checked: "Checked") -> str:
    """Say in one line what was found of a part."""
    if checked.reason == "none":
        return f"✗ {NO_KEYS}"
    words = (_PARTS if checked.is_well else _FAULTS)[checked.part.value]
    sign = "✓" if checked.is_well else "✗"
    return f"{sign} {words.format(value=checked.value, reason=checked.reason)}"


def requested(path: str) -> str:
    """Say what to do with a request."""
    return (
        f"{path}: send it to an authority. Its key waits in the keys folder; take in what comes "
        "back with: easel keys import"
    )


def now_signs(certificate: "OwnCertificate") -> str:
    """Say what signs from now on, and what is left to do."""
    line = certificate_line(certificate, utc_now())
    return f"{line}\nRestart every process that signs: what runs keeps the keys that it loaded."


def mark_rotated(version: int) -> str:
    """Say which key marks from now on, and what is left to do."""
    return (
        f"Version {version} marks from now on; marks of the earlier ones are still read.\n"
        "Restart every process that draws: what runs keeps the keys that it loaded."
    )
