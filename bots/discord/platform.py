"""Discord as a platform: delivery that always works, and a connection that comes and goes."""

import logging
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import discord

from bots.app.roles import Shards
from bots.app.settings import Settings
from bots.discord.commands import commands
from bots.discord.connection import Bot, use_api
from bots.discord.delivery import DiscordDelivery
from bots.discord.responder import Responder
from bots.platform import Hook
from core.domain.errors import PlatformBusy, PlatformError
from core.gateway.answers import retry_after_s
from core.service import Service

log = logging.getLogger(__name__)

discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # voice channels are not used

ANSWER_S = 5.0
"""How long answers under way may take when the bot stops receiving."""
BAD_TOKEN = 4004
"""Close code of the websocket (Discord's documentation, "Gateway Close Event Codes")."""
TOO_MANY = 429
UNTOLD_S, LONGEST_WAIT_S = 60.0, 86_400.0
"""How long a login waits that was refused with 429: where it was not told how long, and at most."""


class Discord(DiscordDelivery):
    """See `bots.platform.Platform`."""

    sharded = True

    def __init__(
        self, settings: Settings, now_s: Callable[[], float] = time.time, *, shards: Shards | None = None
    ) -> None:
        """`shards` are those of this process, None is all.

        Raises PlatformError without a token, ConfigurationError with a proxy that can't be used.
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
        """How many calls have not been answered."""
        return self._calls.under_way

    def hooks(self) -> Mapping[str, Hook]:
        """Nothing is posted to us: interactions come over the websocket."""
        return {}

    async def open(self, service: Service) -> None:
        """Get ready to deliver; contacts nobody."""
        self._responder = Responder(service)

    async def run(self) -> None:
        """Log in, write the commands the first time, and take interactions until closed."""
        if self._responder is None:
            raise RuntimeError("open comes first")
        self._bot = bot = Bot(
            self._responder,
            commands(self._responder.service.catalog),
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
        """Finish the answers under way, then leave; deliveries go on."""
        if self._responder is not None:
            await self._responder.shut(ANSWER_S)
        if self._bot is not None:
            await self._bot.close()

    async def close(self) -> None:
        """Let go of every connection."""
        await self.stop_receiving()
        await self.finish()
        await self._rest.close()


def _closed(error: discord.ConnectionClosed) -> Exception:
    if error.code == BAD_TOKEN:
        return PlatformError("Discord does not accept DISCORD_TOKEN any more")
    return error


def _refused(error: discord.DiscordException) -> Exception:
    """Tell a login that must wait from an outage; the library hides which it was behind `GatewayNotFound`."""
    answered = error.__cause__ if isinstance(error, discord.GatewayNotFound) else error
    if not isinstance(answered, discord.HTTPException) or answered.status != TOO_MANY:
        return error
    asked_s = retry_after_s(answered.response.headers.get("Retry-After"), datetime.now(UTC), LONGEST_WAIT_S)
    return PlatformBusy("Discord wants no login for now", retry_after_s=asked_s or UNTOLD_S)
