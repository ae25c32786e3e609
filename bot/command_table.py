"""List the commands that people type: one table for the dispatcher, autocomplete, help and docs."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Command:
    """One command: its word, what follows the word, and what it does in one line."""

    name: str
    usage: str
    summary: str
    example: str


COMMANDS: tuple[Command, ...] = (
    Command(
        "imagine",
        "/imagine PROMPT [FLAGS]",
        "Draw pictures of what you describe.",
        "/imagine a red apple on a blue background --seed 7",
    ),
    Command(
        "show",
        "/show ID",
        "Show a request again, by its id or a picture's: where it stands, or its pictures.",
        "/show 3k7fq2m9x0ab",
    ),
    Command(
        "cancel",
        "/cancel JOB",
        "Call a request of yours back while it waits or is drawn; /cancel all calls back all.",
        "/cancel 3k7fq2m9x0ab",
    ),
    Command(
        "history",
        "/history [WORD] [PAGE]",
        "List your requests, newest first, or only those waiting, drawn, failed, refused, "
        "cancelled or among your favourites.",
        "/history failed 2",
    ),
    Command(
        "favourites",
        "/favourites [PAGE]",
        "List the pictures that you marked.",
        "/favourites",
    ),
    Command(
        "lineage",
        "/lineage [ID]",
        "Draw what a picture goes back to and what went on from it; without an id, of your last.",
        "/lineage 3k7fq2m9x0ab",
    ),
    Command(
        "rerun",
        "/rerun ID [NUMBER]",
        "Draw a request, or one picture by its number or verify id, again as it was and say "
        "whether it came out the same.",
        "/rerun 3k7fq2m9x0ab 2",
    ),
    Command(
        "verify",
        "/verify [ID]",
        "Was this made here? Of a file that you bring along with it, or of a picture's verify id.",
        "/verify 3f0c58d1e2a94b67",
    ),
    Command(
        "settings",
        "/settings [NAME VALUE]",
        "Show or change what is in force where your requests do not say otherwise.",
        "/settings count 4",
    ),
    Command(
        "style",
        "/style [save NAME WORDS]",
        "List your own styles; save, delete or use one.",
        "/style save oil thick oil paint",
    ),
    Command(
        "privacy",
        "/privacy [WORD]",
        "Show what is kept of you and for how long; say what may be learnt from your requests.",
        "/privacy nothing",
    ),
    Command(
        "mydata",
        "/mydata [WORD]",
        "Say what is kept of you; /mydata export hands it to you, /mydata delete deletes it.",
        "/mydata export",
    ),
    Command(
        "standing",
        "/standing [MEMBER]",
        "Show what your refused requests add up to and what comes next; moderators see anybody's.",
        "/standing",
    ),
    Command(
        "help",
        "/help [PAGE]",
        "List the commands, and on the next page the flags; say what the model knows.",
        "/help 2",
    ),
    Command(
        "policy",
        "/policy [WORD]",
        "Show what is allowed here and what is not; moderators draft changes, admins put them in "
        "force.",
        "/policy",
    ),
    Command(
        "transparency",
        "/transparency [PERIOD]",
        "Show what moderation did here in the last week, month, quarter or year, in numbers.",
        "/transparency quarter",
    ),
    Command(
        "review",
        "/review [ID]",
        "For moderators: take the next item that waits, or show one; /review queue counts them.",
        "/review queue",
    ),
    Command(
        "sanction",
        "/sanction MEMBER KIND [HOURS] REASON",
        "For moderators: give a note, warning, strike, slow, cool-down or ban; the reason is told.",
        "/sanction bob cool-down 24 Please leave Ada's pictures alone.",
    ),
    Command(
        "pardon",
        "/pardon SANCTION [REASON]",
        "For moderators: take a sanction back, by its id; lifting a ban takes two admins.",
        "/pardon 3k7fq2m9x0ab It was a mistake.",
    ),
)
"""In the order in which help lists them."""
