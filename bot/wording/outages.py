"""Word the codes of what is away, broken or not set up, for the person and for the operator.

What a person cannot change is said with what happens to their request; what an operator can
change is said with the setting to change.
"""

from bot.wording.mistakes import Words

AWAY: dict[str, Words] = {
    "broker_away": Words(
        "The queue is away for the moment", "Accepted requests are kept. Try again in a minute."
    ),
    "database_away": Words(
        "The database is away for the moment",
        "Nothing was accepted or lost. Try again in a minute.",
    ),
    "blobs_away": Words(
        "The picture store is away for the moment", "The pictures are kept. Try again in a minute."
    ),
    "blob_not_found": Words(
        "The picture's file is missing",
        "Its record is there, its bytes are not. Somebody may have emptied the store.",
    ),
    "engine_died": Words(
        "The drawing engine stopped", "It starts again by itself, and so does the request."
    ),
    "engine_hung": Words(
        "The drawing engine did not answer", "It was restarted, and the request goes on."
    ),
    "engine_stopped": Words("The drawing engine is closing", "The request waits for the next one."),
    "engine_not_started": Words(
        "The drawing engine is not running yet", "The request waits until it is."
    ),
    "classifier_failed": Words(
        "The classifier could not be loaded",
        "EASEL_SCREENING_CLASSIFIER names it; what went wrong: {reason}.",
    ),
    "part_not_ready": Words("{value} did not start", "Its log says why: {log}"),
}
"""Dependencies that come back."""

DRAWING: dict[str, Words] = {
    "draw_failed": Words("The model stumbled", "Try again, perhaps with other flags."),
    "picture_broken": Words(
        "The model drew nothing usable", "Its numbers ran out of range. Try another seed or --cfg."
    ),
    "out_of_memory": Words(
        "The machine ran out of memory", "Ask for fewer pictures at a time, or a smaller one."
    ),
    "label_failed": Words(
        "This picture could not be labelled",
        "Nothing is posted without its label. Try again; if it happens again, tell an operator.",
    ),
    "model_draws_no_pictures": Words(
        "That model draws no pictures", "EASEL_MODEL must name a text-to-image pipeline."
    ),
    "model_withheld": Words(
        "The model withheld this picture", "Its own safety filter did. Try other words."
    ),
    "model_flag_unsupported": Words(
        "This model cannot use one of the flags",
        "Leave out --no, --tile or the :: weights, or choose another model with --model.",
    ),
    "model_not_found": Words(
        "The model was not found", "EASEL_MODEL names neither a folder nor a model on the hub."
    ),
    "model_unreachable": Words(
        "The model could not be fetched", "The hub did not answer, or its licence must be accepted."
    ),
    "model_unreadable": Words(
        "The model could not be loaded", "Its files are incomplete or of an unknown kind."
    ),
    "model_too_large": Words(
        "The model is too large for this machine",
        "Its weights do not fit into EASEL_WORKER_MEMORY_GIB or the device. Choose another one.",
    ),
    "lora_unreadable": Words(
        "A LoRA could not be read", "Its file is missing, damaged or of an unknown kind."
    ),
    "lora_does_not_fit": Words(
        "A LoRA does not fit this model", "It was trained for another one. Choose another --lora."
    ),
    "lora_too_large": Words(
        "A LoRA is too large", "Its file is larger than the room that the worker has for LoRAs."
    ),
    "scheduler_unusable": Words(
        "That sampler cannot draw this",
        "It is unknown, or takes fewer steps. Leave it out or ask for fewer steps.",
    ),
    "snapshot_unusable": Words(
        "A half-drawn picture could not be gone on with", "Request it again to begin anew."
    ),
    "source_missing": Words(
        "The picture to go on from is gone", "It was deleted meanwhile. Go on from another one."
    ),
    "device_not_found": Words(
        "The graphics card was not found", "EASEL_WORKER_DEVICE names one that is not there."
    ),
}
"""What goes wrong while a model loads or draws. A failed job records the code alone, so these ask
for no facts."""

