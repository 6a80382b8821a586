"""How the simulated Discord writes people and channels."""

from typing import Any

JSON = dict[str, Any]
APPLICATION, GUILD, ROLE = 900, 901, 902
DIRECT = range(100)
"""Channels for direct messages; each has the number of its member."""


def user(number: int) -> JSON:
    name = {"username": f"member{number}", "global_name": f"Mem*ber {number}", "discriminator": "0", "avatar": None}
    return {"id": str(number), "bot": number == APPLICATION, "public_flags": 0, **name}


def member(number: int, *, admin: bool) -> JSON:
    return {
        "user": user(number), "nick": None, "avatar": None, "roles": [str(ROLE)], "joined_at": "2025-01-01T00:00:00+00:00",
        "premium_since": None, "deaf": False, "mute": False, "pending": False, "flags": 0,
        "communication_disabled_until": None, "permissions": str((1 << 52) - 1 if admin else 0),
    }  # fmt: skip


def resolved(number: int) -> JSON:
    """Describe a member whom a command names."""
    bare = {k: v for k, v in member(number, admin=False).items() if k != "user"}
    return {"users": {str(number): user(number)}, "members": {str(number): bare}}


def channel(number: int) -> JSON:
    return {
        "id": str(number), "type": 0, "guild_id": str(GUILD), "name": "general", "position": 0, "flags": 0,
        "permission_overwrites": [], "parent_id": None, "topic": None, "nsfw": False, "rate_limit_per_user": 0,
        "last_message_id": None,
    }  # fmt: skip
