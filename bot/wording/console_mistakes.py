"""Word the codes of what goes wrong at the door of the moderators' console."""

from bot.wording.mistakes import Words

CONSOLE: dict[str, Words] = {
    "console_signed_out": Words(
        "You are not signed in", "Your session has ended, or there was none. Sign in again."
    ),
    "console_form_stale": Words(
        "That form is from another session",
        "Nothing was changed. Load the page again and repeat what you did.",
    ),
    "console_session_not_found": Words(
        "There is no such session", "It has ended already, or it is not yours."
    ),
    "console_too_many_tries": Words(
        "Too many tries to sign in", "Nothing was looked at. Try again in {value} minute(s)."
    ),
    "console_proof_used": Words(
        "That sign-in was used already", "Each one opens one session. Begin again."
    ),
    "console_links_off": Words(
        "One-time links open nothing here", "EASEL_CONSOLE_LINKS is off. Sign in another way."
    ),
    "console_secret_missing": Words(
        "One-time links open nothing yet",
        "Anybody could write one: EASEL_SECRET_KEY is still the placeholder. Set it and restart.",
    ),
    "console_no_role": Words(
        "You may not come in here",
        "{value} knows you, but none of your roles makes you a moderator here.",
    ),
    "console_sign_in_refused": Words(
        "Nobody signed in", "{value} was told no, or gave no answer that counts. Begin again."
    ),
    "console_sign_in_stale": Words(
        "That sign-in cannot go on",
        "It was begun in another browser, too long ago, or it was used already. Begin again.",
    ),
    "console_platform_away": Words(
        "{value} could not be asked who you are", "Nobody was let in. Try again in a minute."
    ),
    "console_platform_unknown": Words(
        "There is no such way to sign in", "The ways that are set up stand on the sign-in page."
    ),
}
