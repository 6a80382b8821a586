"""Messages that were edited. They never act; whoever makes a command of one hears so."""

from datetime import UTC, datetime, timedelta

from telegram import Message

from bots.commands.parse import Command
from bots.telegram.identity import Recent
from bots.telegram.parse import written_by_person

NEWS_FOR = timedelta(minutes=10)
"""How long after an edit it makes sense to speak of it."""


class Edits:
    """Knows the commands of late, since Telegram also calls it an edit when a preview was added or nothing is seen.

    The documentation of `Update.edited_message` says so.
    """

    def __init__(self) -> None:
        self._known: Recent[tuple[int, int], int] = Recent()

    def note(self, message: Message, command: Command) -> None:
        """Note a command as it is written now; of its words only a hash is kept."""
        self._known[message.chat.id, message.message_id] = hash(command)

    def is_news(self, message: Message, command: Command) -> bool:
        """Say whether a person has just made a command of a message, or another one of a command; note it."""
        was = self._known.get((message.chat.id, message.message_id))
        self.note(message, command)
        edited_at = message.edit_date
        is_recent = edited_at is not None and datetime.now(UTC) - edited_at < NEWS_FOR
        return is_recent and was != hash(command) and written_by_person(message)
