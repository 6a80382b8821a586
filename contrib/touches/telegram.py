"""Members of a group on the local Telegram."""

from contrib.screens.scenes import LONG_S
from tests.worlds.telegram import Chat, TelegramWorld, User
from tests.worlds.telegram.chats import Message

NATIVE = frozenset({"voice", "audio"})


class FromMenu:
    """Ana and Olga, who administers, choose commands from the menu, which hides them; the bot is a mere member."""

    name = "Telegram, chosen from the menu"

    def __init__(self, world: TelegramWorld) -> None:
        self._world = world
        self._ana, self._olga = world.user("Ana", "ana"), world.user("Olga", "olga")
        self._group: Chat = world.supergroup("Listening party", self._ana, self._olga)
        self._group.add(self._olga, "creator")
        self._direct = world.private(self._ana)

    async def ask(self, question: str, *, as_admin: bool) -> None:
        who = self._olga if as_admin else self._ana
        before, words = len(self._group.heard_by(who)), len(self._group.texts)
        await self._write(who, question)
        await self._group.wait_for(lambda chat: len(chat.heard_by(who)) > before or len(chat.texts) > words, LONG_S)

    async def _write(self, who: User, question: str) -> None:
        await self._world.until(lambda: any(c["command"] == "usage" for c in self._world.commands), "no menu", LONG_S)
        await self._group.whispers_as(who, question)

    def seen(self) -> int:
        return len([message for message in self._group.sent if message.kind == "text"])


class Telegram(FromMenu):
    """They type, and the bot is an administrator of the group: else it may answer nobody alone."""

    name = "Telegram"
    fewest = 3
    """The status, the audio, the status deleted."""

    async def order(self, line: str) -> int:
        if not self._group.audios:
            await self._group.changes(self._olga, "administrator")
        before, heard = self._calls(), len(self._group.audios)
        await self._group.says(self._ana, f"/speak {line}")
        await self._group.wait_for(lambda chat: len(chat.audios) > heard and not chat.texts, LONG_S)
        return self._calls() - before

    async def repeat(self) -> int:
        card, before, heard = self._group.audios[-1], self._taps(), len(self._group.audios)
        if not _voices(card):
            await self._tap(card, "More voices…")
        await self._tap(card, _voices(card)[0])
        await self._group.wait_for(lambda chat: len(chat.audios) > heard and not chat.texts, LONG_S)
        return self._taps() - before

    async def hear(self) -> int:
        shown, before = await self._group.reply_to(await self._group.says(self._ana, "/voices"), LONG_S), self._taps()
        await self._tap(shown, next(label for label in shown.buttons if "All" in label))
        await self._direct.wait_for(lambda chat: chat.audios, LONG_S)
        return self._taps() - before

    def native(self) -> float:
        audios = self._group.audios
        return 100 * sum(message.kind in NATIVE for message in audios) / len(audios)

    async def _write(self, who: User, question: str) -> None:
        await self._group.says(who, question)

    async def _tap(self, message: Message, label: str) -> None:
        await (await self._world.press(self._ana, message, message.buttons[label])).answered()

    def _calls(self) -> int:
        return sum(call.chat_id == self._group.id for call in self._world.calls)

    def _taps(self) -> int:
        return len(self._world.presses)


def _voices(card: Message) -> list[str]:
    """Return the buttons that order it in another voice."""
    return [label for label, data in card.buttons.items() if data.startswith("anew:") and data.count(":") > 1]
