"""Word what goes wrong between Easel and a chat platform, for whoever set it up."""

from bot.wording.mistakes import Words

PLATFORMS: dict[str, Words] = {
    "platform_token_missing": Words(
        "There is no token for {name}", "Set {setting} to the bot's token."
    ),
    "platform_token_refused": Words(
        "{name} does not know the token", "{setting} holds one that was changed or withdrawn."
    ),
    "platform_channel_missing": Words(
        "Which channel of {name}?",
        "Name one with --channel, or in EASEL_LABEL_CHECK_CHANNELS: {example}",
    ),
    "platform_channel_unknown": Words(
        "{name} shows the bot no such channel",
        "It takes a channel's id, and the bot must be a member there. Nothing was posted.",
    ),
    "platform_permission_missing": Words(
        "{name} does not allow that to the bot", "It needs: {value}."
    ),
    "platform_refused": Words(
        "{name} refused", "Its own code is {value}; its documentation says what that means."
    ),
    "platform_answer_unclear": Words(
        "What answered is not {name}", "The address of its API may lead to another server."
    ),
    "platform_extra_missing": Words(
        "The part of Easel for {name} is not installed", "Install it: pip install 'easel[{extra}]'"
    ),
    "platform_away": Words("{name} is away for the moment", "Try again in some minutes."),
    "platform_busy": Words(
        "{name} asks to be left alone for a while", "It may be asked again in {value} s."
    ),
}
"""From `easel label-check`."""
