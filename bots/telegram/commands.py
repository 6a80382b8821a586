"""Handle updates: parse a message, call the service, reply with the outcome."""

import logging
from dataclasses import replace
from functools import partial
from math import inf
from typing import Any

from telegram import (
    ChatMemberUpdated,
    Message,
    Update,
)
from telegram.constants import ChatType
from telegram.error import TelegramError
from telegram.ext import Application, CallbackQueryHandler, ChatMemberHandler, ExtBot, MessageHandler, filters

from bots.commands import approval, table, typed
from bots.commands import parse as commands
from bots.commands.command import Asked, Who
from bots.commands.greeting import Debouncer
from bots.commands.hints import hint, overheard, unknown
from bots.commands.parse import Command, Named
from bots.commands.text_files import TextFiles
from bots.telegram import parse
from bots.telegram.delivery import TelegramDelivery
from bots.telegram.edits import Edits
from bots.telegram.identity import (
    Address,
    Admins,
    Recent,
    caller,
    channel_name,
    key,
    key_of,
    link,
    number_alone,
    person,
    takes_part,
)
from bots.telegram.intake import Ack
from bots.telegram.orders import Orders, caller_of, event_of
from bots.telegram.presses import Presses
from bots.telegram.questions import Questions
from bots.telegram.rate_limiter import Priority, RateLimiter, Ticket
from bots.telegram.reply import Reply, outcome
from bots.telegram.responder import Responder
from bots.telegram.whispers import whisper_to
from bots.text import greetings, replies
from bots.text.locale import speaking
from core.domain.communities import Approval
from core.domain.people import Caller, Person
from core.domain.refusals import Refusal
from core.engine.behalf import on_behalf_of
from core.engine.persist import persist
from core.service.service import Service

log = logging.getLogger(__name__)

DAY_S = 86_400.0


