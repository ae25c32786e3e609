"""Word what stands in the way of an answer to “Was this made here?”."""

from bot.wording.mistakes import Words

VERIFY: dict[str, Words] = {
    "verify_what": Words(
        "Which picture?",
        "Bring a file along with /verify, or add the verify id that stands below a picture.",
    ),
    "verify_id_invalid": Words(
        "That is no verify id",
        "It has 16 characters, digits and the letters a to f. Look at “{value}” again.",
    ),
    "record_not_found": Words(
        "Nothing is on record under {value}",
        "That does not mean that no AI made the picture: only what was labelled here is on record.",
    ),
    "verify_no_file": Words("No file arrived", "Choose a picture, then press “Look at it”."),
    "verify_too_large": Words(
        "That file is too large to look at", "{allowed} are read at most; nothing of it was kept."
    ),
    "verify_too_slow": Words(
        "That file took too long to arrive", "Try again where the connection is quicker."
    ),
    "verify_too_often": Words(
        "That was a lot of questions",
        "Come again in {value} minutes. Looking closely takes work, so how often is bounded.",
    ),
    "verify_busy": Words(
        "Many are asking at the moment", "Nothing was looked at. Try again in a minute."
    ),
}
"""From `/verify`, the message menu and the public page."""
