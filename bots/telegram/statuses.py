"""Keep the status message of each order up to date, wherever its chat has moved."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from telegram import InlineKeyboardMarkup, Message
from telegram.constants import ChatAction
from telegram.error import BadRequest, ChatMigrated, Forbidden, TelegramError
from telegram.ext import ExtBot

from bots.commands import buttons
from bots.telegram.buttons import rows
from bots.telegram.errors import takes_no_words, text_fault
from bots.telegram.escaping import plain
from bots.telegram.identity import NAME, Address, Recent, key
from bots.telegram.pacing import Pacer
from bots.telegram.rate_limiter import Priority, RateLimiter, Ticket
from bots.telegram.rights import Kind, Rights
from bots.telegram.uploads import is_spoken
from bots.text import credit_replies, order_replies, progress_replies, warnings
from bots.text.locale import speaking
from core.domain.errors import DeliveryDelayed, DeliveryError, DeliveryRefused, StoreError
from core.domain.jsontype import JSON
from core.domain.models import Job
from core.domain.receipts import Accepted, Receipt
from core.domain.warnings import BudgetWarning
from core.service.service import Service

log = logging.getLogger(__name__)

T = TypeVar("T")
QUIET_S = 60.0
EDITS_AT_ONCE, EDIT_EVERY_S = 10, 3.0
"""How often a chat's status messages are edited: Telegram counts edits much as it counts messages."""
ACTION_S = 4.0
"""How long a chat action is not repeated: it is seen for 5 seconds (documentation of `sendChatAction`)."""


def action_of(job: Job) -> ChatAction:
    """Return what a chat shows that is being done about a job."""
    if not is_spoken(job):
        return ChatAction.UPLOAD_DOCUMENT
    return ChatAction.UPLOAD_VOICE if job.delivery else ChatAction.RECORD_VOICE


@dataclass(slots=True)
class Sent:
    """What this process has sent to the chat for a job."""

    chat: int = 0
    status: int | None = None
    shown: tuple[str, str] = ("", "")
    """The worker that held the job, and the status message's text."""
    files: int = 0
    kept: list[JSON] = field(default_factory=list)
    """What Telegram keeps of those."""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def status_in(self, address: Address) -> int | None:
        """Return the status message's id; an id from before a migration belongs to another message."""
        return (self.status if self.chat == address.chat else None) or address.status


def or_elsewhere(fault: DeliveryError, place: Address | None) -> DeliveryError:
    """Let a refusal name the next place."""
    if isinstance(fault, DeliveryRefused) and place is not None:
        fault.instead = place.destination
    return fault


