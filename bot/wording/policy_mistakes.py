"""Word the codes of what goes wrong with drafts and versions of a policy."""

from bot.wording.mistakes import Words

POLICIES: dict[str, Words] = {
    "policy_not_permitted": Words(
        "That takes another role", "The policy lets you do it from the role {allowed} on."
    ),
    "policy_verb_unknown": Words("There is no /policy {value}", "There are {allowed}."),
    "policy_path_unknown": Words(
        "The policy has no “{value}”", "See /policy explain for what there is."
    ),
    "policy_list_unknown": Words("The policy has no list “{value}”", "There are {allowed}."),
    "policy_version_not_found": Words(
        "There is no version {value}", "/policy history lists those that were proposed."
    ),
    "policy_version_invalid": Words(
        "No number of a version: “{value}”", "Versions are numbered from 1, as in /policy diff 3."
    ),
    "policy_version_missing": Words(
        "Nothing is proposed yet", "Begin with /policy set, as in /policy set title Our club"
    ),
    "policy_days_invalid": Words(
        "No number of days: “{value}”", "A replay takes 1 to 400 days, as in /policy replay 3 30."
    ),
    "policy_value_missing": Words(
        "Which value?",
        "Write its path and the value: /policy set categories.gore_graphic.action review",
    ),
    "policy_value_invalid": Words(
        "Nothing can be set so: “{value}”", "Quote a value that holds colons or brackets."
    ),
    "policy_too_long": Words(
        "That policy is too long", "It has {value} characters; {allowed} are possible."
    ),
    "policy_unchanged": Words(
        "That changes nothing", "What is in force says the same; no version was kept."
    ),
    "policy_in_force": Words("Version {value} is in force already", "Nothing was changed."),
    "policy_nothing_before": Words(
        "There is nothing to go back to", "No version is in force here, only the wider policy."
    ),
    "policy_second_person": Words(
        "That takes a second person",
        "It loosens {allowed}. Somebody who did not propose it must put it in force; going back "
        "to the wider policy alone is proposed as a version like any other change.",
    ),
    "policy_breaks_channel": Words(
        "The channel {value} could not be read any more",
        "Its own part does not fit the new policy. Change that first.",
    ),
    "policy_moved_on": Words(
        "Somebody changed the policy meanwhile", "Look at it again before you put this in force."
    ),
    "policy_corrupt": Words(
        "The stored policy {file} was changed", "It is not what was proposed, so nobody obeys it."
    ),
    "consent_missing": Words(
        "Its author lets nothing be learnt from {value}",
        "Members say so with /privacy, or the policy's `consent` says it for them. Nothing was "
        "kept.",
    ),
    "deny_list_unset": Words(
        "There is no deny list yet",
        "Name a file in EASEL_WORKER_PICTURE_DENY_LIST, for the workers too. Nothing was added.",
    ),
    "deny_no_picture": Words(
        "That is no picture", "{value} could not be read as one. Nothing was added."
    ),
    "deny_too_plain": Words(
        "There is too little in that picture",
        "{value} could not be told from many others. Nothing was added.",
    ),
    "policy_file_changed": Words(
        "The policy file {file} was changed", "Restart Easel, so that every process reads it."
    ),
    "labelled_unreadable": Words(
        "The labelled set {value} cannot be read",
        "Line {left}: each is a JSON object with “text” and “label”, which is “unsafe” or “safe”.",
    ),
}
"""From the policy's desk."""
