"""What a press of a button does; callback data come from outside, and may be old or made up."""

import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from telegram import CallbackQuery, MaybeInaccessibleMessage, Message, Update, User
from telegram.error import TelegramError

from bots.commands import actions as acts
from bots.commands import approval
from bots.telegram import buttons
from bots.telegram.delivery import Place, TelegramDelivery, plain, topic
from bots.telegram.identity import Admins, caller
from bots.telegram.intake import kept
from bots.telegram.responder import Responder, Said, outcome
from bots.text import admin_replies, community_replies, refusals, replies
from bots.text.locale import _, speaking
from core.domain.errors import NeedsConfirmation, NotFound, NotPermitted
from core.domain.models import Caller
from core.domain.refusals import Missing, Need
from core.service import Service

log = logging.getLogger(__name__)

ALERT_LIMIT = 200
_ID = re.compile(r"\w{1,56}", re.ASCII)
_NUMBER = re.compile(r"\d", re.ASCII)
_WISH = re.compile(r"(\d{1,15}):(\d{1,20})", re.ASCII)
Act = Callable[[MaybeInaccessibleMessage, User, str], Awaitable[Said]]


class Presses:
    """One method for each kind of button."""

    def __init__(self, service: Service, deliverer: TelegramDelivery, responder: Responder, admins: Admins) -> None:
        self._service = service
        self._deliverer = deliverer
        self._responder = responder
        self._admins = admins
        self._acts: Mapping[str, Act] = {
            buttons.AGAIN: self._again,
            buttons.CANCEL: self._cancel,
            buttons.CONFIRM: self._confirm,
            buttons.ASK: self._ask,
            buttons.APPROVE: self._approve,
            buttons.DECLINE: self._decline,
            community_replies.ADMIT: self._admit,
            community_replies.LEAVE: self._leave,
        }

    async def on_press(self, update: Update, __: Any) -> None:
        """Do what the button is for, and tell whoever pressed it; a refusal has to be closed by them."""
        query = update.callback_query
        message = query.message if query else None
        if query is None or message is None:  # buttons of inline messages are not ours
            return
        who = _who(message, query.from_user)
        with speaking(who.locale):
            said = await outcome(lambda: self._act(query, message), who)
        if said is None:
            return
        try:
            await query.answer(plain(said.text, ALERT_LIMIT), show_alert=said.refused)
        except TelegramError as error:
            log.info("a pressed button was not answered: %s", error)

    async def _act(self, query: CallbackQuery, message: MaybeInaccessibleMessage) -> Said:
        kind, __, about = str(query.data).partition(":")
        act = self._acts.get(kind)
        if act is None:
            raise NotFound(Missing.REQUEST, about)
        return await act(message, query.from_user, about)

    async def _again(self, status: MaybeInaccessibleMessage, user: User, job_id: str) -> Said:
        """Send a kept artifact again; the button hangs on the status message, which answers the order."""
        await self._service.redeliver(_who(status, user), _id(Missing.JOB, job_id), Place.of_status(status).destination)
        return Said(_(replies.SENDING_AGAIN))

    async def _cancel(self, status: MaybeInaccessibleMessage, user: User, job_id: str) -> Said:
        """Take back an order that waits; the worker changes the status message."""
        await self._service.cancel(_who(status, user), _id(Missing.JOB, job_id))
        return Said(_(replies.CANCELLED))

    async def _confirm(self, price: MaybeInaccessibleMessage, user: User, about: str) -> Said:
        """Place an order whose price was shown, or whose reading was asked for: the question becomes the status."""
        destination = Place.of_status(price).destination
        offer, __, reading = about.partition(":")
        chosen = int(_checked(_NUMBER, Missing.OFFER, reading)) if reading else None
        try:
            accepted = await self._service.confirm(_who(price, user), _id(Missing.OFFER, offer), destination, chosen)
        except NeedsConfirmation as error:
            await self._responder.change(price, refusals.refusal(error), buttons.of_refusal(error, _who(price, user)))
            return Said(refusals.refusal(error))
        kept()
        if not accepted.duplicate:
            await self._deliverer.acknowledge(accepted)
        return Said(replies.accepted(accepted))

    async def _ask(self, refusal: MaybeInaccessibleMessage, user: User, about: str) -> Said:
        """Ask the admins where they see it; only whoever was refused may."""
        wanted = _WISH.fullmatch(about)
        if wanted is None:
            raise NotFound(Missing.REQUEST, about)
        if int(wanted[2]) != user.id:
            raise NotPermitted(Need.OWNER)
        wish = await self._service.ask(_who(refusal, user), int(wanted[1]))
        said = Said(admin_replies.wished(wish), markup=buttons.of_wish(wish))
        try:
            await self._responder.post(Place.of_status(refusal), said)
        except TelegramError:
            await self._service.withdraw(_who(refusal, user), wish)
            raise
        if isinstance(refusal, Message) and refusal.text:
            await self._responder.change(refusal, refusal.text)
        return Said(_(replies.ASKED))

    async def _approve(self, question: MaybeInaccessibleMessage, user: User, request_id: str) -> Said:
        return await self._decide(question, user, request_id, approve=True)

    async def _decline(self, question: MaybeInaccessibleMessage, user: User, request_id: str) -> Said:
        return await self._decide(question, user, request_id, approve=False)

    async def _decide(self, question: MaybeInaccessibleMessage, user: User, request_id: str, *, approve: bool) -> Said:
        """Let an admin decide; the outcome takes the place of the question."""
        who = _who(question, user, is_admin=await self._admins.include(question.chat, user))
        answer = await acts.decide(self._service, who, _id(Missing.REQUEST, request_id), approve=approve)
        await self._responder.change(question, answer.text)
        return Said.of(answer)

    async def _admit(self, question: MaybeInaccessibleMessage, user: User, community: str) -> Said:
        return await self._judge(question, user, community, approve=True)

    async def _leave(self, question: MaybeInaccessibleMessage, user: User, community: str) -> Said:
        return await self._judge(question, user, community, approve=False)

    async def _judge(self, question: MaybeInaccessibleMessage, user: User, community: str, *, approve: bool) -> Said:
        """Let an owner decide about a community; what was decided, by whomever, is shown in the question."""
        verdict = await approval.press(self._service, _who(question, user), community, approve=approve)
        await self._responder.change(question, verdict.letter.text, buttons.rows(verdict.letter.buttons))
        return Said(verdict.said, refused=verdict.late)


def _who(message: MaybeInaccessibleMessage, user: User, *, is_admin: bool = False) -> Caller:
    """Describe who pressed: always a person, also where they write in the group's name."""
    thread = topic(message) if isinstance(message, Message) else None
    return caller(message.chat, user, None, is_admin=is_admin, thread=thread)


def _id(what: Missing, given: str) -> str:
    return _checked(_ID, what, given)


def _checked(form: re.Pattern[str], what: Missing, given: str) -> str:
    """Return what has the form that our own buttons have. Raises NotFound."""
    if not form.fullmatch(given):
        raise NotFound(what, given)
    return given
