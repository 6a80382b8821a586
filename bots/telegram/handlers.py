"""What the bot does with a message or a pressed button: parse, ask the service, show what comes back."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from telegram import Bot, BotCommand, CallbackQuery, Message, ReplyParameters, Update
from telegram.error import RetryAfter, TelegramError
from telegram.ext import Application, CallbackQueryHandler, MessageHandler, filters

from bots import replies
from bots.commands import Command, amount_and_period
from bots.telegram import parse
from bots.telegram.delivery import AGAIN, Deliverer, Place, plain, topic
from bots.telegram.faults import wait_s
from bots.telegram.people import NAME, Admins, Recent, caller, person
from core.errors import DeliveryError, NotFound, Refusal
from core.models import Accepted, Caller, Order, Person
from core.service import Service

log = logging.getLogger(__name__)

ALERT_LIMIT = 200
LONGEST_WAIT_S = 60.0
PARSERS = {"speech": parse.speech, "music": parse.music}
Answer = Callable[[Message, Command], Awaitable[str | None]]


class Handlers:
    """One method for each thing that people do."""

    def __init__(self, bot: Bot, service: Service, deliverer: Deliverer) -> None:
        self._bot = bot
        self._service = service
        self._deliverer = deliverer
        self._admins = Admins(bot)
        self._seen: Recent[tuple[str, str], Caller] = Recent()
        self._answers: Mapping[str, Answer] = {
            "speak": self._speak,
            "music": self._music,
            "voices": self._voices,
            "balance": self._balance,
            "help": self._help,
            "start": self._help,
            "quota": self._quota,
        }

    def add_to(self, application: Application[Any, Any, Any, Any, Any, Any]) -> None:
        """Register; edited messages are never taken for new orders."""
        new = filters.UpdateType.MESSAGE
        application.add_handler(MessageHandler(new & filters.StatusUpdate.MIGRATE, self._on_migration))
        application.add_handler(MessageHandler(new & filters.COMMAND, self._on_command))
        application.add_handler(MessageHandler(new, self._on_message))
        application.add_handler(CallbackQueryHandler(self._on_again, pattern=f"^{AGAIN}"))

    # --- what comes in --------------------------------------------------------------------------------------------

    async def _on_command(self, update: Update, _: Any) -> None:
        message = update.message
        if message is None:
            return
        await self._remember(message)
        command = parse.read(message, self._bot.username)
        if command is None or command.name not in self._answers:
            return
        text = await self._answer(lambda: self._answers[command.name](message, command))
        if text is not None:
            await self._say(message, text)

    async def _on_message(self, update: Update, _: Any) -> None:
        if update.message is not None:
            await self._remember(update.message)

    async def _on_migration(self, update: Update, _: Any) -> None:
        message = update.message
        if message and message.migrate_to_chat_id:
            await self._deliverer.migrated(message.chat.id, message.migrate_to_chat_id)
        elif message and message.migrate_from_chat_id:
            await self._deliverer.migrated(message.migrate_from_chat_id, message.chat.id)

    async def _on_again(self, update: Update, _: Any) -> None:
        query = update.callback_query
        if query is None:
            return
        text = await self._answer(lambda: self._again(query)) or replies.SENDING_AGAIN
        try:
            await query.answer(plain(text, ALERT_LIMIT), show_alert=text != replies.SENDING_AGAIN)
        except TelegramError as error:
            log.info("a pressed button was not answered: %s", error)

    async def _answer(self, ask: Callable[[], Awaitable[str | None]]) -> str | None:
        """Return what to say, whatever happens; the one place where a refusal is caught."""
        try:
            return await ask()
        except Refusal as error:
            return replies.refusal(error)
        except Exception:
            log.exception("a command failed")
            return replies.FAULT

    async def _say(self, message: Message, text: str) -> None:
        try:
            try:
                await self._reply(message, text)
            except RetryAfter as error:
                await asyncio.sleep(min(wait_s(error), LONGEST_WAIT_S))
                await self._reply(message, text)
        except TelegramError as error:
            log.warning("nothing could be said in %d: %s", message.chat.id, error)

    async def _reply(self, message: Message, text: str) -> None:
        await self._bot.send_message(
            message.chat.id,
            plain(text),
            message_thread_id=topic(message),
            reply_parameters=ReplyParameters(message.message_id, allow_sending_without_reply=True),
        )

    # --- members --------------------------------------------------------------------------------------------------

    async def _speak(self, message: Message, command: Command) -> str | None:
        return await self._order("speech", message, command, replies.usage_speak(self._service.catalog))

    async def _music(self, message: Message, command: Command) -> str | None:
        return await self._order("music", message, command, replies.USAGE_MUSIC)

    async def _order(self, product: str, message: Message, command: Command, usage: str) -> str | None:
        parameters = PARSERS[product](message, command, self._service.catalog)
        if not all(parameters.values()):
            return usage
        order = Order(
            event_id=f"{NAME}:{message.chat.id}:{message.message_id}",
            caller=_caller(message),
            product=product,
            parameters=parameters,
            destination=Place.of(message).destination,
        )
        accepted = await self._service.order(order)
        if not accepted.duplicate:
            await self._show_status(accepted)
        return None

    async def _show_status(self, accepted: Accepted) -> None:
        """Put a status message under the order, which stands whether or not that succeeds."""
        try:
            await self._deliverer.show(accepted.job, replies.accepted(accepted))
        except DeliveryError as error:
            log.info("job %s: no status message: %s", accepted.job.job_id, error)
        except Exception:
            log.exception("job %s: no status message", accepted.job.job_id)

    async def _again(self, query: CallbackQuery) -> None:
        """Send a kept artifact again; the button hangs on the status message, which answers the order."""
        status, job_id = query.message, str(query.data).removeprefix(AGAIN)
        if status is None:
            raise NotFound("job", job_id)
        who = caller(status.chat, query.from_user, None)
        await self._service.redeliver(who, job_id, Place.of_status(status).destination)

    async def _voices(self, _: Message, __: Command) -> str:
        return replies.voices(self._service.catalog)

    async def _balance(self, message: Message, _: Command) -> str:
        return replies.balance(await self._service.standing(_caller(message)))

    async def _help(self, _: Message, __: Command) -> str:
        return f"{replies.HELP}\n\n{replies.name_me(f'/speak@{self._bot.username}')}"

    async def _remember(self, message: Message) -> None:
        """Let the service know the member's current name, unless it does."""
        who = _caller(message)
        if not who.can_spend or self._seen.get((who.community, who.member)) == who:
            return
        try:
            await self._service.remember(who)
        except Exception:
            log.exception("a member's name could not be kept")
        else:
            self._seen[who.community, who.member] = who

    # --- admins ---------------------------------------------------------------------------------------------------

    async def _quota(self, message: Message, command: Command) -> str:
        admin = _caller(message, is_admin=await self._admins.wrote(message))
        asked, user = parse.quota(message, command)
        if asked.verb == "default":
            return await self._default(admin, asked.words)
        member = person(user) if user else await self._find(admin, asked.handle)
        match asked.verb:
            case "set" if member:
                quota = await self._service.set_quota(admin, member, *amount_and_period(asked.words))
                return replies.quota_set(member.name, quota)
            case "show" if member:
                return replies.quota_shown(member.name, await self._service.show_quota(admin, member))
            case "clear" if member:
                await self._service.clear_quota(admin, member)
                return replies.quota_cleared(member.name)
            case _:
                return replies.USAGE_QUOTA

    async def _default(self, admin: Caller, words: Sequence[str]) -> str:
        if tuple(words) == ("clear",):
            await self._service.clear_quota(admin, None)
            return replies.quota_cleared(None)
        quota = await self._service.set_quota(admin, None, *amount_and_period(words))
        return replies.quota_set(None, quota)

    async def _find(self, admin: Caller, handle: str | None) -> Person | None:
        return await self._service.find(admin, f"@{handle}") if handle else None


def _caller(message: Message, *, is_admin: bool = False) -> Caller:
    return caller(message.chat, message.from_user, message.sender_chat, is_admin=is_admin)


MENU = [BotCommand(name, text) for name, text in replies.COMMANDS.items() if " " not in name]
"""What Telegram offers after a slash."""
