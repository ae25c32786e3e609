"""Cover pictures that wait for a person, and open revealed ones to whom they were revealed.

The console and the moderators' channel show the same pictures under addresses of their own.
"""

import io
from collections.abc import Sequence
from typing import Final

from fastapi import Response
from itsdangerous import BadData, URLSafeTimedSerializer

from bot import wording
from bot.bootstrap import Services
from core.contracts.ids import VerifyId
from core.contracts.jobs import Picture
from core.contracts.reviews import ReviewId, ReviewItem
from core.errors import NotFound

OPEN_S: Final = 60
"""How long the address of a revealed picture opens."""

_SQUARES: Final = 12
"""What is left of a covered picture, a side: light and dark, and nothing that could be known."""


class Tickets:
    """Sign the addresses of revealed pictures, each for one viewer.

    Args:
        services: Whose secret key signs.
        salt: Tells the tickets of one place from those of another.
    """

    def __init__(self, services: Services, salt: str) -> None:
        secret = services.settings.secret_key.get_secret_value()
        self._signer = URLSafeTimedSerializer(secret, salt=salt)

    def give(self, viewer: str, item_id: ReviewId, pictures: Sequence[VerifyId]) -> list[str]:
        """Make a ticket for each picture of an item, in their order."""
        return [str(self._signer.dumps([viewer, item_id, each])) for each in pictures]

    def read(self, ticket: str, viewer: str) -> tuple[ReviewId, VerifyId]:
        """Tell which picture a ticket opens.

        Raises:
            NotFound: `picture_not_found`: it is forged, too old, or another viewer's.
        """
        try:
            given_to, item_id, verify_id = self._signer.loads(ticket, max_age=OPEN_S)
        except BadData as error:
            raise NotFound("picture_not_found") from error
        if given_to != viewer:
            raise NotFound("picture_not_found", verify_id=verify_id)
        return item_id, verify_id


def plainly(picture: Picture, data: bytes) -> Response:
    """Serve a revealed picture under the name of its label, should it be saved."""
    name = wording.file_name(picture.verify_id, picture.media_type)
    headers = {"Content-Disposition": f'inline; filename="{name}"'}
    return Response(data, media_type=picture.media_type, headers=headers)


def standing_picture(services: Services, item: ReviewItem, verify_id: VerifyId) -> Picture:
    """Find a picture of an item that nobody deleted.

    Raises:
        NotFound: `picture_not_found`, whatever the reason.
    """
    with services.store.reading() as unit:
        for picture in unit.pictures.of_job(item.job_id):
            if picture.verify_id == verify_id and not unit.pictures.is_deleted(verify_id):
                return picture
    raise NotFound("picture_not_found", verify_id=verify_id)


def squares(data: bytes) -> bytes:
    """Make a few grey squares of a picture."""
    from PIL import Image

    with Image.open(io.BytesIO(data)) as image:
        small = image.convert("L").resize((_SQUARES, _SQUARES), Image.Resampling.BOX)
    out = io.BytesIO()
    small.save(out, "PNG")
    return out.getvalue()
