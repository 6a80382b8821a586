"""Members who order on both platforms, whatever happens to the bot."""

import asyncio
import random
from dataclasses import dataclass, field
from functools import cached_property

from core.domain.parts import parts_of
from core.domain.products import catalog
from tests.worlds.discord import Channel, CommandError, DiscordWorld, Member, Reply
from tests.worlds.discord import Message as DiscordMessage
from tests.worlds.telegram import Chat, Message, TelegramWorld, User

AGAIN = "Send again"
TAKE = "Take it"
"""How the button begins that takes the parts which were made."""
SPEECH_LIMIT = 60
"""Characters of one request, so that a text of a few sentences has several parts."""
SENTENCES = 12
PEOPLE = 6
ORDERS_PER_GROUP = 4
"""A group takes 20 messages a minute, so members move on to the next."""
FAULTS = "failed error drop 500-after-accepting html 429 unknown-status no-media".split()
"""Faults that the gateway injects into some orders."""
FAULT_SHARE, MUSIC_SHARE, DISCORD_SHARE, TWICE_SHARE, DEAD_TOKEN_SHARE = 0.08, 0.08, 0.5, 0.1, 0.06
LONG_SHARE = 0.2
_SPEECH = catalog(limits={"speech": SPEECH_LIMIT})["speech"]


def answers_question(label: str) -> bool:
    """Say whether a button is one that whoever ordered presses."""
    return label == AGAIN or label.startswith(TAKE)


@dataclass(kw_only=True, eq=False)
class Order:
    """One order, as its author sees it."""

    text: str
    event_id: str
    presses: int = 0
    """How often its author pressed *send again*."""

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """The texts that are asked of the gateway."""
        if len(self.text) <= SPEECH_LIMIT:
            return (self.text,)
        return tuple(str(part.parameters["text"]) for part in parts_of(_SPEECH, {"text": self.text, "voice": "Aria"}))

    @property
    def audios(self) -> int:
        """Count the messages with its audio."""
        raise NotImplementedError

    @property
    def answered(self) -> bool:
        """Say whether the bot has answered anything visible to its author."""
        raise NotImplementedError

    @property
    def offers(self) -> bool:
        """Say whether there is a *send again* button, or one to take what was made."""
        raise NotImplementedError

    async def ask_again(self) -> None:
        """Press that button."""
        raise NotImplementedError


@dataclass(kw_only=True, eq=False)
class TelegramOrder(Order):
    message: Message
    user: User
    asked: set[int] = field(default_factory=set)

    def _answers(self) -> list[Message]:
        return [m for m in self.message.chat.sent if m.reply_to == self.message.id]

    @property
    def audios(self) -> int:
        return sum(m.upload is not None for m in self._answers())

    @property
    def answered(self) -> bool:
        return bool(self._answers())

    def _card(self) -> tuple[Message, str] | None:
        shown = [m for m in self._answers() if not m.deleted]
        return next(((m, label) for m in shown for label in m.buttons if answers_question(label)), None)

    @property
    def offers(self) -> bool:
        return self._card() is not None

    async def ask_again(self) -> None:
        found = self._card()
        assert found is not None
        card, label = found
        self.presses += label == AGAIN
        await self.message.chat.world.press(self.user, card, card.buttons[label])


@dataclass(kw_only=True, eq=False)
class DiscordOrder(Order):
    reply: Reply
    member: Member
    world: DiscordWorld
    job_id: str = ""
    """Set once it is read from a database; it identifies the job's message in the channel."""

    def _answers(self) -> list[DiscordMessage]:
        shown = [m for m in (self.reply.original, *self.reply.followups) if m is not None]
        posted = [m for m in self.reply.channel.messages.values() if self.job_id and self._of_job(m)]
        return list({m.id: m for m in shown + posted}.values())

    def _of_job(self, message: DiscordMessage) -> bool:
        return (message.nonce or "").startswith(self.job_id)

    @property
    def audios(self) -> int:
        return sum(len(m.attachments) for m in self._answers())

    @property
    def answered(self) -> bool:
        return any(not m.loading for m in self._answers())

    def _offer(self) -> tuple[DiscordMessage, str] | None:
        """Return the newest message with such a button, and the button's id."""
        for message in reversed(self._answers()):
            found = [b["custom_id"] for b in message.buttons if answers_question(b.get("label", ""))]
            if found and not message.deleted:
                return message, found[0]
        return None

    @property
    def offers(self) -> bool:
        return self._offer() is not None

    async def ask_again(self) -> None:
        offer = self._offer()
        assert offer is not None
        await self.world.press(self.member, *offer)
        self.presses += offer[1].startswith("again")


