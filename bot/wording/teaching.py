"""Word what moderators taught at a terminal: labels, and pictures that are always refused."""

from core.contracts.labels import Label


def label_kept(label: Label) -> str:
    """Say what a label changes a decision to, and how much of the request is kept for it."""
    kept = "scores" if label.texts is None else "scores and words"
    return f"{label.job_id}: {label.decided} -> {label.right} ({kept} kept)"


def label_line(label: Label) -> str:
    """Write a label as one line of a list: without the words, without whose request it was."""
    return (
        f"{label.at:%Y-%m-%d}  {label.job_id}  {label.decided:<6} -> {label.right:<6}  "
        f"{label.category or '-':<26}  {label.source}  by: {label.role}"
    )


def picture_denied(deny_list: str, picture: str, hashes: int) -> str:
    """Say how a picture was put on the deny list."""
    return f"{deny_list}: {hashes} hashes of {picture} added"
