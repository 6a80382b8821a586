"""The connection that receives interactions."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
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
from bots.commands.greeting import Debouncer
from bots.commands.hints import hint
from bots.discord.buttons import pressed
from bots.discord.containment import contain
from bots.discord.forms import FORM
from bots.discord.greeting import adder, greet, send
from bots.discord.identity import AnyInteraction, key
from bots.discord.messages import Only
from bots.discord.placing import submit
from bots.discord.presses import press
from bots.discord.responder import Responder
from bots.discord.translator import Translator
from bots.discord.turns import Turns
from bots.text import refusals
from bots.text.locale import _, speaking, tag_of
from core.domain.communities import Approval
from core.domain.people import Caller

log = logging.getLogger(__name__)

AnyCommand = app_commands.Command[Any, ..., Any] | app_commands.Group | app_commands.ContextMenu

LATELY = timedelta(days=7)
"""Servers that the bot was added to before are not greeted when it starts."""


def use_api(url: str) -> None:
    """Set discord.py's API base URL, which is global to the process."""
    Route.BASE = url


class _Tree(app_commands.CommandTree["Bot"]):
    async def on_error(self, interaction: AnyInteraction, error: app_commands.AppCommandError) -> None:
        """Reply to interactions that no command handles, such as an older release's command still shown by a client."""
        log.warning("interaction %d: %s", interaction.id, error)
        await self.client.responder.answer_once(interaction, _fault)


async def _fault(__: Caller) -> Answer:
    return Answer(_(refusals.FAULT))


class Bot(discord.AutoShardedClient):
    """Passes every interaction to the responder; needs no privileged intent and no member cache."""

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
        """`sync`: register the commands with Discord before connecting. `ws_url` overrides the URL from the API.

        `shards`: this process's shards, None for all. `now_s`: a clock that all processes share.
        """
        super().__init__(
            proxy=proxy,
            http_trace=trace,
            shard_count=shards.count if shards else None,
            intents=discord.Intents(guilds=True, dm_messages=True),
            member_cache_flags=discord.MemberCacheFlags.none(),
            max_messages=None,
            chunk_guilds_at_startup=False,
            allowed_mentions=Only(),
        )
        contain(self._connection.parsers)
        self.shard_ids = shards.ids if shards else None
        self.responder = responder
        self._ws_url = yarl.URL(ws_url) if ws_url else None
        self._sync = sync
        self._turns: Turns | None = None
        self._shared = shards is not None
        self._now_s = now_s
        self._greeted, self._answered = Debouncer(), Debouncer()
        self.tree = _Tree(
            self,
            allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=False),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
        )
        for command in commands:
            self.tree.add_command(command)

    @property
    def connected(self) -> bool:
        """Whether every shard is connected."""
        return self.is_ready() and not any(shard.is_closed() for shard in self.shards.values())

    async def setup_hook(self) -> None:
        """Read the session start limit, and register the commands once per start rather than on every READY."""
        count, url, limits = await self.http.get_bot_gateway()
        self._ws_url = self._ws_url or yarl.URL(url)
        self._turns = Turns(self.shard_count or count, limits["max_concurrency"])
        if self._sync:
            await self.tree.set_translator(Translator())
            await self.tree.sync()

    async def launch_shard(self, gateway: yarl.URL, shard_id: int, *, initial: bool = False) -> None:
        """Connect a shard when it is its turn to identify; reconnections use the same URL.

        discord.py pauses five seconds between shards, except before the `initial` one. That is too little when several
        processes connect at the same time, and needless when all shards may identify at once.
        """
        url = self._ws_url or gateway
        DiscordWebSocket.DEFAULT_GATEWAY = url
        if self._turns and (self._shared or self._turns.rounds == 1):
            await asyncio.sleep(self._turns.wait_s(shard_id, self._now_s()))
            initial = True
        await super().launch_shard(url, shard_id, initial=initial)

    async def connect(self, *, reconnect: bool = True) -> None:
        """Connect until closed or cancelled.

        While discord.py reconnects a shard, it takes a cancellation for the end of that shard alone and goes on.
        """
        connecting = asyncio.create_task(super().connect(reconnect=reconnect))
        try:
            await asyncio.wait({connecting})
        finally:
            await self.close()
            connecting.cancel()
            await asyncio.wait({connecting})
        await connecting

    async def on_shard_connect(self, shard_id: int) -> None:
        """Reset the reconnect backoff: discord.py never does, so a later outage could wait up to 17 minutes."""
        if shard := self.shards.get(shard_id):
            shard._parent._backoff = ExponentialBackoff()  # noqa: SLF001 - there is no public way

    on_shard_resumed = on_shard_connect

    async def on_interaction(self, interaction: AnyInteraction) -> None:
        """Handle presses and forms, whichever process sent them; discord.py passes commands to the tree itself."""
        data = cast(Mapping[str, object], interaction.data or {})
        told = pressed(data)
        if interaction.type is discord.InteractionType.component:
            await press(self.responder, interaction, told)
        elif interaction.type is discord.InteractionType.modal_submit:
            await submit(self.responder, interaction, told.removeprefix(f"{FORM}:"))

    async def on_ready(self) -> None:
        """Greet servers that the bot was added to lately while nothing ran: nobody else tells of them."""
        since = discord.utils.utcnow() - LATELY
        for guild in self.guilds:
            joined, communities = guild.me.joined_at, self.responder.service.communities
            if joined and joined > since and await communities.is_new(key(guild.id)):
                await self.on_guild_join(guild)

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Greet a server that the bot was added to; discord.py reports existing servers as available instead."""
        service, is_due = self.responder.service, self._greeted.note(key(guild.id))
        locale = tag_of(str(guild.preferred_locale))
        found = await approval.arrived(service, key(guild.id), guild.name, *await adder(guild), locale=locale)
        if is_due and found is not Approval.DECLINED:
            with speaking(locale):
                await greet(guild, service.catalog, waits=found is Approval.WAITING)

    async def on_message(self, message: discord.Message) -> None:
        """Answer a direct message with how to use the bot, at most once a minute; server messages never come here."""
        if not message.author.bot and self._answered.note(key(message.author.id)):
            said = hint(message.content, self.responder.service.catalog)
            await send(message.channel, said, f"hint{message.id}")
