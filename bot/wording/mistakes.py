"""Word the codes of what a person can do differently: typed, pressed or asked for too much.

`{flag}`, `{value}`, `{allowed}`, `{example}` and other facts of the error are filled in; a
suggestion is added by `errors` wherever an error carries one.
"""

from typing import NamedTuple


class Words(NamedTuple):
    """A title that says what is the matter, and what to do about it."""

    title: str
    text: str


GRAMMAR: dict[str, Words] = {
    "prompt_empty": Words(
        "No prompt yet", "Say what to draw, for example: /imagine a red apple on a blue background"
    ),
    "prompt_too_long": Words(
        "That prompt is too long",
        "It has {value} characters; {allowed} are possible. The first sixty words matter most.",
    ),
    "quote_unclosed": Words(
        "A quote mark is left open",
        "Close the quote that begins with {value} or leave the mark out. "
        "Between quotes everything is text, flags too.",
    ),
    "flag_unknown": Words("There is no flag {flag}", "The flags are {allowed}."),
    "flag_elsewhere": Words(
        "Easel has no {flag}", "Midjourney has that parameter; leave it out here."
    ),
    "flag_glued": Words(
        "A space is missing before {flag}",
        "Put a space before the dashes in “{value}”, or put the words in quotes to draw them.",
    ),
    "flag_repeated": Words("{flag} stands there twice", "Keep the one that counts."),
    "flags_conflict": Words(
        "{flag} and {value} exclude each other", "Keep one of them, or neither."
    ),
    "flag_needs_another": Words(
        "{flag} needs {value}", "It says nothing without it. For example: {example}"
    ),
    "upscale_of_variants": Words(
        "One picture is enlarged at a time",
        "The prompt stands for {value} of them; keep one of each pair of {{braces}}.",
    ),
    "flag_value_missing": Words(
        "{flag} needs a value", "It takes {allowed}. For example: {example}"
    ),
    "flag_value_unwanted": Words(
        "{flag} takes no value", "Write {flag} alone; “{value}” can go into the prompt."
    ),
    "flag_value_invalid": Words(
        "{flag} does not take “{value}”", "It takes {allowed}. For example: {example}"
    ),
    "braces_in_flag": Words(
        "{flag} takes no braces",
        "Variants in {{braces}} work in the prompt only; “{value}” is a flag's value.",
    ),
    "flag_in_braces": Words(
        "{flag} stands inside braces",
        "Variants in {{braces}} work for words of the prompt only. "
        "Close the brace before {flag}, or write \\{{ for a plain brace.",
    ),
    "model_unknown": Words("There is no model “{value}” here", "On offer here: {allowed}."),
    "style_unknown": Words("There is no style “{value}” here", "On offer here: {allowed}."),
    "style_unsupported": Words(
        "This model has no style “{value}”", "This model's styles: {allowed}."
    ),
    "lora_unsupported": Words("This model has no LoRA “{value}”", "This model's LoRAs: {allowed}."),
    "aspect_unsupported": Words(
        "This model does not draw {value}", "{flag} takes {allowed} with this model."
    ),
    "unbalanced_brace": Words(
        "A brace has no partner",
        "Look at “{value}”. Variants are written {{red,blue}}; "
        "write \\{{ or \\}} for a plain brace.",
    ),
    "empty_choice": Words(
        "One variant is empty",
        "Look at “{value}”. Put words on both sides of each comma in {{braces}}; "
        "write \\, for a plain comma.",
    ),
    "too_many_variants": Words(
        "Those are too many variants",
        "Braces multiply: {{a,b}} {{c,d}} makes four. "
        "At most {allowed} are possible in one request.",
    ),
    "too_many_pictures": Words(
        "Those are too many pictures",
        "Variants times --n makes {value}; at most {allowed} are possible in one request.",
    ),
    "empty_part": Words(
        "A weight stands without words",
        "Look at “{value}”. Words come before the colons: red apple::2 blue sky::1. "
        "Write \\:: for plain colons.",
    ),
    "weight_unclear": Words(
        "A weight can be read in two ways",
        "Look at “{value}”. A weight is a number directly after two colons, such as ::2 or ::0.5; "
        "put a space after the colons where the number is not a weight.",
    ),
    "weights_not_positive": Words(
        "The weights cancel each other",
        "Look at “{value}”. The weights of all parts must add up to more than zero.",
    ),
    "too_many_parts": Words(
        "Those are too many weighted parts", "At most {allowed} parts with :: are possible."
    ),
}
"""From `bot.grammar`, `core.prompts` and what a model cannot do."""

