"""A press on a button."""

from dataclasses import dataclass

from telegram import MaybeInaccessibleMessage, Message, User
from telegram.constants import ChatType

from bots.telegram.identity import Address, caller, number_alone, topic
from bots.telegram.intake import Ack
from bots.telegram.whispers import Whisper
from core.domain.people import Caller


@dataclass(frozen=True, slots=True)
class Press:
    """Who pressed a button under which message, and how to acknowledge the update."""

    on: MaybeInaccessibleMessage
    user: User
    ack: Ack
    number: str = ""
    """The press's own."""

    @property
    def beneath(self) -> Address:
        """Where a reply to the message that holds the button goes."""
        return Address.of(self.on) if isinstance(self.on, Message) else Address(self.on.chat.id)

    @property
    def is_alone(self) -> bool:
        """Whether only whoever pressed sees the message that holds the button."""
        return self.on.chat.type == ChatType.PRIVATE or number_alone(self.on) is not None

    @property
    def whisper(self) -> Whisper | None:
        """Where whoever pressed reads an answer alone; None in their direct chat."""
        if self.on.chat.type == ChatType.PRIVATE:
            return None
        thread, order = self.beneath.thread, self.beneath.order
        return Whisper(self.on.chat.id, self.user.id, thread, order, press=self.number)

    def who(self, *, is_admin: bool = False) -> Caller:
        """Describe who pressed: always the person, even if they write messages as the group."""
        thread = topic(self.on) if isinstance(self.on, Message) else None
        return caller(self.on.chat, self.user, None, is_admin=is_admin, thread=thread)
