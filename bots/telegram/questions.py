"""Questions for an order's words, each answered by a reply of whoever was asked."""

from dataclasses import dataclass, field, replace

from telegram import Message

from bots.commands.parse import Command
from bots.telegram.identity import Recent
from bots.telegram.parse import answered, words

ANSWER_S = 300.0


@dataclass(slots=True)
class Question:
    """What a member was asked after a command without words."""

    command: Command
    number: int | None = None
    """The message's, once Telegram says that it is there."""
    tags: list[str] = field(default_factory=list)
    """What the text is to begin with."""

    def sent(self, number: int) -> None:
        """Note the message that asks."""
        self.number = number

    def toggle(self, tag: str, most: int) -> bool:
        """Let the text begin with a tag, too, or without it if it does; return False where it has so many already."""
        if tag in self.tags:
            self.tags.remove(tag)
        elif len(self.tags) == most:
            return False
        else:
            self.tags.append(tag)
        return True


class Questions:
    """Remembers the newest question to each member of each chat, as long as the process lives."""

    def __init__(self) -> None:
        self._open: Recent[tuple[int, int], Question] = Recent()

    def ask(self, message: Message, command: Command) -> Question:
        """Note a question to whoever wrote a message, before it is sent."""
        question = Question(command, tags=command.begins.split())
        if message.from_user is not None:
            self._open[message.chat.id, message.from_user.id] = question
        return question

    def answer(self, message: Message) -> Command | None:
        """Return the command that a message completes; None for any but a timely reply of whoever was asked, once."""
        question = self._answered(message)
        if question is None or _is_late(message):
            return None
        self._close(message)
        body = "\n".join(filter(None, (question.command.body, words(message))))
        return replace(question.command, body=body, begins=" ".join(question.tags))

    def pressed(self, number: int, chat: int, user: int) -> Question | None:
        """Return the question to a member whose message holds a button that they pressed."""
        question = self._open.get((chat, user))
        return question if question and question.number == number else None

    def is_late(self, message: Message) -> bool:
        """Say whether a message answers a question too late; true once."""
        if self._answered(message) is None or not _is_late(message):
            return False
        self._close(message)
        return True

    def _answered(self, message: Message) -> Question | None:
        asked = answered(message)
        if asked is None or message.from_user is None or message.sender_chat is not None:
            return None
        question = self._open.get((message.chat.id, message.from_user.id))
        is_ours = question is not None and question.number in {None, asked.message_id}
        return question if is_ours and asked.from_user and asked.from_user.is_bot else None

    def _close(self, message: Message) -> None:
        if message.from_user is not None:
            self._open.pop((message.chat.id, message.from_user.id), None)


def _is_late(message: Message) -> bool:
    asked = answered(message)
    return asked is None or (message.date - asked.date).total_seconds() > ANSWER_S
