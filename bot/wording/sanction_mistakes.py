"""Word the codes of what members are kept from, and what goes wrong with sanctions."""

from bot.wording.mistakes import Words
from bot.wording.sanctions import APPEAL, STILL_OPEN

SANCTIONS: dict[str, Words] = {
    "member_barred": Words(
        "You cannot ask for new pictures: a {kind}",
        f"It holds until {{until}}. {{reason}}. {STILL_OPEN} {APPEAL}",
    ),
    "member_slowed": Words(
        "You are slowed down until {until}",
        "Until then {allowed} of your requests may wait at a time, and {value} does. /standing "
        "shows why.",
    ),
    "member_not_found": Words(
        "There is no member “{value}” here",
        "Members are named as in their latest requests, or by their id.",
    ),
    "member_ambiguous": Words(
        "Several members are called “{value}”", "Name one by id; they are {allowed}."
    ),
    "sanction_member_missing": Words(
        "Which member?", "Name one, as in /sanction bob warning Read /policy first."
    ),
    "sanction_kind_unknown": Words(
        "There is no sanction “{value}”",
        "There are {allowed}. A name that holds one of these words stands in quotes.",
    ),
    "sanction_hours_missing": Words(
        "For how many hours?", "As in /sanction bob cool-down 24 Read /policy first."
    ),
    "sanction_hours_invalid": Words(
        "No number of hours: “{value}”",
        "At most {allowed} are possible; a ban without a number holds until it is lifted.",
    ),
    "sanction_reason_missing": Words(
        "What for?", "Add a sentence; the member reads it. Nothing was done."
    ),
    "sanction_reason_too_long": Words(
        "That reason is too long", "It has {value} characters; {allowed} are possible."
    ),
    "sanction_own": Words(
        "That is about yourself", "Somebody else decides what concerns you. Nothing was done."
    ),
    "sanction_rank": Words(
        "Only an admin can sanction them", "Their role ({value}) is not below yours."
    ),
    "sanction_id_missing": Words(
        "Which sanction?", "Add its id, as in /pardon 3k7fq2m9x0ab; /standing MEMBER lists them."
    ),
    "sanction_not_found": Words(
        "There is no such sanction", "Check the id; /standing MEMBER lists them."
    ),
    "sanction_over": Words(
        "That sanction is over", "It has expired or was taken back already. Nothing was done."
    ),
    "sanction_second_same": Words(
        "That takes a second person",
        "You asked to lift this ban; somebody else who may ban has to say so, too.",
    ),
}
"""From /sanction, /pardon, /standing and what stops a request."""
