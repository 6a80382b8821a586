"""The REST API v10: the effect of each request, and its response."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.worlds.discord import replies
from tests.worlds.discord.places import (
    ATTACH_FILES,
    JSON,
    READ_MESSAGE_HISTORY,
    SEND_MESSAGES,
    SEND_VOICE_MESSAGES,
    VIEW_AUDIT_LOG,
    VIEW_CHANNEL,
    Channel,
    Guild,
    Member,
    Message,
)
from tests.worlds.discord.web import ApiError, Request

if TYPE_CHECKING:
    from tests.worlds.discord.world import DiscordWorld

NONCE_S = 300.0
"""The documentation promises "the past few minutes"."""

Handler = Callable[["DiscordWorld", Request, Mapping[str, str]], Awaitable[Any]]
"""Returns the response's JSON; None means 204."""


async def _me(world: "DiscordWorld", _: Request, __: Mapping[str, str]) -> JSON:
    return world.bot.payload() | {"verified": True, "mfa_enabled": False, "flags": 0}


async def _application(world: "DiscordWorld", _: Request, __: Mapping[str, str]) -> JSON:
    return {
        "id": str(world.application_id),
        "name": world.bot.name,
        "icon": None,
        "description": "",
        "bot_public": True,
        "bot_require_code_grant": False,
        "verify_key": "0" * 64,
        "owner": world.bot.payload(),
        "team": None,
        "flags": 0,
        "summary": "",
        **world.application,
    }


async def _gateway(world: "DiscordWorld", _: Request, __: Mapping[str, str]) -> JSON:
    return {"url": world.announced_ws_url or world.ws_url}


async def _gateway_bot(world: "DiscordWorld", _: Request, __: Mapping[str, str]) -> JSON:
    limit = {"total": 1000, "remaining": 999, "reset_after": 0, "max_concurrency": world.max_concurrency}
    return {"url": world.announced_ws_url or world.ws_url, "shards": world.shards, "session_start_limit": limit}


async def _get_permissions(world: "DiscordWorld", _: Request, where: Mapping[str, str]) -> list[JSON]:
    assert int(where["application"]) == world.application_id
    found = _guild(world, where)
    if found.overrides is None:
        raise ApiError(403, 50001, "Missing Access")
    return found.overrides


async def _put_commands(world: "DiscordWorld", request: Request, where: Mapping[str, str]) -> list[JSON]:
    assert int(where["application"]) == world.application_id
    before = world.commands
    world.commands = {
        c["name"]: {
            "type": 1,
            "version": "1",
            "application_id": str(world.application_id),
            "default_member_permissions": None,
            "description": "",
            **c,
            "id": before[c["name"]]["id"] if c["name"] in before else str(world.new_id()),
        }
        for c in request.json
    }
    return list(world.commands.values())


async def _get_commands(world: "DiscordWorld", _: Request, __: Mapping[str, str]) -> list[JSON]:
    return list(world.commands.values())


def _channel(world: "DiscordWorld", where: Mapping[str, str], *needs: int) -> Channel:
    channel = world.channels.get(int(where["channel"]))
    if channel is None or not channel.exists:
        raise ApiError(404, 10003, "Unknown Channel")
    gone = channel.guild is not None and not channel.guild.present
    if gone or not channel.bot_permissions & VIEW_CHANNEL:
        raise ApiError(403, 50001, "Missing Access")
    if channel.recipient is not None and not channel.recipient.takes_direct_messages:
        raise ApiError(403, 50007, "Cannot send messages to this user")
    if any(not channel.bot_permissions & need for need in needs):
        raise ApiError(403, 50013, "Missing Permissions")
    return channel


async def _get_channel(world: "DiscordWorld", _: Request, where: Mapping[str, str]) -> JSON:
    return _channel(world, where).payload()


async def _post_message(world: "DiscordWorld", request: Request, where: Mapping[str, str]) -> JSON:
    is_voice = request.json.get("flags", 0) & replies.VOICE
    channel = _channel(world, where, SEND_MESSAGES, *([ATTACH_FILES] if request.files and not is_voice else []))
    if is_voice and not channel.bot_permissions & SEND_VOICE_MESSAGES:
        raise ApiError(403, 50173, "Cannot send voice messages in this channel")
    if channel.locked:
        raise ApiError(403, 160005, "Thread is locked")
    channel.archived = False
    nonce = request.json.get("nonce")
    if nonce is not None and len(str(nonce)) > 25:
        raise ApiError(400, 50035, "Invalid Form Body")
    if nonce is not None and request.json.get("enforce_nonce"):
        for earlier in channel.messages.values():
            if earlier.nonce == nonce and world.now_s() - earlier.at_s < NONCE_S:
                return earlier.payload(world.origin)
    message = world.new_message(channel, world.bot)
    message.nonce = nonce
    replies.write(world, message, request.json, request, channel.upload_limit_bytes)
    channel.messages[message.id] = message
    return message.payload(world.origin)


def _message(world: "DiscordWorld", where: Mapping[str, str]) -> Message:
    message = _channel(world, where).messages.get(int(where["message"]))
    if message is None or message.deleted:
        raise ApiError(404, 10008, "Unknown Message")
    return message


async def _patch_message(world: "DiscordWorld", request: Request, where: Mapping[str, str]) -> JSON:
    message = _message(world, where)
    if message.author is not world.bot:
        raise ApiError(403, 50005, "Cannot edit a message authored by another user")
    replies.write(world, message, request.json, request, message.channel.upload_limit_bytes)
    return message.payload(world.origin)


async def _delete_message(world: "DiscordWorld", _: Request, where: Mapping[str, str]) -> None:
    _message(world, where).deleted = True


