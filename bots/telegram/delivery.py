"""Hand artifacts to a chat, and keep the status message under the order up to date."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from telegram import InlineKeyboardMarkup, InputFile, Message
from telegram.constants import ChatAction
from telegram.error import BadRequest, ChatMigrated, TelegramError
from telegram.ext import ExtBot

from bots.telegram import buttons
from bots.telegram.connection import UPLOAD_READ_S
from bots.telegram.errors import text_fault, upload_fault
from bots.telegram.escaping import CAPTION_LIMIT, plain, size
from bots.telegram.identity import Place, Recent, key
from bots.telegram.pace import Pace, Rank, Turn
from bots.text import order_replies, titles
from core.domain.audio import Want
from core.domain.errors import DeliveryDelayed, DeliveryError, DeliveryUncertain
from core.domain.models import Accepted, Artifact, Destination, Job, Receipt
from core.domain.products import Sound, row_of
from core.service import Service

log = logging.getLogger(__name__)

T = TypeVar("T")
MAX_BYTES = 50 * 1000 * 1000
"""Bots may upload 50 MB; the form around the file needs a little of it."""

QUIET_S = 60.0
VOICELESS_S = 3600
"""How long a chat that forbids voice messages is not asked again."""
SONG = Want(MAX_BYTES, frozenset({"mp3/mp3", "mp4/aac"}), "mp3")
OPUS = "ogg/opus"
VOICE = Want(MAX_BYTES, frozenset({OPUS, *SONG.playable}), "opus")


def _caption(receipt: Receipt, artifacts: Sequence[Artifact]) -> str:
    """Introduce the audio; money is said in direct chats alone, since in a group nothing is for one member's eyes.

    Ephemeral messages (Bot API 10.2) would be, but a bot may send one unasked only where it is an administrator, and
    a server that does not know them posts the same call for everybody.
    """
    more = order_replies.receipt(receipt) if receipt.job.direct else order_replies.in_public(receipt)
    return plain(order_replies.heard(receipt, artifacts, CAPTION_LIMIT, size, more=more), CAPTION_LIMIT)


def _action(job: Job) -> ChatAction:
    return ChatAction.RECORD_VOICE if _is_spoken(job) else ChatAction.UPLOAD_DOCUMENT


def _is_spoken(job: Job) -> bool:
    return row_of(job.product).sound is Sound.VOICE


@dataclass(slots=True)
class _Card:
    """What this process has put into the chat for a job."""

    chat: int = 0
    status: int | None = None
    shown: tuple[str, str] = ("", "")
    """Who had the job in hand, and what the status message says."""
    sent: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def status_in(self, place: Place) -> int | None:
        """Return which message is the status message; in another chat its id is another message's."""
        return (self.status if self.chat == place.chat else None) or place.status


