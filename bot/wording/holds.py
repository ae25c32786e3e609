"""Word legal holds, for a terminal and a console."""

from core.contracts.sanctions import LegalHold


def hold_line(hold: LegalHold) -> str:
    """Say in one line what a hold names, since when, by whom and why."""
    what = f"request {hold.job_id}" if hold.job_id else f"everything of {hold.member_id}"
    until = f", lifted {hold.lifted_at:%Y-%m-%d}" if hold.lifted_at else ""
    return f"{hold.hold_no}  {what}  since {hold.at:%Y-%m-%d}{until}  by {hold.by}: {hold.reason}"