async def _get_message(world: "DiscordWorld", _: Request, where: Mapping[str, str]) -> JSON:
    _channel(world, where, READ_MESSAGE_HISTORY)
    return _message(world, where).payload(world.origin)


async def _get_messages(world: "DiscordWorld", request: Request, where: Mapping[str, str]) -> list[JSON]:
    """Return none without the right to read; else those after one, the nearest first chosen, the newest first named."""
    channel = _channel(world, where)
    if not channel.bot_permissions & READ_MESSAGE_HISTORY:
        return []
    after, most = int(request.query["after"]), int(request.query.get("limit", 50))
    found = sorted(m.id for m in channel.messages.values() if m.id > after and not m.deleted and not m.ephemeral)
    return [channel.messages[n].payload(world.origin) for n in reversed(found[:most])]


async def _open_dm(world: "DiscordWorld", request: Request, _: Mapping[str, str]) -> JSON:
    who = int(request.json["recipient_id"])
    user = world.users.get(who) or next((m.user for g in world.guilds for m in g.members if m.id == who), None)
    if user is None:
        raise ApiError(400, 50033, "Invalid Recipient(s)")
    return world.dm(user).payload()


async def _typing(world: "DiscordWorld", _: Request, where: Mapping[str, str]) -> None:
    _channel(world, where, SEND_MESSAGES)


def _guild(world: "DiscordWorld", where: Mapping[str, str]) -> Guild:
    guild = next((g for g in world.guilds if g.id == int(where["guild"]) and g.present), None)
    if guild is None:
        raise ApiError(404, 10004, "Unknown Guild")
    return guild


async def _get_guild(world: "DiscordWorld", _: Request, where: Mapping[str, str]) -> JSON:
    return _guild(world, where).payload(world.bot)


async def _get_channels(world: "DiscordWorld", _: Request, where: Mapping[str, str]) -> list[JSON]:
    return [c.payload() for c in _guild(world, where).channels if c.exists and c.parent is None]


async def _get_member(world: "DiscordWorld", _: Request, where: Mapping[str, str]) -> JSON:
    guild, who = _guild(world, where), int(where["member"])
    people = [Member(world.bot, guild), *guild.members]
    member = next((member for member in people if member.id == who), None)
    if member is None:
        raise ApiError(404, 10007, "Unknown Member")
    return member.payload()


async def _leave(world: "DiscordWorld", _: Request, where: Mapping[str, str]) -> None:
    await world.expel(_guild(world, where))


BOT_ADD = 28


async def _audit_log(world: "DiscordWorld", request: Request, where: Mapping[str, str]) -> JSON:
    guild = _guild(world, where)
    if not guild.rights & VIEW_AUDIT_LOG:
        raise ApiError(403, 50013, "Missing Permissions")
    entries: list[JSON] = []
    if guild.added_by is not None and request.query.get("action_type") == str(BOT_ADD):
        who, entry = str(guild.added_by.id), str(world.new_id())
        entries = [{"id": entry, "user_id": who, "target_id": str(world.bot.id), "action_type": BOT_ADD}]
    users = [world.bot.payload(), *([guild.added_by.payload()] if guild.added_by else [])]
    kinds = ("application_commands", "auto_moderation_rules", "guild_scheduled_events", "integrations", "threads")
    return {"audit_log_entries": entries, "users": users, "webhooks": [], **{kind: [] for kind in kinds}}


_MESSAGE = "/channels/{channel}/messages/{message}"
_ORIGINAL = "/webhooks/{application}/{token}/messages/{message}"

ROUTES: list[tuple[str, str, Handler]] = [
    ("GET", "/users/@me", _me),
    ("GET", "/applications/@me", _application),
    ("GET", "/oauth2/applications/@me", _application),
    ("GET", "/gateway", _gateway),
    ("GET", "/gateway/bot", _gateway_bot),
    ("GET", "/applications/{application}/commands", _get_commands),
    ("PUT", "/applications/{application}/commands", _put_commands),
    ("GET", "/applications/{application}/guilds/{guild}/commands/permissions", _get_permissions),
    ("POST", "/users/@me/channels", _open_dm),
    ("DELETE", "/users/@me/guilds/{guild}", _leave),
    ("GET", "/guilds/{guild}", _get_guild),
    ("GET", "/guilds/{guild}/channels", _get_channels),
    ("GET", "/guilds/{guild}/members/{member}", _get_member),
    ("GET", "/guilds/{guild}/audit-logs", _audit_log),
    ("GET", "/channels/{channel}", _get_channel),
    ("POST", "/channels/{channel}/typing", _typing),
    ("POST", "/channels/{channel}/messages", _post_message),
    ("GET", "/channels/{channel}/messages", _get_messages),
    ("GET", _MESSAGE, _get_message),
    ("PATCH", _MESSAGE, _patch_message),
    ("DELETE", _MESSAGE, _delete_message),
    ("POST", "/interactions/{interaction}/{token}/callback", replies.callback),
    ("POST", "/webhooks/{application}/{token}", replies.follow_up),
    ("GET", _ORIGINAL, replies.get_message),
    ("PATCH", _ORIGINAL, replies.patch_message),
    ("DELETE", _ORIGINAL, replies.delete_message),
]

WITHOUT_TOKEN = ("/api/v10/interactions/", "/api/v10/webhooks/")
"""Routes that need no bot token: they carry an interaction's own."""


def add_routes(
    router: web.UrlDispatcher, serve: Callable[[Handler], Callable[[web.Request], Awaitable[web.Response]]]
) -> None:
    """Mount the API under /api/v10."""
    for method, path, handler in ROUTES:
        router.add_route(method, f"/api/v10{path}", serve(handler))
