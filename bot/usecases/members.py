"""Find the member that is meant: by display name where it is one person's, else by id."""

import difflib

from core.contracts.actors import Actor
from core.contracts.ids import CommunityId, MemberId
from core.errors import NotFound, UserError
from core.storage import Unit

_REPEATED_MAX = 60
"""Characters of a person's text that an error repeats."""

_LISTED_MAX = 10


def find_member(unit: Unit, community_id: CommunityId, name: str) -> Actor:
    """Find a member of a community, with the name and role of their newest request.

    Raises:
        NotFound: `member_not_found`: nobody of that name or id ever asked for anything here.
        UserError: `member_ambiguous`: several have that name now.
    """
    name = name.strip().strip('"').strip()
    by_id = unit.members.get(community_id, MemberId(name))
    if by_id is not None:
        return by_id
    known = unit.members.recent(community_id)
    named = [each for each in known if each.display_name.casefold() == name.casefold()]
    if not named:
        names = [each.display_name for each in known]
        near = difflib.get_close_matches(name[:_REPEATED_MAX], names, n=1)
        raise NotFound(
            "member_not_found",
            value=name[:_REPEATED_MAX],
            suggestion=f"“{near[0]}”" if near else None,
        )
    if len(named) > 1:
        ids = [str(each.member_id) for each in named]
        raise UserError("member_ambiguous", value=name[:_REPEATED_MAX], allowed=ids[:_LISTED_MAX])
    return named[0]
