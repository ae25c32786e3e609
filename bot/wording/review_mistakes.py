"""Word the codes of what goes wrong at the moderators' desk."""

from bot.wording.mistakes import Words

REVIEWS: dict[str, Words] = {
    "review_not_permitted": Words(
        "That takes another role", "In the queue, the policy lets you do it as {allowed}."
    ),
    "review_not_found": Words("There is no item {value}", "The queue lists those that there are."),
    "review_own": Words(
        "That one is yours",
        "Nobody decides on their own request, nor on one that they reported. Leave it to others.",
    ),
    "review_claimed": Words("{name} is looking at it", "It is theirs until {until}."),
    "review_decided": Words("{name} has decided it", "They said “{ruling}” on {at}."),
    "review_over": Words("That item is over", "It was {value} on {at}; nobody decided it."),
    "review_escalated": Words("That one is left to admins", "It was escalated; {allowed} decides."),
    "review_second_same": Words(
        "That takes somebody else", "You approved it first; a second person has to agree."
    ),
    "review_reason_unknown": Words(
        "Which reason?", "The policy has no “{value}” for that. It takes {allowed}."
    ),
    "review_note_too_long": Words(
        "That note is too long", "It has {value} characters; {allowed} are possible."
    ),
    "review_not_decided": Words("Nobody has decided it yet", "There is nothing to undo or apply."),
    "review_undo_late": Words(
        "Too late to undo", "What {name} decided has taken effect, or does so at this moment."
    ),
    "review_not_alike": Words(
        "{value} is not like it", "Only equal prompts and like pictures are decided together."
    ),
    "review_too_many": Words(
        "Those are too many at once", "You chose {value}; {allowed} are possible."
    ),
    "label_not_settled": Words(
        "Nothing to learn yet", "Only a decision that has taken effect goes into the labelled set."
    ),
    "label_of_pictures": Words(
        "That was about pictures", "The labelled set is of words, and these may have been fine."
    ),
    "review_moved_on": Words("Somebody was faster", "Look at it again before you decide."),
}
"""From the moderators' desk."""
