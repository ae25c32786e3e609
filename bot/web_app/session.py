"""Know a browser again: a signed cookie makes each one a member with a friendly name.

There are no accounts. Whoever reaches the chat is a member of its community; a moderator enters
by a one-time link. The cookie holds no secret, only what its signature vouches for.
"""

import secrets
import time
from collections.abc import Callable

from itsdangerous import BadData, URLSafeTimedSerializer
from pydantic import Field, ValidationError

from core.contracts.actors import Actor, Role
from core.contracts.base import Contract
from core.contracts.ids import CommunityId, MemberId, new_id
from core.errors import UserError

COOKIE = "easel_session"
COOKIE_MAX_AGE_S = 180 * 24 * 3600
"""A browser not seen for half a year starts anew; each page load starts the half year again."""

ENTRY_MAX_AGE_S = 12 * 3600
"""A moderator's link printed in the morning still opens in the evening."""

MODERATOR_FOR_S = 7 * 24 * 3600
"""Being a moderator by link ends after a week; another link renews it."""

_PURPOSES = frozenset({Role.MODERATOR.value, Role.ADMIN.value})

_ADJECTIVES = (
    "Amber Bold Brave Bright Calm Clever Coral Curious Gentle Golden Happy Humble Indigo Ivory "
    "Jolly Kind Lively Lucky Mellow Merry Nimble Noble Olive Patient Quick Quiet Rosy Scarlet "
    "Silver Steady Sunny Witty"
)
_BIRDS = (
    "Avocet Bittern Bunting Crane Curlew Dipper Dunlin Egret Falcon Finch Goldcrest Grebe Heron "
    "Hoopoe Ibis Jay Kestrel Kite Lapwing Lark Linnet Magpie Martin Osprey Owl Pipit Plover Robin "
    "Swallow Swift Tern Wren"
)


class Session(Contract):
    """What the cookie says of a browser."""

    community_id: CommunityId
    member_id: MemberId
    name: str = Field(max_length=80)
    moderator_until: int = Field(default=0, description="Unix time; 0: never was one.")
    admin_until: int = Field(default=0, description="Unix time; 0: never was one.")


class Sessions:
    """Sign, read and renew sessions and one-time links."""

    def __init__(
        self, secret_key: str, community_id: CommunityId, clock: Callable[[], float] = time.time
    ) -> None:
        self._cookies = URLSafeTimedSerializer(secret_key, salt="easel.session")
        self._entries = URLSafeTimedSerializer(secret_key, salt="easel.entry")
        self._community_id = community_id
        self._clock = clock

    def new(self) -> Session:
        """Make a member of a browser that was never here."""
        name = f"{secrets.choice(_ADJECTIVES.split())} {secrets.choice(_BIRDS.split())}"
        return Session(
            community_id=self._community_id, member_id=MemberId(f"web:{new_id()}"), name=name
        )

    def read(self, cookie: str | None) -> Session | None:
        """Read a cookie; None when it is missing, forged, too old or another community's."""
        if not cookie:
            return None
        try:
            session = Session.model_validate(
                self._cookies.loads(cookie, max_age=COOKIE_MAX_AGE_S), strict=False
            )
        except (BadData, ValidationError):
            return None
        return session if session.community_id == self._community_id else None

    def write(self, session: Session) -> str:
        """Sign a session as a cookie's value."""
        return str(self._cookies.dumps(session.model_dump(mode="json")))

    def actor(self, session: Session) -> Actor:
        """Name the person behind a session, with the role in force now."""
        now = self._clock()
        role = Role.MODERATOR if session.moderator_until > now else Role.MEMBER
        return Actor(
            community_id=session.community_id,
            member_id=session.member_id,
            display_name=session.name,
            role=Role.ADMIN if session.admin_until > now else role,
        )

    def promote(self, session: Session, role: Role = Role.MODERATOR) -> Session:
        """Make a session a moderator's, or an admin's, for a week."""
        until = int(self._clock()) + MODERATOR_FOR_S
        return session.model_copy(update={f"{role}_until": until})

    def entry_token(self, role: Role = Role.MODERATOR) -> str:
        """Make a one-time token that lets its bearer in as a moderator or an admin."""
        return str(self._entries.dumps({"purpose": role.value, "id": new_id(20)}))

    def role_of(self, token: str) -> Role:
        """Tell what a token that was checked makes of its bearer."""
        return Role(self._entries.loads(token)["purpose"])

    def read_entry(self, token: str) -> str:
        """Check an entry token and return its id; that it is used once, the caller sees to.

        Raises:
            UserError: `entry_link_invalid`.
        """
        try:
            fields = self._entries.loads(token, max_age=ENTRY_MAX_AGE_S)
        except BadData as error:
            raise UserError("entry_link_invalid") from error
        if not isinstance(fields, dict) or fields.get("purpose") not in _PURPOSES:
            raise UserError("entry_link_invalid")
        return str(fields["id"])


def entry_link(
    base_url: str, secret_key: str, community_id: str, role: Role = Role.MODERATOR
) -> str:
    """Make the one-time link by which a moderator, or an admin, enters the chat."""
    token = Sessions(secret_key, CommunityId(community_id)).entry_token(role)
    return f"{base_url.rstrip('/')}/enter?token={token}"
