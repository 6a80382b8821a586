"""The REST calls that delivery needs, with an interaction's token or the bot's own; no login, no websocket."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import aiohttp
import discord
from discord.http import MultipartParameters, Route
from discord.webhook.async_ import AsyncWebhookAdapter
from yarl import URL

from bots.commands.text_files import FetchError
from bots.discord.errors import NETWORK, UNKNOWN_MESSAGE, describe, note_server_error
from core.domain.jsontype import JSON
from core.gateway.client import read_some

FILE_HOSTS = frozenset({"cdn.discordapp.com", "media.discordapp.net"})
"""Where attachments are; a local stand-in for Discord has them beside its API."""
CONNECT_S = 10
CALL_S = 180
"""Deadline for one call, upload included; discord.py retries up to five times, on 429 and 5xx."""
MOST_CHANNELS = 10
"""How many of a server's channels are tried for a greeting."""


class Calls:
    """Counts the calls in progress."""

    def __init__(self) -> None:
        self.under_way = 0

    def trace(self) -> aiohttp.TraceConfig:
        """Return a trace config that counts a session's calls."""
        trace = aiohttp.TraceConfig()
        trace.on_request_start.append(self._begin)
        trace.on_request_end.append(self._end)
        trace.on_request_exception.append(self._end)
        return trace

    async def _begin(self, *_: object) -> None:
        self.under_way += 1

    async def _end(self, *_: object) -> None:
        self.under_way -= 1


