"""Texts that members send as documents."""

from dataclasses import replace

from telegram import Document, Message
from telegram.error import TelegramError
from telegram.ext import ExtBot

from bots.commands.text_files import FetchError, TextFile
from bots.telegram.parse import answered
from bots.telegram.rate_limiter import Priority, Ticket
from bots.telegram.transport import AiohttpRequest

OK = 200


def text_file(message: Message) -> TextFile | None:
    """Return the document that a message carries, or answers without a quotation.

    One that is no text is passed over where other words may be meant: the message's own, or its caption.
    """
    if message.document:
        file = _described(message.document)
        return replace(file, is_meant=file.is_text)
    reply = answered(message) if message.quote is None else None
    if reply is None or reply.document is None:
        return None
    file = _described(reply.document)
    return replace(file, is_meant=False) if file.is_text or not reply.caption else None


def _described(document: Document) -> TextFile:
    name, kind = document.file_name or "", document.mime_type or ""
    return TextFile(name=name, kind=kind, size_bytes=document.file_size or 0, where=document.file_id)


class Documents:
    """Fetches documents from the Bot API's own host."""

    def __init__(self, bot: ExtBot[Priority | Ticket], request: AiohttpRequest) -> None:
        self._bot = bot
        self._request = request

    async def fetch(self, file_id: str, most_bytes: int) -> bytes:
        """Return a document, up to so many bytes. Raises FetchError."""
        try:
            url = (await self._bot.get_file(file_id)).file_path or ""
            if not url.startswith(self._bot.base_file_url):
                raise FetchError("it is on the Bot API server's own disk")
            status, content = await self._request.download(url, most_bytes)
        except TelegramError as error:
            raise FetchError(str(error)) from error
        if status != OK:
            raise FetchError(f"answered {status}")
        return content