class Crowd:
    """All members who order from one bot."""

    def __init__(self, rng: random.Random, discord: DiscordWorld, telegram: TelegramWorld) -> None:
        self.orders: list[Order] = []
        self.unsaid = 0
        """Orders that Discord could not pass on, since the bot was away."""
        self._rng = rng
        self._discord = discord
        self._telegram = telegram
        guilds = [discord.guild(shard=shard) for shard in range(discord.shards)]
        self._channels: list[Channel] = [guild.channel("general") for guild in guilds]
        self._members = [[guild.member(f"Member {n}") for n in range(PEOPLE)] for guild in guilds]
        self._users = [telegram.user(f"User{n}", f"user{n}") for n in range(PEOPLE)]
        self._group: Chat | None = None
        self._in_group = 0

    async def order(self) -> None:
        """Place an order with a new text."""
        rng, number = self._rng, len(self.orders) + self.unsaid
        music = rng.random() < MUSIC_SHARE
        text = f"Number {number} short tune" if music else f"Number {number}"
        text += f" [[fault:{rng.choice(FAULTS)}]]" if rng.random() < FAULT_SHARE else ""
        if not music and rng.random() < LONG_SHARE:
            text = " ".join(f"Number {number} says {n}." for n in range(SENTENCES))
        if rng.random() < DISCORD_SHARE:
            await self._order_on_discord(text, music=music)
        else:
            await self._order_on_telegram(text, music=music)

    async def _order_on_discord(self, text: str, *, music: bool) -> None:
        shard = self._rng.randrange(len(self._channels))
        member, twice, dead = self._rng.choice(self._members[shard]), self._rng.random(), self._rng.random()
        line, options = ("/music", {"prompt": text}) if music else ("/speak", {"voice": "Aria", "text": text})
        if not self._discord.commands or not self._discord.gateway.connected(shard):
            self.unsaid += 1
            return
        try:
            reply = await self._discord.command(member, self._channels[shard], line, **options)
            if twice < TWICE_SHARE:
                await self._discord.repeat(reply)
        except (ConnectionError, CommandError, StopIteration, AssertionError, TimeoutError):
            self.unsaid += 1  # it was killed before the command arrived
            return
        if dead < DEAD_TOKEN_SHARE:
            self._discord.kill_token(reply)
        event_id = f"discord:{reply.id}"
        self.orders.append(DiscordOrder(text=text, event_id=event_id, reply=reply, member=member, world=self._discord))

    async def _order_on_telegram(self, text: str, *, music: bool) -> None:
        user, chat = self._rng.choice(self._users), self._chat()
        twice = self._rng.random() < TWICE_SHARE
        message = await chat.says(user, f"/music {text}" if music else f"/speak Aria {text}")
        event_id = f"telegram:{chat.id}:{message.id}"
        self.orders.append(TelegramOrder(text=text, event_id=event_id, message=message, user=user))
        if twice and message.update is not None:
            await self._telegram.repeat(message.update)

    def _chat(self) -> Chat:
        if self._group is None or self._in_group >= ORDERS_PER_GROUP:
            self._group = self._telegram.group(f"Band {len(self.orders)}", *self._users)
            self._in_group = 0
        self._in_group += 1
        return self._group

    async def ask_again(self, order: Order) -> None:
        """Press an order's button as its author, unless the bot is away."""
        connected = all(map(self._discord.gateway.connected, range(len(self._channels))))
        if order.offers and (isinstance(order, TelegramOrder) or connected):
            await order.ask_again()

    async def keep_ordering(self, pause_s: float, may_order: "asyncio.Event") -> None:
        """Order at instants drawn from the seed, while `may_order` is set."""
        while True:
            await asyncio.sleep(self._rng.uniform(0, 2 * pause_s))
            await may_order.wait()
            await self.order()
