"""Say in words what a picture shows, for people who cannot see it."""

ALT_TEXT_MAX = 1000
"""Characters: Discord takes 1,024 and Slack 2,000; screen readers read all of them aloud."""

_OPENING = "AI-generated picture: "


def alt_text(prompt: str) -> str:
    """Describe a picture by the prompt that it was drawn from: nothing else is known of it."""
    room = ALT_TEXT_MAX - len(_OPENING)
    if len(prompt) > room:
        prompt = prompt[: room - 1].rstrip() + "…"
    return _OPENING + prompt
