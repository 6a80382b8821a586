"""The connection that receives interactions."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import aiohttp
import discord
import yarl
from discord import app_commands
from discord.backoff import ExponentialBackoff
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bots.app.roles import Shards
from bots.commands import approval
from bots.commands.command import Answer
from bots.commands.greeting import Greeted
from bots.discord.containment import contain
from bots.discord.greeting import adder, greet, say
from bots.discord.identity import AnyInteraction, key
from bots.discord.presses import press
from bots.discord.responder import Responder
from bots.discord.translator import Translator
from bots.discord.turns import Turns
from bots.text import greetings, refusals
from bots.text.locale import _, speaking, tag_of
from core.domain.communities import Approval
from core.domain.models import Caller

log = logging.getLogger(__name__)

AnyCommand = app_commands.Command[Any, ..., Any] | app_commands.Group


def use_api(url: str) -> None:
    """Point discord.py, the whole of it in this process, at an API."""
    Route.BASE = url


class _Tree(app_commands.CommandTree["Bot"]):
    async def on_error(self, interaction: AnyInteraction, error: app_commands.AppCommandError) -> None:
        """Answer what no command takes, such as a command of an earlier release that a client still shows."""
        log.warning("interaction %d: %s", interaction.id, error)
        await self.client.responder.tell(interaction, _fault)


async def _fault(__: Caller) -> Answer:
    return Answer(_(refusals.FAULT))


class Bot(discord.AutoShardedClient):
    """Hands every interaction to the responder. Slash commands need no privileged intent, and no cache of members."""

    def __init__(
        self,
        responder: Responder,
        commands: Sequence[AnyCommand],
        *,
        ws_url: str | None,
        proxy: str | None = None,
        trace: aiohttp.TraceConfig,
        sync: bool,
        shards: Shards | None,
        now_s: Callable[[], float],
    ) -> None:
        """`sync`: write the commands to Discord before connecting. `ws_url`: instead of what the API answers.

        `shards` are those of this process, None is all; `now_s` is the time that processes share.
        """
        super().__init__(
            proxy=proxy,
            http_trace=trace,
            shard_count=shards.count if shards else None,
            intents=discord.Intents(guilds=True, dm_messages=True),
            member_cache_flags=discord.MemberCacheFlags.none(),
            max_messages=None,
            chunk_guilds_at_startup=False,
            allowed_mentions=discord.AllowedMentions.none(),
        )
        contain(self._connection.parsers)
        self.shard_ids = shards.ids if shards else None
        self.responder = responder
        self._ws_url = yarl.URL(ws_url) if ws_url else None
        self._sync = sync
        self._turns: Turns | None = None
        self._shared = shards is not None
        self._now_s = now_s
        self._greeted, self._answered = Greeted(), Greeted()
        self.tree = _Tree(
            self,
            allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=False),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
        )
        for command in commands:
            self.tree.add_command(command)

    @property
    def connected(self) -> bool:
        """Whether every shard is there to take interactions."""
        return self.is_ready() and not any(shard.is_closed() for shard in self.shards.values())

    async def setup_hook(self) -> None:
        """Ask how many shards may connect at once; write the commands once for each start, never on every READY."""
        count, url, limits = await self.http.get_bot_gateway()
        self._ws_url = self._ws_url or yarl.URL(url)
        self._turns = Turns(self.shard_count or count, limits["max_concurrency"])
        if self._sync:
            await self.tree.set_translator(Translator())
            await self.tree.sync()

    async def launch_shard(self, gateway: yarl.URL, shard_id: int, *, initial: bool = False) -> None:
        """Connect a shard in its turn, and come back later to the same address.

        The library pauses five seconds between the shards of a process, but for the `initial` one. That is neither
        enough where several processes connect at the same time nor needed where all shards may connect at once.
        """
        url = self._ws_url or gateway
        DiscordWebSocket.DEFAULT_GATEWAY = url
        if self._turns and (self._shared or self._turns.rounds == 1):
            await asyncio.sleep(self._turns.wait_s(shard_id, self._now_s()))
            initial = True
        await super().launch_shard(url, shard_id, initial=initial)

    async def on_shard_connect(self, shard_id: int) -> None:
        """Forget earlier outages, for which the library would let later ones pause for up to 17 minutes."""
        if shard := self.shards.get(shard_id):
            shard._parent._backoff = ExponentialBackoff()  # noqa: SLF001 - there is no other way in

    on_shard_resumed = on_shard_connect

    async def on_interaction(self, interaction: AnyInteraction) -> None:
        """Take presses of buttons, whichever process sent them; commands go to the tree by themselves."""
        if interaction.type is discord.InteractionType.component:
            data = cast(Mapping[str, object], interaction.data or {})
            await press(self.responder, interaction, str(data.get("custom_id", "")))

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Say hello where the bot was added; servers that it was in come as available ones."""
        service, is_due = self.responder.service, self._greeted.note(key(guild.id))
        locale = tag_of(str(guild.preferred_locale))
        found = await approval.arrived(service, key(guild.id), guild.name, *await adder(guild), locale=locale)
        if is_due and found is not Approval.DECLINED:
            with speaking(locale):
                await greet(guild, service.catalog, waits=found is Approval.WAITING)

    async def on_message(self, message: discord.Message) -> None:
        """Say what to type to whoever writes to the bot directly, once a minute; servers' talk is never sent here."""
        if not message.author.bot and self._answered.note(key(message.author.id)):
            await say(
                message.channel, greetings.no_command(self.responder.service.catalog, "/speak"), f"hint{message.id}"
            )
