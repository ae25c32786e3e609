"""Turn the engine's raw pixels into the picture that is checked, labelled and posted."""

from PIL import Image

from core.prompts import weigh
from worker.engine.messages import PictureDrawn

ALT_TEXT_MAX = 1000
"""Discord takes 1,024 characters of description, Slack 2,000."""

_ALT_TEXT = "AI-generated picture: {}"


def picture_of(drawn: PictureDrawn, post_size: int) -> Image.Image:
    """Make the picture as it is posted: its shorter side is at least `post_size` pixels.

    Small pictures are enlarged with Lanczos, which invents nothing; larger ones stay as drawn.
    """
    image = Image.frombytes("RGB", (drawn.width, drawn.height), drawn.rgb)
    scale = post_size / min(image.size)
    if scale <= 1:
        return image
    width, height = (round(side * scale) for side in image.size)
    return image.resize((width, height), Image.Resampling.LANCZOS)


def alt_text(prompt: str) -> str:
    """Describe a picture for those who can not see it, by the words that called for it.

    Args:
        prompt: One permutation; its weights are left out, and parts that are not wanted too.
    """
    wanted = ", ".join(part.text for part in weigh(prompt) if part.weight > 0)
    text = _ALT_TEXT.format(" ".join(wanted.split()))
    return text if len(text) <= ALT_TEXT_MAX else f"{text[: ALT_TEXT_MAX - 1]}…"
