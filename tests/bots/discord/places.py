"""What the local Discord does not know yet: roles, and threads."""

from dataclasses import dataclass, field
from typing import Any

from tests.bots.discord.conftest import Stage
from tests.worlds.discord import Channel, Member, Reply
from tests.worlds.discord.places import JSON
from tests.worlds.discord.replies import COMMAND

SUB_COMMAND, STRING, ROLE, THREAD = 1, 3, 8, 11


@dataclass(frozen=True, slots=True)
class Role:
    id: int
    name: str
    permissions: int = 0

    def payload(self) -> JSON:
        return {
            "id": str(self.id),
            "name": self.name,
            "color": 0,
            "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
            "hoist": False,
            "position": 1,
            "permissions": str(self.permissions),
            "managed": False,
            "mentionable": False,
            "flags": 0,
        }


@dataclass(eq=False)
class RoledMember(Member):
    """A member with roles."""

    roles: list[Role] = field(default_factory=list)

    def payload(self, *, with_user: bool = True) -> JSON:
        return super().payload(with_user=with_user) | {"roles": [str(role.id) for role in self.roles]}


@dataclass(eq=False)
class Thread(Channel):
    """A public thread of `parent`."""

    parent: Channel | None = None

    def payload(self) -> JSON:
        assert self.parent is not None
        return super().payload() | {
            "type": THREAD,
            "parent_id": str(self.parent.id),
            "owner_id": "1",
            "message_count": 1,
            "member_count": 1,
            "thread_metadata": {
                "archived": False,
                "auto_archive_duration": 60,
                "archive_timestamp": "2026-11-22T00:00:00+00:00",
                "locked": False,
            },
        }


def with_role(stage: Stage, name: str, *roles: Role) -> RoledMember:
    """Let somebody in who has roles."""
    plain = stage.guild.member(name)
    member = RoledMember(plain.user, plain.guild, plain.permissions, roles=list(roles))
    stage.guild.members[-1] = member
    return member


def thread(stage: Stage, parent: Channel) -> Thread:
    """Open a thread; a client shows the bot nothing of it before its first interaction."""
    opened = Thread(stage.world.new_id(), "thread", stage.guild, parent=parent)
    stage.guild.channels.append(opened)
    return opened


async def use_role(stage: Stage, who: Member, line: str, role: Role, **texts: str) -> Reply:
    """Use a subcommand that takes a role."""
    name, sub = line.removeprefix("/").split()
    leaf = next(o for o in stage.world.commands[name]["options"] if o["name"] == sub)
    kinds: dict[str, Any] = {o["name"]: o["type"] for o in leaf["options"]}
    assert kinds["role"] == ROLE
    options = [{"name": "role", "type": ROLE, "value": str(role.id)}]
    options += [{"name": option, "type": kinds[option], "value": value} for option, value in texts.items()]
    data = {
        "id": stage.world.commands[name]["id"],
        "name": name,
        "type": 1,
        "options": [{"name": sub, "type": SUB_COMMAND, "options": options}],
        "resolved": {"roles": {str(role.id): role.payload()}},
    }
    return await stage.world._interact(COMMAND, who, stage.channel, data)
