"""Sign the links by which members fetch what is kept of them: their owner's alone, and not long.

A link is no copy: the files are put together when it is opened.
"""

from itsdangerous import BadData, URLSafeTimedSerializer

from core.contracts.actors import Actor
from core.errors import NotFound
from core.settings import CoreSettings

GOOD_FOR_S = 15 * 60
"""Long enough to press it, too short to be found in a history later."""


def token_of(settings: CoreSettings, actor: Actor) -> str:
    """Make the token that opens for this member, for a while."""
    return str(_signer(settings).dumps([actor.community_id, actor.member_id]))


def require(settings: CoreSettings, actor: Actor, token: str) -> None:
    """Let a token's owner pass.

    Raises:
        NotFound: `mydata_link_invalid`: it is forged, too old or another's.
    """
    try:
        owner = _signer(settings).loads(token, max_age=GOOD_FOR_S)
    except BadData as error:
        raise NotFound("mydata_link_invalid") from error
    if owner != [actor.community_id, actor.member_id]:
        raise NotFound("mydata_link_invalid")


def _signer(settings: CoreSettings) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings.secret_key.get_secret_value(), salt="easel.mydata")
