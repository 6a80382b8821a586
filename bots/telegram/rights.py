"""What the bot may send in a chat, as far as Telegram's refusals and its news of the bot's rights have told."""

import time
from enum import Enum

from telegram import ChatMember, ChatMemberRestricted

from bots.telegram.identity import Recent
from bots.text.locale import N_
from core.domain.refusals import MayNotPost

QUIET_S = 60.0
"""How long a chat that takes no words is not asked again: a group's own settings change without news."""
ABSTAIN_S = 3600.0
"""The same for a kind of audio, which another kind stands in for."""


class Kind(Enum):
    """A kind of message, by the right that it takes (https://core.telegram.org/bots/api#chatmemberrestricted)."""

    TEXT = "can_send_messages"
    VOICE = "can_send_voice_notes"
    SONG = "can_send_audios"
    FILE = "can_send_documents"


NAMES = {
    Kind.TEXT: N_("Send Text Messages"),
    Kind.VOICE: N_("Send Voice Messages"),
    Kind.SONG: N_("Send Music"),
    Kind.FILE: N_("Send Files"),
}
"""What Telegram's settings of a group call it."""
AUDIO = (Kind.VOICE, Kind.SONG, Kind.FILE)


class Rights:
    """Remembers what chats have refused; nobody is asked."""

    def __init__(self) -> None:
        self._refused_until_s: Recent[tuple[int, Kind], float] = Recent()

    def allow(self, chat: int, kind: Kind) -> bool:
        """Say whether nothing is known against a kind of message."""
        return self._refused_until_s.get((chat, kind), 0.0) <= time.monotonic()

    def refuse(self, chat: int, kind: Kind) -> None:
        """Note that a chat has refused a kind of message."""
        self._refused_until_s[chat, kind] = time.monotonic() + (QUIET_S if kind is Kind.TEXT else ABSTAIN_S)

    def learn(self, chat: int, bot: ChatMember) -> None:
        """Take news of the bot's rights in a chat; what was refused before may be allowed now."""
        for kind in Kind:
            self._refused_until_s.pop((chat, kind), None)
            if isinstance(bot, ChatMemberRestricted) and not getattr(bot, kind.value):
                self._refused_until_s[chat, kind] = time.monotonic() + ABSTAIN_S

    def require_audio(self, chat: int) -> None:
        """Refuse an order whose audio could not be posted, as far as is known. Raises MayNotPost."""
        if not self.allow(chat, Kind.TEXT):
            raise MayNotPost((NAMES[Kind.TEXT],), silent=True)
        if not any(self.allow(chat, kind) for kind in AUDIO):
            raise MayNotPost(tuple(NAMES[kind] for kind in AUDIO), silent=False)
