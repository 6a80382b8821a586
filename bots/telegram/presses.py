"""What a press of a button does; callback data come from outside, and may be old or made up."""

import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from telegram import MaybeInaccessibleMessage, Message, Update, User
from telegram.error import TelegramError

from bots.commands import actions as acts
from bots.commands import approval
from bots.telegram import buttons
from bots.telegram.delivery import TelegramDelivery
from bots.telegram.escaping import plain
from bots.telegram.identity import Admins, Place, caller, topic
from bots.telegram.intake import Keep
from bots.telegram.responder import Responder, Said, outcome
from bots.text import admin_replies, community_replies, order_replies, refusals, replies
from bots.text.locale import _, speaking
from core.domain.models import Caller
from core.domain.refusals import Missing, Need, NeedsConfirmation, NotFound, NotPermitted
from core.service import Service

log = logging.getLogger(__name__)

ALERT_LIMIT = 200
_ID = re.compile(r"\w{1,56}", re.ASCII)
_NUMBER = re.compile(r"\d", re.ASCII)
_WISH = re.compile(r"(\d{1,15}):(\d{1,20})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Press:
    """Who pressed a button, under which message, and how to say that Telegram may forget it."""

    on: MaybeInaccessibleMessage
    user: User
    keep: Keep

    def who(self, *, is_admin: bool = False) -> Caller:
        """Describe who pressed: always a person, also where they write in the group's name."""
        thread = topic(self.on) if isinstance(self.on, Message) else None
        return caller(self.on.chat, self.user, None, is_admin=is_admin, thread=thread)


Act = Callable[[Press, str], Awaitable[Said]]


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

    async def on_press(self, update: Update, keep: Keep) -> None:
        """Do what the button is for, and tell whoever pressed it; a refusal has to be closed by them."""
        query = update.callback_query
        message = query.message if query else None
        if query is None or message is None:  # buttons of inline messages are not ours
            return
        press = Press(message, query.from_user, keep)
        who = press.who()
        with speaking(who.locale):
            said = await outcome(lambda: self._act(press, str(query.data)), who)
        if said is None:
            return
        try:
            await query.answer(plain(said.text, ALERT_LIMIT), show_alert=said.refused)
        except TelegramError as error:
            log.info("a pressed button was not answered: %s", error)

    async def _act(self, press: Press, data: str) -> Said:
        kind, __, about = data.partition(":")
        act = self._acts.get(kind)
        if act is None:
            raise NotFound(Missing.REQUEST, about)
        return await act(press, about)

    async def _again(self, press: Press, job_id: str) -> Said:
        """Send a kept artifact again; the button hangs on the status message, which answers the order."""
        await self._service.redeliver(press.who(), _id(Missing.JOB, job_id), Place.of_status(press.on).destination)
        return Said(_(order_replies.SENDING_AGAIN))

    async def _cancel(self, press: Press, job_id: str) -> Said:
        """Take back an order that waits; the worker changes the status message."""
        await self._service.cancel(press.who(), _id(Missing.JOB, job_id))
        return Said(_(order_replies.CANCELLED))

    async def _confirm(self, press: Press, about: str) -> Said:
        """Place an order whose price was shown, or whose reading was asked for: the question becomes the status."""
        destination = Place.of_status(press.on).destination
        offer, __, reading = about.partition(":")
        chosen = int(_checked(_NUMBER, Missing.OFFER, reading)) if reading else None
        try:
            accepted = await self._service.confirm(press.who(), _id(Missing.OFFER, offer), destination, chosen)
        except NeedsConfirmation as error:
            await self._responder.change(
                press.on, refusals.refusal(error), press.keep, buttons.of_refusal(error, press.who())
            )
            return Said(refusals.refusal(error))
        press.keep()
        if not accepted.duplicate:
            await self._deliverer.acknowledge(accepted)
        return Said(order_replies.accepted(accepted))

    async def _ask(self, press: Press, about: str) -> Said:
        """Ask the admins where they see it; only whoever was refused may."""
        wanted = _WISH.fullmatch(about)
        if wanted is None:
            raise NotFound(Missing.REQUEST, about)
        if int(wanted[2]) != press.user.id:
            raise NotPermitted(Need.OWNER)
        request = await self._service.ask(press.who(), int(wanted[1]))
        said = Said(admin_replies.credit_requested(request), markup=buttons.of_credit_request(request))
        try:
            await self._responder.post(Place.of_status(press.on), said, press.keep)
        except TelegramError:
            await self._service.withdraw(press.who(), request)
            raise
        if isinstance(press.on, Message) and press.on.text:
            await self._responder.change(press.on, press.on.text, press.keep)
        return Said(_(replies.ASKED))

    async def _approve(self, press: Press, credit_request_id: str) -> Said:
        return await self._decide(press, credit_request_id, approve=True)

    async def _decline(self, press: Press, credit_request_id: str) -> Said:
        return await self._decide(press, credit_request_id, approve=False)

    async def _decide(self, press: Press, credit_request_id: str, *, approve: bool) -> Said:
        """Let an admin decide; the outcome takes the place of the question."""
        who = press.who(is_admin=await self._admins.include(press.on.chat, press.user))
        answer = await acts.decide(self._service, who, _id(Missing.REQUEST, credit_request_id), approve=approve)
        await self._responder.change(press.on, answer.text, press.keep)
        return Said.of(answer)

    async def _admit(self, press: Press, community: str) -> Said:
        return await self._judge(press, community, approve=True)

    async def _leave(self, press: Press, community: str) -> Said:
        return await self._judge(press, community, approve=False)

    async def _judge(self, press: Press, community: str, *, approve: bool) -> Said:
        """Let an owner decide about a community; what was decided, by whomever, is shown in the question."""
        verdict = await approval.press(self._service, press.who(), community, approve=approve)
        await self._responder.change(press.on, verdict.letter.text, press.keep, buttons.rows(verdict.letter.buttons))
        return Said(verdict.said, refused=verdict.late)


def _id(what: Missing, given: str) -> str:
    return _checked(_ID, what, given)


def _checked(form: re.Pattern[str], what: Missing, given: str) -> str:
    """Return what has the form that our own buttons have. Raises NotFound."""
    if not form.fullmatch(given):
        raise NotFound(what, given)
    return given