PICTURES: dict[str, Words] = {
    "image_not_found": Words(
        "There is no such picture to go on from",
        "Take a picture that is shown here, or one that you uploaded yourself.",
    ),
    "picture_deleted": Words(
        "That picture was deleted", "It is gone for good; go on from another one."
    ),
    "upload_gone": Words(
        "That upload is no longer kept", "Its time was over; upload the picture again."
    ),
    "upload_kind_wrong": Words(
        "That upload is for something else",
        "{flag} takes {allowed}, and {value} was uploaded for the other purpose.",
    ),
    "upload_empty": Words("That file is empty", "Choose the picture again."),
    "upload_too_large": Words(
        "That file is too large",
        "It has {value}; {allowed} are possible. Save it smaller or as a JPEG.",
    ),
    "upload_type_unknown": Words(
        "That is no picture Easel can read",
        "PNG, JPEG and WebP are possible, whatever the file is called.",
    ),
    "upload_too_many_pixels": Words(
        "That picture has too many pixels",
        "It has {value}; {allowed} pixels in all are possible. Make it smaller first.",
    ),
    "upload_too_small": Words(
        "That picture is too small",
        "Its shorter side has {value} pixels; at least {allowed} are needed.",
    ),
    "upload_unreadable": Words(
        "That picture is broken",
        "Part of the file is missing or damaged. Open it, save it anew and try again.",
    ),
    "upload_name_refused": Words(
        "That file's name is not allowed here", "Give the file another name and upload it again."
    ),
    "too_many_uploads": Words(
        "Too many uploads",
        "{value} in one {allowed} are possible. Go on from one you have, or wait a while.",
    ),
    "mask_empty": Words("Nothing is painted", "Paint over the part that is to be drawn anew."),
    "mask_full": Words(
        "Everything is painted",
        "Leave the part free that is to stay, or use Vary (strong) instead.",
    ),
    "upscale_too_large": Words(
        "That would be too large",
        "The longer side would have {value} pixels; {allowed} are possible.",
    ),
}
"""From going on from a picture: one drawn here, an upload, a mask."""

COMMANDS: dict[str, Words] = {
    "command_missing": Words(
        "A command begins with /", "The commands are {allowed}. Try: /imagine a red apple"
    ),
    "command_elsewhere": Words(
        "{value} is for the other channel", "Moderators say {allowed} here."
    ),
    "command_unknown": Words("There is no command {value}", "The commands are {allowed}."),
    "job_id_missing": Words(
        "Which request?", "Add its id: /show 3k7fq2m9x0ab. “Details” under a picture tells it."
    ),
    "lineage_nothing_yet": Words(
        "Nothing of yours is drawn yet",
        "Name a request or a picture: /lineage 3k7fq2m9x0ab. “Details” under a picture tells it.",
    ),
    "takedown_not_found": Words(
        "There is no such take-down", "It may be another community's, or of before a restore."
    ),
    "job_not_found": Words(
        "There is no such request", "Check the id; “Details” under a picture tells it."
    ),
    "picture_not_found": Words(
        "There is no such picture", "It may have been deleted, or the address has a slip."
    ),
    "preview_not_found": Words("That preview is gone", "Previews last only while a job is drawn."),
    "message_not_found": Words("That message is gone", "It may have been deleted."),
    "page_not_found": Words("There is no such page", "Go back to the chat and start from there."),
    "request_invalid": Words(
        "That request could not be read", "Reload the page and try once more."
    ),
    "not_permitted": Words(
        "That is not yours to do", "Its author or a moderator can do it; ask one of them."
    ),
    "age_restricted": Words(
        "Not in this channel", "That request was made in an age-restricted channel; show it there."
    ),
    "too_many_waiting": Words(
        "Your queue is full",
        "You have {value} requests waiting, and {allowed} are possible at a time. "
        "Wait for one to finish.",
    ),
    "community_queue_full": Words(
        "The queue is full",
        "{value} requests are waiting here, and {allowed} are possible at a time. "
        "Try again when some of them are drawn.",
    ),
    "gpu_allowance_spent": Words(
        "That is more than is left to you today",
        "It takes about {value} GPU-seconds; {left} of your {allowed} for today are left. "
        "The count starts anew at midnight UTC, in {resets_in}.",
    ),
    "community_allowance_spent": Words(
        "That is more than is left here today",
        "It takes about {value} GPU-seconds; {left} of the community's {allowed} for today are "
        "left. The count starts anew at midnight UTC, in {resets_in}.",
    ),
    "draft_not_found": Words("There is no such question", "Ask for the picture once more."),
    "draft_expired": Words(
        "That question is too old", "Prices change. Ask for the picture once more."
    ),
    "draft_used": Words("That was answered already", "Ask for the picture once more if need be."),
    "cancel_what": Words(
        "Which request?", "Add its id, as in /cancel 3k7fq2m9x0ab, or /cancel all."
    ),
    "nothing_to_cancel": Words("Nothing to cancel", "That request is finished already."),
    "nothing_to_delete": Words(
        "Nothing to delete", "There is no picture of that request to delete."
    ),
    "nothing_to_report": Words(
        "Nothing to report", "There is no picture of that request to report."
    ),
    "already_reported": Words(
        "You have reported this already", "Your report is on record for the moderators."
    ),
    "appeal_used": Words(
        "A moderator was asked already",
        "Each refusal is looked at again once. You hear here what they say, or have heard it.",
    ),
    "appeal_not_possible": Words(
        "That cannot be asked",
        "Some refusals stand whatever anybody says, and a request that was not refused needs no "
        "second look.",
    ),
    "appeal_note_too_long": Words(
        "That is too long for a moderator", "It has {value} characters; {allowed} are possible."
    ),
    "session_missing": Words("You are not signed in", "Open the chat's page again to sign in."),
    "entry_link_used": Words(
        "That link was used already", "Each link opens once; ask for a new one."
    ),
    "entry_link_invalid": Words("That link does not open anything", "Ask for a new one."),
    "file_unreadable": Words("That file could not be read", "Look at {value}: {reason}."),
    "drawing_timed_out": Words(
        "The drawing took too long", "Nobody waits after {value} s, so it was cancelled. Try again."
    ),
    "cancelled": Words("Cancelled", "This request was called back before it was drawn."),
}
"""From commands, buttons, pages and what a person may do."""
