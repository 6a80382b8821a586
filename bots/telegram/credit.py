"""Presses about credit that members ask for, and the orders that wait for it."""

from dataclasses import replace
from functools import partial

from telegram import Message, User
from telegram.error import TelegramError

from bots.commands import buttons, credit
from bots.telegram.buttons import rows
from bots.telegram.escaping import plain
from bots.telegram.identity import MOST_CALLED, NAME, Address, Admins, caller, calling, topic
from bots.telegram.press import Press
from bots.telegram.reply import Reply
from bots.telegram.responder import Responder
from bots.text import credit_replies
from core.domain.kept_orders import KeptOrder
from core.domain.receipts import Accepted
from core.engine.first_words import FirstWord
from core.service.service import Service


class Credit:
    """Handles these presses."""

    def __init__(self, service: Service, responder: Responder, admins: Admins, acknowledge: FirstWord) -> None:
        """`acknowledge`: says the first word on an order that goes by itself."""
        self._service = service
        self._responder = responder
        self._admins = admins
        self._acknowledge = acknowledge

    async def ask(self, press: Press, about: str, *, goes: bool) -> Reply:
        """Post a credit request for the admins; only the member who was refused may press the button."""
        request, told = await credit.ask(self._service, press.who(), about, goes=goes)
        called = await self._admins.people(press.on.chat) if request.calls else []
        text, entities = calling(plain(credit_replies.requested(request)), called[:MOST_CALLED])
        reply = Reply(text, markup=rows(buttons.of_credit_request(request)), entities=entities)
        try:
            await self._responder.send(Address.of_status(press.on), reply, press.ack)
        except TelegramError:
            await self._service.credit.withdraw(press.who(), request)
            raise
        if isinstance(press.on, Message) and press.on.text:
            await self._responder.edit(press.on, press.on.text, press.ack)
        return Reply(told, refused=request.kept)

    async def decide(self, press: Press, credit_request_id: str, *, approve: bool) -> Reply:
        """Decide on a credit request; the outcome replaces it in its message, and the member hears of it."""
        who = press.who(is_admin=await self._admins.include(press.on.chat, press.user))
        done = await credit.decide(
            self._service, who, credit_request_id, partial(self._order_kept, press), approve=approve
        )
        await self._responder.edit(press.on, done.said.text, press.ack)
        member = User(int(done.request.member.removeprefix(f"{NAME}:")), done.request.name, is_bot=False)
        text, entities = calling(plain(done.told.text), [member])
        told = replace(Reply.of(done.told), text=text, entities=entities)
        await self._responder.reply(Address.of_status(press.on), told, who, press.ack)
        return Reply.of(done.said)

    async def _order_kept(self, press: Press, kept: KeptOrder) -> Accepted | None:
        """Place an order for its member, who chose that it goes by itself, if they are in the chat still."""
        ordered, chat = kept.order.caller, press.on.chat
        user = await self._admins.member(chat, int(ordered.member.removeprefix(f"{NAME}:")))
        if user is None:
            return None
        thread = topic(press.on) if isinstance(press.on, Message) else None
        who, to = replace(caller(chat, user, None, thread=thread), locale=ordered.locale), Address.of_status(press.on)
        there = replace(to, status=None).destination
        return await self._service.order_kept(who, kept.order_id, kept.cost_micros, there, self._acknowledge)