SET_UP: dict[str, Words] = {
    "placeholder_secret": Words(
        "{setting} is still the placeholder", "Set it to a long random text in production."
    ),
    "held_key_invalid": Words(
        "Key {value} of {setting} is none",
        "Each is 32 bytes in URL-safe base64, as `openssl rand -base64 32 | tr +/ -_` writes them.",
    ),
    "held_key_unknown": Words(
        "A held picture cannot be opened",
        "No key of EASEL_HELD_KEYS opens picture {verify_id}. Put back the key that was in force "
        "when it was held; until then it waits.",
    ),
    "held_altered": Words(
        "A held picture is not what was drawn",
        "The stored bytes of picture {verify_id} are not those on record. It is not published; "
        "rejecting it removes it.",
    ),
    "models_alike": Words(
        "Two models have the name “{value}”",
        "Look at EASEL_MODEL and EASEL_EXTRA_MODELS: --model could mean either.",
    ),
    "policy_invalid": Words("The policy {file} is refused", "{faults}"),
    "label_layer_unknown": Words(
        "There is no layer of labels called {value}",
        "EASEL_LABEL_MAY_MISS takes: {allowed}.",
    ),
    "signing_keys_incomplete": Words(
        "The signing keys are incomplete",
        "{folder} has no {missing}. Restore it, or remove the folder to have new keys made.",
    ),
    "signing_keys_unusable": Words(
        "The signing keys cannot be used", "Look at {folder}; the reason is: {reason}."
    ),
    "mark_keys_unusable": Words(
        "The keys of the mark cannot be used",
        "Look at mark.keys in {folder}; restore it from a backup. Without it, marks in earlier "
        "pictures are lost.",
    ),
    "keys_not_rotatable": Words(
        "This certificate comes from an authority",
        "Ask it for a new one: easel keys request, then easel keys import. Nothing in {folder} "
        "was changed.",
    ),
    "keys_import_refused": Words(
        "This certificate cannot be taken",
        "Nothing was changed; the reason is: {reason}. docs/provenance.md says what each means.",
    ),
    "keys_request_elsewhere": Words(
        "The key lies with the signing command",
        "EASEL_SIGNING_COMMAND signs here: make the request with the tools of what it asks.",
    ),
    "keys_name_unusable": Words(
        "A certificate cannot have that name", "Names have 1 to 64 characters."
    ),
    "mark_weights_unusable": Words(
        "The networks of the mark cannot be used",
        "Look at {file} in EASEL_MARK_WEIGHTS; the reason is: {reason}.",
    ),
    "time_authority_unusable": Words(
        "The time-stamp authority cannot be used",
        "Look at EASEL_TSA_URL and EASEL_TSA_ROOTS; the reason is: {reason}.",
    ),
    "database_url_unsupported": Words(
        "That database is not supported",
        "EASEL_DATABASE_URL takes sqlite:///… and postgresql://… addresses.",
    ),
    "database_driver_missing": Words(
        "The database's driver is missing", "Install it: pip install 'easel[{extra}]'"
    ),
    "home_in_use": Words(
        "Easel runs here already", "End the one that uses {value}, or set EASEL_HOME elsewhere."
    ),
    "redis_server_missing": Words(
        "There is no redis-server", "Install it: pip install 'easel[demo]'"
    ),
}
"""What an operator meets before anything runs."""

INSIDE: dict[str, Words] = {
    "internal_error": Words(
        "Something broke on our side", "It is written in the log. Try again in a moment."
    ),
    "picture_unlabelled": Words(
        "This picture has no label on record",
        "So it is not handed out. Ask for it again: it is then drawn and labelled anew.",
    ),
    "copy_does_not_fit": Words(
        "This picture is too large for the place it goes to",
        "No copy of it fits into {value} bytes.",
    ),
    "illegal_step": Words(
        "That has changed in the meantime", "Somebody was a moment faster. Look at it again."
    ),
    "lease_lost": Words(
        "That has changed in the meantime", "Another worker took the request over."
    ),
    "picture_exists": Words("That picture is recorded already", "Nothing was recorded twice."),
    "message_unreadable": Words(
        "This message cannot be shown", "Another version of Easel wrote it."
    ),
}
"""Races and bugs: seldom seen, never silent."""