class Statuses:
    """The part of the `Delivery` port that is words."""

    def __init__(self, bot: ExtBot[Priority | Ticket], limiter: RateLimiter) -> None:
        self._bot = bot
        self._limiter = limiter
        self._service: Service
        self._sent: Recent[str, Sent] = Recent()
        self._migrations: Recent[int, int] = Recent()
        self.rights = Rights()
        self._logged_s = -QUIET_S
        self._edits: Pacer[int] = Pacer(EDITS_AT_ONCE, EDIT_EVERY_S)
        self._actions: Pacer[tuple[int, int | None, ChatAction]] = Pacer(1, ACTION_S)

    async def acknowledge(self, accepted: Accepted) -> bool:
        """Reply to an order with a status message, and return whether it is there; the order stands even if not.

        Raises DeliveryRefused where the bot may not write, and so could say nothing of the order.
        """
        job = accepted.job
        try:
            await self.show(job, progress_replies.accepted(accepted), rows(buttons.of_progress(job)))
        except DeliveryError as error:
            if isinstance(error, DeliveryRefused) and takes_no_words(error.__cause__):
                self.rights.refuse(self._address(job).chat, Kind.TEXT)
                raise
            self._log_unshown(job, error)
            await self._show_action(self._address(job), action_of(job))
            return False
        except Exception:
            log.exception("job %s: no status message", job)
            return False
        return True

    async def show(self, job: Job, text: str, markup: InlineKeyboardMarkup | None = None) -> None:
        """Send or edit the status message. Raises DeliveryError."""
        sent = self._sent.setdefault(job.job_id, Sent())
        async with sent.lock:
            address = self._address(job)
            if sent.status_in(address) is None and (in_s := self._limiter.room_in_s(address.chat, Priority.PROGRESS)):
                raise DeliveryDelayed("no room for a status message", retry_after_s=in_s)
            if sent.shown == (job.worker_id, plain(text)):
                return
            if sent.status_in(address) is not None and not self._edits.allows(address.chat):
                raise DeliveryDelayed("the chat has had its share of edits for now", retry_after_s=EDIT_EVERY_S)
            await self._write(job, sent, text, markup, priority=Priority.PROGRESS)

    def _log_unshown(self, job: Job, error: DeliveryError) -> None:
        """Log at most once a minute: a busy group has no room for most status messages."""
        if time.monotonic() - self._logged_s >= QUIET_S:
            self._logged_s = time.monotonic()
            log.info("job %s: no status message, and those of others are not named: %s", job, error)

    def shows(self, _: Job) -> bool:
        """Always: a chat action is visible for a few seconds only and has to be repeated."""
        return True

    async def progress(self, job: Job) -> None:
        """Send a chat action once it has begun and, if the job has a status message, edit that."""
        address = self._address(job)
        if not job.waits:
            await self._show_action(address, action_of(job))
        if job.job_id in self._sent or address.status is not None:
            await self.show(job, progress_replies.progress(job), rows(buttons.of_progress(job)))

    async def tell(self, job: Job, receipt: Receipt) -> None:
        """Edit the status message to show the outcome, with a button to send stored audio again."""
        sent = self._sent.setdefault(job.job_id, Sent())
        markup = rows(buttons.of_ending(receipt))
        async with sent.lock:
            await self._write(job, sent, order_replies.ended(receipt), markup, priority=Priority.OUTCOME)

    async def warn(self, job: Job, warning: BudgetWarning) -> None:
        """Warn a member in their direct chat, or the admins where it was ordered.

        A member who never wrote there is asked in the group to press for what they have left.
        """
        address, text = self._address(job), warnings.warning(job, warning)
        here, priority = address.in_group or address, Priority.OUTCOME  # which waits for no room
        try:
            if job.direct or not warnings.is_private(job, warning):
                await self._in_chat(here, lambda to: self._send_text(to, plain(text), None, priority))
                return
            alone = Address(int(job.member.removeprefix(f"{NAME}:")))
            try:
                await self._send_text(alone, plain(warnings.elsewhere(job, warning)), None, priority)
            except (BadRequest, Forbidden) as error:
                log.info("job %s: its member can't be written to: %s", job, error)
                line, markup = plain(warnings.in_public(job)), rows(buttons.of_standing())
                await self._in_chat(here, lambda to: self._send_text(to, line, markup, priority))
        except TelegramError as error:
            raise text_fault(error) from error

    async def _show_action(self, address: Address, action: ChatAction) -> None:
        """Show a chat action such as "recording voice", unless one is seen still; failures do not matter."""
        if not self._actions.allows((address.chat, address.thread, action)):
            return
        try:
            await self._bot.send_chat_action(address.chat, action, message_thread_id=address.thread)
        except TelegramError as error:
            log.debug("chat action not shown in %d: %s", address.chat, error)

    async def _write(
        self, job: Job, sent: Sent, text: str, markup: InlineKeyboardMarkup | None, *, priority: Priority
    ) -> None:
        """Edit the status message, or send one and store its id for the next process."""
        address, text = self._address(job), plain(text)
        status = sent.status_in(address)
        try:
            if status is None or not await self._edited(address.chat, status, text, markup):
                message = await self._in_chat(address, lambda to: self._send_text(to, text, markup, priority))
                status, address = message.message_id, self._migrated_address(address)
                await self._service.place(job.job_id, replace(address, status=status).destination)
        except TelegramError as error:
            elsewhere = address.in_group or address.below(job, error)
            raise or_elsewhere(text_fault(error), elsewhere) from error
        sent.chat, sent.status, sent.shown = address.chat, status, (job.worker_id, text)

    async def _send_text(
        self, to: Address, text: str, markup: InlineKeyboardMarkup | None, priority: Priority
    ) -> Message:
        return await self._bot.send_message(
            text=text, reply_markup=markup, disable_notification=True, rate_limit_args=priority, **to.target
        )

    async def _edited(self, chat: int, status: int, text: str, markup: InlineKeyboardMarkup | None) -> bool:
        """Return whether the message now has the text; False if it is gone."""
        try:
            await self._bot.edit_message_text(text, chat, status, reply_markup=markup)
        except BadRequest as error:
            return "not modified" in error.message
        except ChatMigrated:
            return False
        return True

    def _address(self, job: Job) -> Address:
        address = Address(**job.destination.data)
        return self._migrated_address(address)

    def _migrated_address(self, address: Address) -> Address:
        """Follow a group's migration to a supergroup, in which the old message ids are not valid."""
        new = self._migrations.get(address.chat)
        return address if new is None else Address(new)

    async def _in_chat(self, address: Address, send: Callable[[Address], Awaitable[T]]) -> T:
        try:
            return await send(address)
        except ChatMigrated as moved:
            await self.migrated(address.chat, moved.new_chat_id)
            return await send(self._migrated_address(address))

    async def migrated(self, old: int, new: int) -> None:
        """Record that a group has become a supergroup."""
        if self._migrations.get(old) != new:
            is_news = await self._service.communities.moved(key(old), key(new))
            self._migrations[old] = new
            self._service.pronunciations.forget()  # whose they are was read by its former key
            if is_news:
                await self._ask_anew(new)

    async def _ask_anew(self, chat: int) -> None:
        """Post in a supergroup what its admins have not decided: the buttons of the group that it was do nothing."""
        try:
            with speaking(await self._service.operators.community_locale(key(chat))):
                for request in await self._service.credit.open(key(chat)):
                    text, markup = plain(credit_replies.requested(request)), rows(buttons.of_credit_request(request))
                    await self._send_text(Address(chat), text, markup, Priority.OUTCOME)
        except (StoreError, TelegramError) as error:
            log.warning("requests for credit are not posted anew in %d: %s", chat, error)
