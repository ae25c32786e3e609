"""Word what goes wrong with the record: holds, counts, and what is kept of somebody."""

from bot.wording.mistakes import Words

RECORD: dict[str, Words] = {
    "hold_target": Words("What is to be kept?", "Name one: a member with --member, or a request."),
    "hold_member_unknown": Words(
        "Nobody here has the id “{value}”", "No request of such a member is kept. Check the id."
    ),
    "hold_reason_missing": Words("Why is it to be kept?", "Say it with --reason, for the record."),
    "hold_not_found": Words("There is no hold {value}", "easel hold list names those in force."),
    "transparency_word_unknown": Words("There is no /transparency {value}", "There are {allowed}."),
    "mydata_word_unknown": Words("There is no /mydata {value}", "There are {allowed}."),
    "mydata_link_invalid": Words(
        "That link does not open anything",
        "It opens for whoever asked for it, and not for long. Ask again with /mydata export.",
    ),
    "mydata_question_old": Words(
        "That question is too old", "See again what would go, with /mydata delete."
    ),
    "mydata_busy": Words(
        "Your requests do not hold still",
        "New ones keep coming while the old ones are deleted. Nothing is lost by trying again.",
    ),
    "mydata_member_unknown": Words(
        "Nothing is kept of “{value}”", "Nobody here has that id. Check it."
    ),
}
"""From `easel hold`, `/transparency` and `/mydata`."""