class TelegramDelivery:
    """The `Delivery` port on Telegram."""

    def __init__(self, bot: ExtBot[Rank | Turn], pace: Pace) -> None:
        self._bot = bot
        self._pace = pace
        self._service: Service
        self._cards: Recent[str, _Card] = Recent()
        self._moved: Recent[int, int] = Recent()
        self._voiceless_until: Recent[int, float] = Recent()
        self._logged_s = -QUIET_S
        self._acting: set[asyncio.Task[None]] = set()

    def accepts(self, job: Job) -> Want:
        """Speech as a voice message, where the chat allows those; music as a song."""
        return VOICE if _is_spoken(job) and self._voice_allowed(job) else SONG

    def lasting(self, job: Job) -> Destination:
        """Keep all of it: there is no token in it."""
        return job.destination

    # --- the status message ---------------------------------------------------------------------------------------

    async def acknowledge(self, accepted: Accepted) -> None:
        """Put a status message under an order, which stands whether or not that succeeds."""
        job = accepted.job
        try:
            await self.show(job, order_replies.accepted(accepted))
        except DeliveryError as error:
            self._log_unshown(job, error)
            await self._act(self._place(job), _action(job))
        except Exception:
            log.exception("job %s: no status message", job.job_id)

    async def show(self, job: Job, text: str, markup: InlineKeyboardMarkup | None = None) -> None:
        """Put the status message under the order, or change it. Raises DeliveryError."""
        card = self._cards.setdefault(job.job_id, _Card())
        async with card.lock:
            place = self._place(job)
            if card.status_in(place) is None and (later_s := self._pace.room_in_s(place.chat, Rank.PROGRESS)):
                raise DeliveryDelayed("no room for a status message", retry_after_s=later_s)
            if card.shown != (job.worker_id, plain(text)):
                await self._write(job, card, place, text, markup, rank=Rank.PROGRESS)

    def _log_unshown(self, job: Job, error: DeliveryError) -> None:
        """Log one line a minute: a busy group has no room for most orders' messages."""
        if time.monotonic() - self._logged_s >= QUIET_S:
            self._logged_s = time.monotonic()
            log.info("job %s: no status message, and those of others are not named: %s", job.job_id, error)

    def shows(self, _: Job) -> bool:
        """What the bot does is shown for some seconds only, and has to be shown again."""
        return True

    async def progress(self, job: Job) -> None:
        """Show how far a job is; where no status message could be sent, as a chat action alone."""
        place = self._place(job)
        await self._act(place, _action(job))
        if job.job_id in self._cards or place.status is not None:
            await self.show(job, order_replies.progress(job), buttons.of_progress(job))

    async def tell(self, job: Job, receipt: Receipt) -> None:
        """Say in place of the status message how it ended, with the button where the audio is kept."""
        card, place = self._cards.setdefault(job.job_id, _Card()), self._place(job)
        markup = buttons.again(job.job_id) if receipt.kept else None
        async with card.lock:
            await self._write(job, card, place, order_replies.ended(receipt), markup, rank=Rank.OUTCOME)

    async def _act(self, place: Place, action: ChatAction) -> None:
        """Show for some seconds what the bot does; only a decoration."""
        try:
            await self._bot.send_chat_action(place.chat, action, message_thread_id=place.thread)
        except TelegramError as error:
            log.debug("chat action not shown in %d: %s", place.chat, error)

    async def _write(
        self, job: Job, card: _Card, place: Place, text: str, markup: InlineKeyboardMarkup | None, *, rank: Rank
    ) -> None:
        """Edit the status message, or send one where there is none and write down which, for the next start."""
        status, text = card.status_in(place), plain(text)
        try:
            if status is None or not await self._edited(place.chat, status, text, markup):
                sent = await self._in_chat(place, lambda to: self._send_text(to, text, markup, rank))
                status, place = sent.message_id, self._after_move(place)
                await self._service.place(job.job_id, replace(place, status=status).destination)
        except TelegramError as error:
            raise text_fault(error) from error
        card.chat, card.status, card.shown = place.chat, status, (job.worker_id, text)

    async def _send_text(self, to: Place, text: str, markup: InlineKeyboardMarkup | None, rank: Rank) -> Message:
        return await self._bot.send_message(
            text=text, reply_markup=markup, disable_notification=True, rate_limit_args=rank, **to.target
        )

    async def _edited(self, chat: int, status: int, text: str, markup: InlineKeyboardMarkup | None) -> bool:
        """Return whether the message now says so; False when it is gone."""
        try:
            await self._bot.edit_message_text(text, chat, status, reply_markup=markup)
        except BadRequest as error:
            return "not modified" in error.message
        except ChatMigrated:
            return False
        return True

    # --- audio ----------------------------------------------------------------------------------------------------

    async def deliver(self, job: Job, artifacts: Sequence[Artifact], receipt: Receipt, *, uncertain: bool) -> None:
        """Upload what has not been sent yet, as an answer to the order, then take the status message away."""
        if uncertain:
            raise DeliveryUncertain("an earlier upload may have arrived")
        card, place = self._cards.setdefault(job.job_id, _Card()), self._place(job)
        async with card.lock:
            for number in range(max(card.sent, place.sent), len(artifacts)):
                caption = None if number else _caption(receipt, artifacts)
                await self._upload(job, place, artifacts[number], number, caption)
                card.sent = number + 1
                if card.sent < len(artifacts):  # another process may have to go on
                    now = replace(self._after_move(place), status=card.status_in(place), sent=card.sent)
                    await self._service.place(job.job_id, now.destination)
            if status := card.status_in(place):
                await self._take_away(place.chat, status)
        self._cards.pop(job.job_id, None)

    async def _upload(self, job: Job, place: Place, artifact: Artifact, number: int, caption: str | None) -> None:
        later_s = self._pace.room_in_s(place.chat, Rank.OUTCOME)
        if later_s:  # to wait inside the upload would make a stop look uncertain
            raise DeliveryDelayed("the chat has had its share of messages for now", retry_after_s=later_s)
        send = self._sender(job, artifact)
        path = Path(artifact.path)
        file = await asyncio.to_thread(path.open, "rb")
        with file:
            name = titles.file_name(job, artifact.probe.extension, number + 1)
            upload = InputFile(file, filename=name, read_file_handle=False)
            duration_s = max(1, round(artifact.probe.duration_ms / 1000))
            acting = asyncio.create_task(self._act(place, ChatAction.UPLOAD_VOICE))  # neither waits for the other
            self._acting.add(acting)
            acting.add_done_callback(self._acting.discard)
            try:
                await self._in_chat(place, lambda to: send(job, upload, duration_s, caption, to))
            except TelegramError as error:
                raise upload_fault(error, artifact.size_bytes) from error

    def _sender(self, job: Job, artifact: Artifact) -> Callable[..., Awaitable[None]]:
        """Choose how a file is shown: speech as a voice message, music as a song, a format that is neither as a file.

        Music that was asked for as Opus goes as a voice message too: nothing else plays that in every client.
        """
        kind, voiced = artifact.probe.kind, self._voice_allowed(job)
        if voiced and (_is_spoken(job) or kind == OPUS):
            return self._send_voice
        return self._send_song if kind in SONG.playable else self._send_file

    def _voice_allowed(self, job: Job) -> bool:
        return self._voiceless_until.get(self._place(job).chat, 0) <= time.monotonic()

    async def _send_voice(self, _: Job, upload: InputFile, duration_s: int, caption: str | None, to: Place) -> None:
        """Send a voice message; where those are forbidden, let the core make a song of it instead."""
        try:
            await self._bot.send_voice(
                voice=upload, duration=duration_s, caption=caption, read_timeout=UPLOAD_READ_S, **to.target
            )
        except BadRequest as error:
            if "voice" not in error.message.casefold():
                raise
            self._voiceless_until[to.chat] = time.monotonic() + VOICELESS_S
            raise DeliveryDelayed("voice messages are forbidden here", retry_after_s=0) from error

    async def _send_song(self, job: Job, upload: InputFile, duration_s: int, caption: str | None, to: Place) -> None:
        await self._bot.send_audio(
            audio=upload,
            duration=duration_s,
            caption=caption,
            title=titles.song_title(job),
            performer=titles.performer(job),
            read_timeout=UPLOAD_READ_S,
            **to.target,
        )

    async def _send_file(self, _: Job, upload: InputFile, __: int, caption: str | None, to: Place) -> None:
        await self._bot.send_document(
            document=upload,
            caption=caption,
            read_timeout=UPLOAD_READ_S,
            rate_limit_args=Rank.OUTCOME,
            **to.target,
        )

    async def _take_away(self, chat: int, status: int) -> None:
        try:
            await self._bot.delete_message(chat, status)
        except TelegramError as error:
            log.info("status message %d in %d stays: %s", status, chat, error)

    # --- where ----------------------------------------------------------------------------------------------------

    def _place(self, job: Job) -> Place:
        place = Place(**job.destination.data)
        return self._after_move(place)

    def _after_move(self, place: Place) -> Place:
        """Follow a group that became a supergroup, where the old message ids mean other messages."""
        new = self._moved.get(place.chat)
        return place if new is None else Place(new)

    async def _in_chat(self, place: Place, send: Callable[[Place], Awaitable[T]]) -> T:
        try:
            return await send(place)
        except ChatMigrated as moved:
            await self.migrated(place.chat, moved.new_chat_id)
            return await send(self._after_move(place))

    async def migrated(self, old: int, new: int) -> None:
        """Carry everything over to the supergroup that a group has become."""
        if self._moved.get(old) != new:
            await self._service.communities.moved(key(old), key(new))
            self._moved[old] = new
