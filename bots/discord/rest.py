"""The few REST calls that delivery needs: no websocket, no login, and the token of an interaction or the bot's own."""

from typing import Any

import aiohttp
import discord
from discord.http import MultipartParameters, Route
from discord.webhook.async_ import AsyncWebhookAdapter

from bots.discord.errors import UNKNOWN_MESSAGE, note

CONNECT_S = 10
CALL_S = 180
"""One call with an upload; discord.py repeats a call at most five times, on 429 and 5xx."""
MOST_PLACES = 10
"""Channels of a server that are tried for a few words."""


class Calls:
    """Counts the calls that have not been answered."""

    def __init__(self) -> None:
        self.under_way = 0

    def trace(self) -> aiohttp.TraceConfig:
        """Return what a session tells of its calls."""
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
    """Calls Discord with discord.py's own webhook adapter, which repeats on 429 and 5xx. Raises its HTTPException."""

    def __init__(self, token: str, proxy: str | None, calls: Calls) -> None:
        """`token` is the bot's; it is needed for channels alone."""
        self._calls = calls
        self._bot_token = token
        self._proxy = proxy
        self._adapter = AsyncWebhookAdapter()  # type: ignore[no-untyped-call]
        self._session: aiohttp.ClientSession | None = None

    def _make(self) -> aiohttp.ClientSession:
        timeout = aiohttp.ClientTimeout(total=CALL_S, sock_connect=CONNECT_S)
        trace = self._calls.trace()
        trace.on_request_end.append(note)
        return aiohttp.ClientSession(timeout=timeout, trace_configs=[trace], proxy=self._proxy)

    async def close(self) -> None:
        """Let go of the connections."""
        if self._session is not None:
            await self._session.close()

    async def edit_reply(self, application_id: int, token: str, message: MultipartParameters) -> None:
        """Edit an interaction's original response."""
        await self._adapter.edit_original_interaction_response(
            application_id,
            token,
            session=self._live,
            payload=message.payload,
            multipart=message.multipart,
            files=message.files,
        )

    async def take_away_reply(self, application_id: int, token: str) -> None:
        """Delete an interaction's original response, if it is there still."""
        try:
            await self._adapter.delete_original_interaction_response(application_id, token, session=self._live)
        except discord.HTTPException as error:
            if error.code != UNKNOWN_MESSAGE:
                raise

    async def follow_up(self, application_id: int, token: str, message: MultipartParameters) -> None:
        """Add a message to an interaction, for its author alone if the flags say so.

        While the original response is deferred, Discord would show it in its place, to everybody.
        """
        await self._adapter.execute_webhook(
            application_id, token, session=self._live, payload=message.payload, multipart=message.multipart, wait=True
        )

    async def direct_channel(self, user_id: int) -> int:
        """Return the channel of the direct chat with a user, which is made where there is none."""
        route, wanted = Route("POST", "/users/@me/channels"), {"recipient_id": user_id}
        channel = await self._adapter.request(route, self._live, payload=wanted, auth_token=self._bot_token)
        return int(channel["id"])

    async def places(self, guild_id: int) -> list[int]:
        """Return the channels where a server may be greeted, the likeliest first."""
        of_guild: dict[str, Any] = {"guild_id": guild_id, "webhook_id": guild_id}
        guild = await self._adapter.request(
            Route("GET", "/guilds/{guild_id}", **of_guild), self._live, auth_token=self._bot_token
        )
        found = await self._adapter.request(
            Route("GET", "/guilds/{guild_id}/channels", **of_guild), self._live, auth_token=self._bot_token
        )
        texts = [c for c in found if c["type"] == discord.ChannelType.text.value]
        texts.sort(key=lambda c: (c["id"] != guild.get("system_channel_id"), c["position"], int(c["id"])))
        return [int(c["id"]) for c in texts[:MOST_PLACES]]

    async def leave(self, guild_id: int) -> None:
        """Leave a server."""
        route = Route("DELETE", "/users/@me/guilds/{guild_id}", guild_id=guild_id)
        await self._adapter.request(route, self._live, auth_token=self._bot_token)

    async def send(self, channel_id: int, message: MultipartParameters) -> None:
        """Post a message as the bot."""
        await self._adapter.request(
            _in_channel("POST", "/channels/{channel_id}/messages", channel_id),
            self._live,
            payload=message.payload,
            multipart=message.multipart,
            files=message.files,
            auth_token=self._bot_token,
        )

    async def shows_files(self, channel_id: int, message_id: int) -> bool:
        """Say whether a message has attachments."""
        found = await self._adapter.request(
            _message("GET", channel_id, message_id), self._live, auth_token=self._bot_token
        )
        return bool(found["attachments"])

    async def delete(self, channel_id: int, message_id: int) -> None:
        """Delete a message of the bot."""
        route = _message("DELETE", channel_id, message_id)
        await self._adapter.request(route, self._live, auth_token=self._bot_token)

    @property
    def _live(self) -> aiohttp.ClientSession:
        """Return the session, which the first call makes."""
        if self._session is None:
            self._session = self._make()
        return self._session


def _message(method: str, channel_id: int, message_id: int) -> Route:
    return _in_channel(method, "/channels/{channel_id}/messages/{message_id}", channel_id, message_id=message_id)


def _in_channel(method: str, path: str, channel_id: int, **parameters: Any) -> Route:
    """Name a route so that the adapter, which lets calls wait by webhook, lets only those of one channel wait."""
    return Route(method, path, channel_id=channel_id, webhook_id=channel_id, **parameters)
