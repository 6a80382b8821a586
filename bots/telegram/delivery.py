"""Deliver artifacts to a chat."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from telegram import InputFile
from telegram.error import TelegramError
from telegram.ext import ExtBot

from bots.telegram.errors import has_no_file, has_no_kind, upload_fault
from bots.telegram.escaping import plain
from bots.telegram.identity import Address, is_of_group
from bots.telegram.rate_limiter import Priority, RateLimiter, Ticket
from bots.telegram.rights import Kind
from bots.telegram.statuses import Sent, Statuses, action_of, or_elsewhere
from bots.telegram.uploads import Caption, Media, Uploads, caption_of
from bots.text import order_replies, titles
from bots.text.locale import _
from core.domain.audio import LARGE_BYTES, Want
from core.domain.errors import DeliveryDelayed, DeliveryError, DeliveryUncertain, NotKept
from core.domain.jsontype import JSON
from core.domain.models import Artifact, Job, Kept
from core.domain.orders import Destination
from core.domain.receipts import Receipt

log = logging.getLogger(__name__)

_Send = Callable[[Address, int, Caption | None], Awaitable[JSON]]
"""Sends the file of that number with a caption; returns what Telegram keeps of it."""


class TelegramDelivery(Statuses):
    """The `Delivery` port on Telegram."""

    def __init__(self, bot: ExtBot[Priority | Ticket], limiter: RateLimiter) -> None:
        super().__init__(bot, limiter)
        self._uploads = Uploads(bot, self.rights)
        self._acting: set[asyncio.Task[None]] = set()

    def accepts(self, job: Job) -> Want:
        return self._uploads.accepts(job, self._address(job))

    def line(self, _: Job) -> str:
        return ""  # what a group has no room for is put off before it is sent

    def room_in_s(self, job: Job) -> float:
        return self._limiter.room_in_s(self._address(job).chat, Priority.OUTCOME)

    def lasting(self, job: Job) -> Destination:
        """Return all of it, as it holds no token."""
        return job.destination

    async def deliver(
        self, job: Job, artifacts: Sequence[Artifact], receipt: Receipt, *, uncertain: bool
    ) -> Kept | None:
        """Reply to the order with the files that have not been sent yet, then delete the status message."""

        async def upload(at: Address, number: int, caption: Caption | None) -> JSON:
            return await self._upload(job, at, artifacts[number], caption)

        caption = caption_of(receipt, artifacts, self._address(job))
        held = await self._send_all(job, len(artifacts), upload, caption, uncertain=uncertain)
        return {"files": held} if len(held) == len(artifacts) and all(held) else None

    async def repeat(self, job: Job, kept: Kept, receipt: Receipt, *, uncertain: bool) -> Kept:
        """Send what Telegram keeps for this bot, to any chat: only as what it was, voice, song or document.

        What a direct chat has stands for nothing that is elsewhere.
        """
        if self._address(job).file:
            raise NotKept("a file of another kind is wanted")

        async def send(at: Address, number: int, caption: Caption | None) -> JSON:
            return await self._send(job, at, Media.of(kept["files"][number]), caption)

        caption = caption_of(receipt, job.artifacts, self._address(job))
        held = await self._send_all(job, len(kept["files"]), send, caption, uncertain=uncertain)
        is_whole = len(held) == len(kept["files"]) and all(held)
        stays = is_whole and (is_of_group(held[0]["chat"]) or held[0]["chat"] == kept["files"][0].get("chat"))
        return {"files": held} if stays else kept

    async def _send_all(self, job: Job, most: int, send: _Send, caption: Caption, *, uncertain: bool) -> list[JSON]:
        """Send what this or another process has not sent; return what Telegram keeps, as far as this one knows."""
        if uncertain:
            raise DeliveryUncertain("an earlier upload may have arrived")
        sent, address = self._sent.setdefault(job.job_id, Sent()), self._address(job)
        async with sent.lock:
            for number in range(max(sent.files, address.sent), most):
                at = replace(address, status=sent.status_in(address), sent=number)
                sent.kept.append(await send(at, number, None if number else caption))
                sent.files = number + 1
                if sent.files < most:  # another process may have to continue
                    now = replace(self._migrated_address(address), status=sent.status_in(address), sent=sent.files)
                    await self._service.place(job.job_id, now.destination)
            if group := address.in_group:
                await self._point(job, sent, self._migrated_address(group))
            elif status := sent.status_in(address):
                await self._delete(address.chat, status)
        self._sent.pop(job.job_id, None)
        return sent.kept

    async def _upload(self, job: Job, address: Address, artifact: Artifact, caption: Caption | None) -> JSON:
        kind = self._uploads.kind(job, artifact, address)
        async with _content(artifact) as content:
            name = titles.file_name(job, artifact.probe.extension, address.sent + 1)
            upload = InputFile(content, filename=name, read_file_handle=False)
            duration_s = max(1, round(artifact.probe.duration_ms / 1000))
            return await self._send(job, address, Media(kind, upload, duration_s, artifact.size_bytes), caption)

    async def _send(self, job: Job, address: Address, media: Media, caption: Caption | None) -> JSON:
        if not self.rights.allow(address.chat, media.kind) and media.is_kept:
            raise NotKept("the chat does not take it as what it was")
        later_s = self._limiter.room_in_s(address.chat, Priority.OUTCOME)
        if later_s:  # to wait inside the upload would make a stop look uncertain
            raise DeliveryDelayed("the chat has had its share of messages for now", retry_after_s=later_s)
        if media.size_bytes > LARGE_BYTES:  # neither the action nor the upload waits for the other
            acting = asyncio.create_task(self._show_action(address, action_of(job)))
            self._acting.add(acting)
            acting.add_done_callback(self._acting.discard)
        try:
            return await self._in_chat(address, lambda to: self._uploads.send(media, job, caption, to))
        except TelegramError as error:
            raise self._upload_fault(job, address, media, error) from error

    def _upload_fault(self, job: Job, address: Address, media: Media, error: TelegramError) -> DeliveryError:
        """Map a failure; where the chat takes no audio of that kind, have it made another and tried again."""
        if media.is_kept and has_no_file(error):
            return NotKept(str(error))
        if has_no_kind(error):
            self.rights.refuse(address.chat, media.kind)
            if media.kind is not Kind.FILE:
                return DeliveryDelayed(str(error), retry_after_s=0)
        return or_elsewhere(upload_fault(error, media.size_bytes), address.below(job, error))

    async def _point(self, job: Job, sent: Sent, group: Address) -> None:
        """Say in the group, if that takes words, that its member has the audio elsewhere."""
        text, status = plain(order_replies.addressed(job, _(order_replies.SENT_ALONE))), sent.status_in(group)
        try:
            if status is None or not await self._edited(group.chat, status, text, None):
                await self._send_text(group, text, None, Priority.OUTCOME)
        except TelegramError as error:
            log.info("job %s: nobody in the group hears where it went: %s", job, error)

    async def _delete(self, chat: int, status: int) -> None:
        try:
            await self._bot.delete_message(chat, status)
        except TelegramError as error:
            log.info("status message %d in %d stays: %s", status, chat, error)


@asynccontextmanager
async def _content(artifact: Artifact) -> AsyncIterator[bytes | BinaryIO]:
    """Yield the bytes of a file, or the open file where they are many."""
    path = Path(artifact.path)
    if artifact.size_bytes <= LARGE_BYTES:
        yield await asyncio.to_thread(path.read_bytes)
        return
    file = await asyncio.to_thread(path.open, "rb")
    with file:
        yield file
