"""List every door of the console and the least role that opens it; `test_doors` tries them all.

A page adds its routes here. `None` is a door that nobody need be signed in for.
"""

from core.contracts.actors import Role

DOORS: dict[tuple[str, str], Role | None] = {
    ("GET", "/console"): Role.MODERATOR,
    ("GET", "/console/sign-in"): None,
    ("GET", "/console/sign-in/{name}"): None,
    ("GET", "/console/sign-in/{name}/back"): None,
    ("GET", "/console/enter"): None,
    ("POST", "/console/enter"): None,
    ("POST", "/console/sign-out"): Role.MODERATOR,
    ("GET", "/console/account"): Role.MODERATOR,
    ("POST", "/console/account/settings"): Role.MODERATOR,
    ("POST", "/console/account/sessions/{session_id}/end"): Role.MODERATOR,
    ("GET", "/console/queue"): Role.MODERATOR,
    ("POST", "/console/queue"): Role.MODERATOR,
    ("POST", "/console/queue/next"): Role.MODERATOR,
    ("GET", "/console/queue/events"): Role.MODERATOR,
    ("GET", "/console/queue/items/{item_id}"): Role.MODERATOR,
    ("GET", "/console/queue/items/{item_id}/standing"): Role.MODERATOR,
    ("GET", "/console/queue/items/{item_id}/pictures/{verify_id}/covered"): Role.MODERATOR,
    ("GET", "/console/queue/pictures/{ticket}"): Role.MODERATOR,
    ("POST", "/console/queue/items/{item_id}/acts/{act}"): Role.MODERATOR,
    ("POST", "/console/queue/items/{item_id}/decide"): Role.MODERATOR,
    ("POST", "/console/queue/items/{item_id}/escalate"): Role.MODERATOR,
    ("POST", "/console/queue/items/{item_id}/reveal"): Role.MODERATOR,
    ("POST", "/console/queue/items/{item_id}/alike"): Role.MODERATOR,
    ("POST", "/console/queue/items/{item_id}/label"): Role.MODERATOR,
    ("GET", "/console/policy"): Role.MODERATOR,
    ("GET", "/console/policy/values"): Role.MODERATOR,
    ("POST", "/console/policy/validate"): Role.MODERATOR,
    ("POST", "/console/policy/propose"): Role.MODERATOR,
    ("GET", "/console/policy/versions/{number}"): Role.MODERATOR,
    ("POST", "/console/policy/versions/{number}/test"): Role.MODERATOR,
    ("POST", "/console/policy/versions/{number}/replay"): Role.MODERATOR,
    ("POST", "/console/policy/versions/{number}/shadow"): Role.MODERATOR,
    ("POST", "/console/policy/versions/{number}/activate"): Role.ADMIN,
    ("POST", "/console/policy/shadow/off"): Role.MODERATOR,
    ("POST", "/console/policy/rollback"): Role.ADMIN,
    ("GET", "/console/sanctions"): Role.MODERATOR,
    ("POST", "/console/sanctions/find"): Role.MODERATOR,
    ("GET", "/console/sanctions/members/{member_id}"): Role.MODERATOR,
    ("POST", "/console/sanctions/give"): Role.MODERATOR,
    ("POST", "/console/sanctions/{sanction_id}/pardon"): Role.MODERATOR,
    ("GET", "/console/audit"): Role.MODERATOR,
    ("POST", "/console/audit/verify"): Role.MODERATOR,
    ("POST", "/console/audit/export"): Role.ADMIN,
    ("GET", "/console/statistics"): Role.MODERATOR,
}

SAMPLES = {
    "name": "discord",
    "session_id": "nosuchsession",
    "item_id": "nosuchitem",
    "verify_id": "nosuchpicture",
    "ticket": "forged",
    "act": "claim",
    "number": "999",
    "member_id": "web:nobody",
    "sanction_id": "nosuchsanction",
}
"""What stands for the parts of addresses: ids that nothing has."""


def address(path: str) -> str:
    """Fill a route's address with samples."""
    return path.format_map(SAMPLES)