class Dispatcher:
    """Routes updates to the service and to the command actions."""

    def __init__(
        self,
        bot: ExtBot[Priority | Ticket],
        service: Service,
        deliverer: TelegramDelivery,
        limiter: RateLimiter,
        files: TextFiles,
    ) -> None:
        self._bot = bot
        self._service = service
        self._deliverer = deliverer
        self._admins = Admins(bot)
        self._responder = Responder(bot, limiter)
        questions = Questions()
        self._presses = Presses(service, deliverer, self._responder, self._admins, questions)
        self._greeted, self._shown, self._commented = Debouncer(), Debouncer(), Debouncer(DAY_S)
        self._products = service.catalog.by_command
        self._seen: Recent[tuple[str, str], Caller] = Recent()
        self._handles: Recent[tuple[str, str | None], str] = Recent()
        """Who was last seen under an @name, which may change hands."""
        self._names = table.words(service.catalog)
        self._edits = Edits()
        self._orders = Orders(bot, service, deliverer, files, questions)

    def register(self, application: Application[Any, Any, Any, Any, Any, Any]) -> None:
        """Add the handlers. Only new messages act: this filter is what excludes edits and channel posts."""
        new = filters.UpdateType.MESSAGE
        application.add_handler(MessageHandler(new & filters.StatusUpdate.MIGRATE, self._on_migration))
        application.add_handler(MessageHandler(new, self._on_message))
        application.add_handler(MessageHandler(filters.UpdateType.EDITED_MESSAGE, self._on_edit))
        application.add_handler(CallbackQueryHandler(self._presses.on_press))
        application.add_handler(ChatMemberHandler(self._on_membership, ChatMemberHandler.MY_CHAT_MEMBER))

    # --- updates --------------------------------------------------------------------------------------------------

    async def _on_message(self, update: Update, ack: Ack) -> None:
        message = update.effective_message
        if message is None:
            return
        command, who = parse.read(message, self._bot.username), caller_of(message)
        command = command or self._orders.answered(message)
        is_known = command is not None and command.name in self._names
        if command is not None and is_known:
            self._edits.note(message, command)  # before any wait: an edit that adds a preview may come with it
        await self._remember(message)
        with speaking(who.locale), on_behalf_of(who):
            if command is not None and is_known:
                reply = await outcome(lambda: self._run(message, command, ack), who)
            else:
                reply = await outcome(lambda: self._hint(message, command), who)
            if reply is not None:
                where = Address(message.from_user.id) if reply.alone and message.from_user else Address.of(message)
                whisper = whisper_to(message) if _is_alone(reply, message, command) else None
                await self._responder.reply(where, self._with_bot_name(reply, message, command), who, ack, whisper)

    async def _on_edit(self, update: Update, ack: Ack) -> None:
        """Tell whoever makes a command by an edit that it does nothing."""
        message = update.edited_message
        command = parse.read(message, self._bot.username) if message else None
        if message is None or command is None or command.name not in self._names:
            return
        if self._edits.is_news(message, command):
            who = caller_of(message)
            with speaking(who.locale):
                reply = self._with_bot_name(Reply(greetings.write_it_anew(command.name)), message, command)
                await self._responder.reply(Address.of(message), reply, who, ack)

    def _with_bot_name(self, reply: Reply, message: Message, command: Command | None) -> Reply:
        """Write commands as `/command@bot` where members have to; /help explains that itself."""
        is_named = message.chat.type != ChatType.PRIVATE and (command is None or command.bot is not None)
        is_help = command is not None and any(row.action is table.show_help for row in table.rows(command.name))
        if not is_named or is_help:
            return reply
        return reply.worded(lambda text: commands.naming(text, self._bot.username, self._names))

    async def _hint(self, message: Message, command: Command | None) -> Reply | None:
        """Explain what to type to whoever clearly addresses the bot; ignore all other messages."""
        if command is None and (late := self._orders.too_late(message)):
            return late
        is_addressed = parse.addressed(message, self._bot.username)
        text, catalog = parse.words(message), self._service.catalog
        if is_addressed and command is not None:
            return Reply(await unknown(self._asked(message, caller_of(message)), command))
        if is_addressed or (command is None and self._is_due(message)):
            return Reply(hint(text, catalog))
        is_for_another = command is None and bool(parse.addressee(message))
        said = "" if is_for_another or not parse.written_by_person(message) else overheard(text, command, catalog)
        return Reply(said) if said else None

    def _is_due(self, message: Message) -> bool:
        """Say whether a hint is due for a file without text, or a reply to the bot; both are answered only rarely."""
        if message.chat.type == ChatType.PRIVATE:
            return message.effective_attachment is not None and self._shown.note(key(message.chat.id))
        is_comment = bool(parse.words(message)) and parse.answers_bot(message, self._bot.id)
        who = caller_of(message)
        return is_comment and parse.written_by_person(message) and self._commented.note(f"{who.community} {who.member}")

    async def _run(self, message: Message, command: Command, ack: Ack) -> Reply | None:
        """Run a command, but only if its sender wrote it, here and now."""
        if not parse.written_by_sender(message):
            return None if message.is_automatic_forward else Reply(greetings.write_it_here(command.name))
        command = self._orders.without_form(command)
        repeats = table.repeats(command.name, command.body)
        is_order = command.name in self._products or repeats
        if is_order or table.rows(command.name)[0].who is not Who.MEMBER:
            written_ms = round(message.date.timestamp() * 1000)
            await self._service.check_age(event_of(message), written_ms, ordered=is_order)
        if repeats:
            await self._orders.repeat(message, ack)
            return None
        if is_order:
            return await self._orders.place(message, command, ack)
        return await self._use(message, command)

    async def _on_membership(self, update: Update, ack: Ack) -> None:
        """Greet a group that the bot was added to; ignore promotions, restrictions and removals."""
        change = update.my_chat_member
        if change is not None:
            self._deliverer.rights.learn(change.chat.id, change.new_chat_member)
            self._responder.whispers.forget(change.chat.id)
        if change is None or not _was_added(change):
            return
        adder, is_due = caller(change.chat, change.from_user, None), self._greeted.note(key(change.chat.id))
        found = await approval.arrived(
            self._service, adder.community, adder.title, adder.member, adder.name, locale=adder.locale
        )
        if is_due and found is not Approval.DECLINED:
            waits = found is Approval.WAITING
            with speaking(adder.locale):
                reply = Reply(greetings.hello(self._service.catalog, f"/speak@{self._bot.username}", waits=waits))
                await self._responder.reply(Address(change.chat.id), reply, adder, ack)

    async def _on_migration(self, update: Update, __: Any) -> None:
        message = update.effective_message
        if message and message.migrate_to_chat_id:
            await self._migrate(message.chat.id, message.migrate_to_chat_id)
        elif message and message.migrate_from_chat_id:
            await self._migrate(message.migrate_from_chat_id, message.chat.id)

    async def _migrate(self, old: int, new: int) -> None:
        """Record a group's new id; Telegram announces it only once, so this retries until the store answers."""
        self._greeted.note(key(new))  # it has been greeted under its old id
        await persist(f"group {old} is now {new}", lambda: self._deliverer.migrated(old, new), within_s=inf)

    # --- members --------------------------------------------------------------------------------------------------

    async def _remember(self, message: Message) -> None:
        """Record the member's current name if it has changed."""
        who = replace(caller_of(message), channel="")
        handle = (who.community, who.handle)
        known = self._seen.get((who.community, who.member)) == who and self._handles.get(handle) == who.member
        if not who.can_spend or known:
            return
        try:
            await self._service.communities.remember(who)
        except Exception:
            log.exception("a member's name could not be recorded")
        else:
            self._seen[who.community, who.member] = who
            self._handles[handle] = who.member

    # --- the table of commands ------------------------------------------------------------------------------------

    async def _use(self, message: Message, command: Command) -> Reply:
        """Run a command of the table."""
        is_admin = table.rows(command.name)[0].who is not Who.MEMBER and await self._admins.wrote(message)
        who = replace(caller_of(message, is_admin=is_admin), event_id=event_of(message))

        async def find() -> tuple[Named, Person | None]:
            named, user = parse.named(message, command)
            return named, person(user) if user else await self._find(who, named, command.name)

        return Reply.of(await typed.use(self._asked(message, who), command, find))

    def _asked(self, message: Message, who: Caller) -> Asked:
        return Asked(
            service=self._service,
            caller=who,
            is_public=not who.direct,
            takes_files=True,
            channel_name=channel_name,
            link=link,
            administers=partial(self._is_admin, message),
            require_audio=partial(self._deliverer.rights.require_audio, message.chat.id),
            how_to_call=replies.name_me(f"/speak@{self._bot.username}"),
        )

    async def _is_admin(self, message: Message) -> bool:
        """Say whether an admin wrote the message; False if that can't be determined."""
        try:
            return await self._admins.wrote(message)
        except (TelegramError, Refusal) as error:
            log.info("who is an admin can't be seen: %s", error)
            return False

    async def _find(self, admin: Caller, asked: Named, act: str) -> Person | None:
        """Look up the member with an @name or an id; an id also finds members who have left."""
        if asked.member_id is not None:
            return Person(member=key_of(asked.member_id), name=asked.member_id)
        return await self._service.admin.find(admin, asked.handle, act) if asked.handle else None


def _is_alone(reply: Reply, message: Message, command: Command | None) -> bool:
    """Say whether only whoever wrote a message is to read the reply, where the chat can do that."""
    is_quiet = command is not None and table.is_alone(command.name)
    return reply.private or reply.aloud is not None or is_quiet or number_alone(message) is not None


def _was_added(change: ChatMemberUpdated) -> bool:
    in_group = change.chat.type in {ChatType.GROUP, ChatType.SUPERGROUP}
    return in_group and takes_part(change.new_chat_member) and not takes_part(change.old_chat_member)
