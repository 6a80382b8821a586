"""Members of a server on the local Discord."""

from contrib.screens.scenes import LONG_S
from tests.worlds.discord import DiscordWorld, Reply
from tests.worlds.discord.places import BOT, MANAGE_GUILD, SEND_VOICE_MESSAGES, Message
from tests.worlds.discord.replies import COMPONENT

VOICE = 1 << 13
"""The flag of a voice message."""


class Discord:
    """Ana orders, and Olga administers."""

    name = "Discord"
    fewest = 5
    """The acknowledgement, the status, the voice message, its words, the receipt."""

    def __init__(self, world: DiscordWorld) -> None:
        guild = world.guild("Listening party")
        self._world = world
        self._channel = guild.channel("general", bot_permissions=BOT | SEND_VOICE_MESSAGES)
        self._ana, self._olga = guild.member("Ana"), guild.member("Olga", permissions=MANAGE_GUILD)
        self._card: Message

    async def order(self, line: str) -> int:
        await self._world.pulse.until(lambda: "speak" in self._world.commands, LONG_S)
        before = len(self._world.requests)
        reply = await self._use("/speak", text=line)
        await reply.settled(lambda message: message.ephemeral, LONG_S)  # the receipt
        self._card = await reply.settled(lambda message: message.menus, LONG_S)
        return len(self._world.requests) - before

    async def repeat(self) -> int:
        before, heard = self._taps(), len(self._audios())
        voices = [choice["label"] for menu in self._card.menus for choice in menu["options"]]
        await self._world.pick(self._ana, self._card, voices[0])
        await self._world.pulse.until(lambda: len(self._audios()) > heard, LONG_S)
        return self._taps() - before

    async def hear(self) -> int:
        shown, before = await (await self._use("/voices")).answered(LONG_S), self._taps()
        every = next(button for button in shown.buttons if "All" in button["label"])
        heard = await self._world.press(self._ana, shown, every["custom_id"])
        await heard.settled(lambda message: message.attachments, LONG_S)
        return self._taps() - before

    def native(self) -> float:
        audios = self._audios()
        return 100 * sum(bool(message.flags & VOICE) for message in audios) / len(audios)

    async def ask(self, question: str, *, as_admin: bool) -> None:
        line, _, text = question.partition(" ") if question.startswith("/speak") else (question, "", "")
        reply = await self._use(line, as_admin=as_admin, **({"text": text} if text else {}))
        await reply.settled(lambda message: message.content and message.ephemeral, LONG_S)

    def seen(self) -> int:
        words = (m for m in self._channel.messages.values() if not m.ephemeral and any(m.said) and not m.attachments)
        return sum(message.author is self._world.bot for message in words)

    async def _use(self, line: str, *, as_admin: bool = False, **options: str) -> Reply:
        return await self._world.command(self._olga if as_admin else self._ana, self._channel, line, **options)

    def _taps(self) -> int:
        return sum(reply.kind == COMPONENT for reply in self._world.replies.values())

    def _audios(self) -> list[Message]:
        return [message for message in self._channel.posted if message.attachments]
