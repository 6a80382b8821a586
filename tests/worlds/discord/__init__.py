"""A local Discord: REST API v10 and the gateway websocket, as far as a slash-command bot uses them."""

from tests.worlds.discord.commands import CommandError
from tests.worlds.discord.places import Attachment, Channel, Guild, Member, Message, User
from tests.worlds.discord.reply import Reply
from tests.worlds.discord.web import Request
from tests.worlds.discord.world import DiscordWorld

__all__ = [
    "Attachment",
    "Channel",
    "CommandError",
    "DiscordWorld",
    "Guild",
    "Member",
    "Message",
    "Reply",
    "Request",
    "User",
]