class RestClient:
    """Calls the API through discord.py's webhook adapter, which retries on 429 and 5xx. Raises its HTTPException."""

    def __init__(self, token: str, proxy: str | None, calls: Calls) -> None:
        """`token` is the bot's; calls about an interaction use the interaction's instead."""
        self._calls = calls
        self._bot_token = token
        self._proxy = proxy
        self._adapter = AsyncWebhookAdapter()  # type: ignore[no-untyped-call]
        self._session: aiohttp.ClientSession | None = None

    def _new_session(self) -> aiohttp.ClientSession:
        timeout = aiohttp.ClientTimeout(total=CALL_S, sock_connect=CONNECT_S)
        trace = self._calls.trace()
        trace.on_request_end.append(note_server_error)
        return aiohttp.ClientSession(timeout=timeout, trace_configs=[trace], proxy=self._proxy)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def edit_reply(self, application_id: int, token: str, message: MultipartParameters) -> JSON:
        """Edit an interaction's original response; return it."""
        edited = await self._adapter.edit_original_interaction_response(
            application_id,
            token,
            session=self._live,
            payload=message.payload,
            multipart=message.multipart,
            files=message.files,
        )
        return dict(edited)

    async def delete_reply(self, application_id: int, token: str) -> None:
        """Delete an interaction's original response, if it still exists."""
        try:
            await self._adapter.delete_original_interaction_response(application_id, token, session=self._live)
        except discord.HTTPException as error:
            if error.code != UNKNOWN_MESSAGE:
                raise

    async def follow_up(self, application_id: int, token: str, message: MultipartParameters) -> None:
        """Send a follow-up message, ephemeral if its flags say so.

        While the original response is only deferred, Discord shows the follow-up in its place, to everybody.
        """
        await self._adapter.execute_webhook(
            application_id, token, session=self._live, payload=message.payload, multipart=message.multipart, wait=True
        )

    async def direct_channel(self, user_id: int) -> int:
        """Return the channel for direct messages to a user, creating it if needed."""
        route, wanted = Route("POST", "/users/@me/channels"), {"recipient_id": user_id}
        channel = await self._adapter.request(route, self._live, payload=wanted, auth_token=self._bot_token)
        return int(channel["id"])

    async def greeting_channels(self, guild_id: int) -> list[int]:
        """Return the channels in which to greet a server: its system channel first, then from the top."""
        of_guild: dict[str, Any] = {"guild_id": guild_id, "webhook_id": guild_id}
        guild = await self._adapter.request(
            Route("GET", "/guilds/{guild_id}", **of_guild), self._live, auth_token=self._bot_token
        )
        found = await self._adapter.request(
            Route("GET", "/guilds/{guild_id}/channels", **of_guild), self._live, auth_token=self._bot_token
        )
        texts = [c for c in found if c["type"] == discord.ChannelType.text.value]
        texts.sort(key=lambda c: (c["id"] != guild.get("system_channel_id"), c["position"], int(c["id"])))
        return [int(c["id"]) for c in texts[:MOST_CHANNELS]]

    async def guild(self, guild_id: int) -> JSON:
        """Return a server, with its roles."""
        route = Route("GET", "/guilds/{guild_id}", guild_id=guild_id)
        found: JSON = await self._adapter.request(route, self._live, auth_token=self._bot_token)
        return found

    async def member(self, guild_id: int, who: int) -> JSON:
        """Return a member of a server."""
        route = Route("GET", "/guilds/{guild_id}/members/{user_id}", guild_id=guild_id, user_id=who)
        found: JSON = await self._adapter.request(route, self._live, auth_token=self._bot_token)
        return found

    async def leave(self, guild_id: int) -> None:
        route = Route("DELETE", "/users/@me/guilds/{guild_id}", guild_id=guild_id)
        await self._adapter.request(route, self._live, auth_token=self._bot_token)

    async def send(self, channel_id: int, message: MultipartParameters) -> JSON:
        """Send a message as the bot; return it."""
        sent: JSON = await self._adapter.request(
            _in_channel("POST", "/channels/{channel_id}/messages", channel_id),
            self._live,
            payload=message.payload,
            multipart=message.multipart,
            files=message.files,
            auth_token=self._bot_token,
        )
        return sent

    async def messages_since(self, channel_id: int, message_id: int, most: int) -> Sequence[JSON]:
        """Return the messages of a channel that followed one, its first ones; none without the right to read them."""
        route = _in_channel("GET", "/channels/{channel_id}/messages", channel_id)
        which = {"after": str(message_id), "limit": str(most)}
        found: Sequence[JSON] = await self._adapter.request(route, self._live, params=which, auth_token=self._bot_token)
        return found

    async def attachments(self, channel_id: int, message_id: int) -> Sequence[JSON]:
        """Return what a message holds, with URLs that are valid for a day."""
        found: JSON = await self._adapter.request(
            _message("GET", channel_id, message_id), self._live, auth_token=self._bot_token
        )
        attachments: Sequence[JSON] = found["attachments"]
        return attachments

    async def download(self, url: str, most_bytes: int) -> bytes:
        """Return an attachment, up to so many bytes. Raises ValueError for a URL that is not Discord's."""
        where = URL(url, encoded=True)  # its signature covers the exact spelling
        is_discords = where.scheme == "https" and where.host in FILE_HOSTS
        if not (is_discords or where.origin() == URL(Route.BASE).origin()):
            raise ValueError(f"{where.host} is not Discord's")
        async with self._live.get(where, allow_redirects=False) as response:
            if response.status != HTTPStatus.OK:
                raise discord.HTTPException(response, None)
            return await read_some(response.content, most_bytes)

    async def read_attachment(self, url: str, most_bytes: int) -> bytes:
        """Return what somebody attached, up to so many bytes, from Discord alone. Raises FetchError."""
        try:
            return await self.download(url, most_bytes)
        except (ValueError, discord.HTTPException, *NETWORK) as error:
            raise FetchError(describe(error)) from error

    async def delete(self, channel_id: int, message_id: int) -> None:
        """Delete one of the bot's messages."""
        route = _message("DELETE", channel_id, message_id)
        await self._adapter.request(route, self._live, auth_token=self._bot_token)

    @property
    def _live(self) -> aiohttp.ClientSession:
        """The session, created on first use."""
        if self._session is None:
            self._session = self._new_session()
        return self._session


def _message(method: str, channel_id: int, message_id: int) -> Route:
    return _in_channel(method, "/channels/{channel_id}/messages/{message_id}", channel_id, message_id=message_id)


def _in_channel(method: str, path: str, channel_id: int, **parameters: Any) -> Route:
    """Make a route whose rate limit is per channel: the adapter keys its limits by `webhook_id`."""
    return Route(method, path, channel_id=channel_id, webhook_id=channel_id, **parameters)
