"""The Discord platform: REST delivery that is always available, and a websocket that may come and go."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import discord
from discord.http import handle_message_parameters

from bots.app.roles import Shards
from bots.app.settings import Settings
from bots.commands.text_files import TextFiles
from bots.discord.attesting import attested
from bots.discord.commands import commands
from bots.discord.connection import Bot, use_api
from bots.discord.delivery import DiscordDelivery
from bots.discord.errors import delivery_errors, describe
from bots.discord.escaping import plain
from bots.discord.identity import PLATFORM, Address
from bots.discord.responder import Responder
from bots.platform import Hook
from core.domain.attested import Attested
from core.domain.errors import DeliveryRefused, PlatformBusy, PlatformError
from core.domain.orders import Destination
from core.gateway.answers import retry_after_s
from core.service.service import Service

log = logging.getLogger(__name__)

discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # voice channels are not used

ANSWER_S = 5.0
"""Deadline for interactions that are being answered when the bot stops receiving."""
BAD_TOKEN = 4004
"""The websocket's close code (Discord's documentation, "Gateway Close Event Codes")."""
TOO_MANY = 429
DEFAULT_WAIT_S, LONGEST_WAIT_S = 60.0, 86_400.0
"""How long to wait after a login was refused with 429: without a Retry-After, and at most."""


class Discord(DiscordDelivery):
    """Implements `bots.platform.Platform`."""

    speaks_first = False
    sharded = True

    def __init__(
        self, settings: Settings, now_s: Callable[[], float] = time.time, *, shards: Shards | None = None
    ) -> None:
        """`shards`: this process's shards, None for all.

        Raises PlatformError without a token, ConfigurationError for an unusable proxy.
        """
        if settings.discord_token is None:
            raise PlatformError("DISCORD_TOKEN is not set")
        self._token = settings.discord_token.get_secret_value()
        self._proxy = settings.proxies.of(settings.discord_api_url)
        use_api(settings.discord_api_url)
        super().__init__(self._token, now_s, self._proxy)
        self._settings = settings
        self._responder: Responder | None = None
        self._bot: Bot | None = None
        self._shards = shards
        self._synced = shards is not None and shards.first != 0  # once for all processes

    @property
    def receiving(self) -> bool:
        """Whether every shard of this process is connected."""
        return self._bot is not None and self._bot.connected

    @property
    def calls_under_way(self) -> int:
        return self._calls.under_way

    def hooks(self) -> Mapping[str, Hook]:
        """Return none: interactions come over the websocket."""
        return {}

    async def open(self, service: Service) -> None:
        self._responder = Responder(service, TextFiles(self._rest.read_attachment))

    async def announce(self, community: str, words: Callable[[str], str]) -> None:
        guild_id = int(community.removeprefix(f"{PLATFORM}:"))
        text = plain(words("/speak"))
        with delivery_errors():
            for channel_id in await self._rest.greeting_channels(guild_id):
                if await self._posted_in(channel_id, text, f"begin{guild_id}"):
                    return
        raise DeliveryRefused("there is no channel where the bot may write")

    async def _posted_in(self, channel_id: int, text: str, nonce: str) -> bool:
        """Post a text in a channel; return False if the bot lacks the permission."""
        none = discord.AllowedMentions.none()
        with handle_message_parameters(content=text, nonce=nonce, allowed_mentions=none) as message:
            try:
                await self._rest.send(channel_id, message)
            except discord.Forbidden:
                return False
        return True

    async def leave(self, community: str) -> None:
        with delivery_errors():
            try:
                await self._rest.leave(int(community.removeprefix(f"{PLATFORM}:")))
            except discord.NotFound as error:
                log.info("%s was left before: %s", community, describe(error))

    async def attest(self, community: str, member: str) -> Attested | None:
        return await attested(self._rest, community, member)

    def alone_with(self, _: str) -> Destination:
        """Return the direct chat of whoever's job it is."""
        return Address.alone().destination()

    async def run(self) -> None:
        if self._responder is None:
            raise RuntimeError("open comes first")
        service = self._responder.service
        self._bot = bot = Bot(
            self._responder,
            commands(service.catalog, has_console=service.sessions is not None),
            ws_url=self._settings.discord_ws_url,
            proxy=self._proxy,
            trace=self._calls.trace(),
            sync=not self._synced,
            shards=self._shards,
            now_s=self._now_s,
        )
        try:
            await bot.login(self._token)
            self._synced = True
            log.info("discord: logged in as %s, shards %s", bot.user, self._shards or "all")
            await bot.connect()
        except discord.LoginFailure as error:
            raise PlatformError("Discord does not accept DISCORD_TOKEN") from error
        except discord.ConnectionClosed as error:
            raise _closed(error) from error
        except (discord.HTTPException, discord.GatewayNotFound) as error:
            raise _refused(error) from error
        finally:
            await bot.close()

    async def stop_receiving(self) -> None:
        """Disconnect, then finish the interactions that are being answered: one that comes in between would be lost."""
        if self._bot is not None:
            await asyncio.gather(*(shard.disconnect() for shard in self._bot.shards.values()), return_exceptions=True)
        if self._responder is not None:
            await self._responder.drain(ANSWER_S)
        if self._bot is not None:
            await self._bot.close()

    async def close(self) -> None:
        await self.stop_receiving()
        await self.finish()
        await self._rest.close()


def _closed(error: discord.ConnectionClosed) -> Exception:
    if error.code == BAD_TOKEN:
        return PlatformError("Discord does not accept DISCORD_TOKEN any more")
    return error


def _refused(error: discord.DiscordException) -> Exception:
    """Return PlatformBusy for a rate-limited login; discord.py wraps the reason in `GatewayNotFound`."""
    answered = error.__cause__ if isinstance(error, discord.GatewayNotFound) else error
    if not isinstance(answered, discord.HTTPException) or answered.status != TOO_MANY:
        return error
    asked_s = retry_after_s(answered.response.headers.get("Retry-After"), datetime.now(UTC), LONGEST_WAIT_S)
    return PlatformBusy("Discord wants no login for now", retry_after_s=asked_s or DEFAULT_WAIT_S)
