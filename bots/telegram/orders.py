"""Orders as messages: with their words, in answer to others, or asked for."""

from functools import partial

from telegram import ForceReply, Message
from telegram.ext import ExtBot

from bots.commands import buttons, orders, table
from bots.commands import parse as commands
from bots.commands.parse import Command
from bots.commands.text_files import TextFiles
from bots.telegram import parse
from bots.telegram.buttons import pressed, rows
from bots.telegram.delivery import TelegramDelivery
from bots.telegram.documents import text_file
from bots.telegram.identity import NAME, Address, caller, number_alone, topic
from bots.telegram.intake import Ack
from bots.telegram.questions import ANSWER_S, Questions
from bots.telegram.rate_limiter import Priority, Ticket
from bots.telegram.reply import Reply
from bots.telegram.spoken import clean_of
from bots.text import greetings, product_words, replies
from bots.text.locale import _
from core.domain.people import Caller
from core.domain.products import Catalog, Product
from core.domain.receipts import Accepted
from core.service.service import Service

MINUTES = int(ANSWER_S // 60)


class Orders:
    """Places the orders of members, and asks for the words of those that have none."""

    def __init__(
        self,
        bot: ExtBot[Priority | Ticket],
        service: Service,
        deliverer: TelegramDelivery,
        files: TextFiles,
        questions: Questions,
    ) -> None:
        self._bot = bot
        self._service = service
        self._deliverer = deliverer
        self._files = files
        self._products = service.catalog.by_command
        self._questions = questions

    def answered(self, message: Message) -> Command | None:
        """Return the order that a message completes, as an answer to a question for its words."""
        return self._questions.answer(message)

    def too_late(self, message: Message) -> Reply | None:
        """Say so if a message answers such a question too late."""
        return Reply(_(replies.QUESTION_OVER, n=MINUTES)) if self._questions.is_late(message) else None

    async def place(self, message: Message, command: Command, ack: Ack) -> Reply | None:
        """Place an order, or return the question for its words."""
        row, catalog = self._products[command.name], await self._service.voices.catalog_for(caller_of(message))
        quoted, clean = await self._quoted(message), clean_of(message)
        written = orders.Words(body=command.body, begins=command.begins, answered=quoted, clean=clean)
        words = await orders.with_file(written, text_file(message), self._files, row.name, catalog)
        event, where = event_of(message), Address.of(message).destination
        order = await orders.read_apart(words, row.name, catalog, caller_of(message), event_id=event, destination=where)
        if orders.is_empty(order, catalog):
            return await self._ask(message, command, row, catalog)
        self._deliverer.rights.require_audio(message.chat.id)
        await self._service.order(order, first_word=partial(self._first_word, ack))
        ack()
        return None

    async def repeat(self, message: Message, ack: Ack) -> None:
        """Order once more what was heard last."""
        self._deliverer.rights.require_audio(message.chat.id)
        event, where, first_word = event_of(message), Address.of(message).destination, partial(self._first_word, ack)
        await self._service.repeat(caller_of(message), event, where, first_word)
        ack()

    async def _first_word(self, ack: Ack, accepted: Accepted) -> bool:
        ack()
        return await self._deliverer.acknowledge(accepted)

    async def _ask(self, message: Message, command: Command, row: Product, catalog: Catalog) -> Reply:
        """Ask for the words of an order; in a closed community say that instead."""
        who, written = caller_of(message), parse.read(message, self._bot.username)
        is_form = written is not None and opens_form(written)
        if closed := greetings.closed(await self._service.communities.approval(who)):
            return Reply(f"{product_words.usage(row, catalog)}\n\n{closed}")
        if written is not None and parse.answers_bot(message, self._bot.id):
            return Reply(_(replies.UNTOLD))
        if not who.can_spend:
            return Reply(product_words.usage(row, catalog))
        with_tags = bool(row.tags and is_form)
        text = product_words.question(row, catalog, minutes=MINUTES, with_tags=with_tags)
        # No message has both: one that asks with buttons is replied to by hand.
        markup = rows(buttons.of_tags(row.written_tags, ())) if with_tags else ForceReply(selective=True)
        return Reply(text, markup=markup, on_sent=self._questions.ask(message, command).sent)

    async def _quoted(self, message: Message) -> str:
        """Return the text of the message replied to; if that is the bot's, the text of the order that it belongs to."""
        text, original = parse.answered_text(message), parse.answered(message)
        if parse.answers_bot(message, self._bot.id):
            job_id = buttons.job_in(pressed(original)) if original else ""
            spoken = await self._service.spoken(caller_of(message), job_id=job_id) if job_id else ""
            return text if message.quote and text in spoken else spoken
        command = commands.read_mine(text, self._bot.username)
        if command is None or command.name not in self._products:
            return text
        whole = original if message.quote is None else None
        ordered = await self._service.spoken(caller_of(message), event_id=event_of(whole)) if whole else ""
        return ordered or orders.text_in(command.body, self._products[command.name].name, self._service.catalog)

    def without_form(self, command: Command) -> Command:
        """Return the bare order that a command for a form stands for: its words are asked for."""
        if not opens_form(command):
            return command
        name = command.body.strip().casefold()
        return Command(name if name in self._products else next(iter(self._products)), command.bot, "")


def opens_form(command: Command) -> bool:
    """Say whether a command asks for an order's words in a form."""
    return any(row.opens_form for row in table.rows(command.name))


def event_of(message: Message) -> str:
    """Return a message's idempotency key; the messages of an album share one, and whispers' numbers are used again."""
    if (alone := number_alone(message)) is not None:
        return f"{NAME}:{message.chat.id}:alone:{alone}:{message.date.timestamp():.0f}"
    album = message.media_group_id
    return f"{NAME}:{message.chat.id}:{f'album:{album}' if album else message.message_id}"


def caller_of(message: Message, *, is_admin: bool = False) -> Caller:
    """Describe who wrote a message."""
    return caller(message.chat, message.from_user, message.sender_chat, is_admin=is_admin, thread=topic(message))
