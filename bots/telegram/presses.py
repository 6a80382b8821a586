"""Handle button presses; callback data come from clients, so they may be outdated or forged."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial

from telegram import CallbackQuery, Update
from telegram.error import TelegramError

from bots.commands import approval, buttons, presses, reporting
from bots.commands import command as commands
from bots.commands.command import Answer, Asked, Pressed
from bots.commands.forms import MOST_TAGS
from bots.platform import ButtonKind
from bots.telegram.buttons import rows, toggled
from bots.telegram.credit import Credit
from bots.telegram.delivery import TelegramDelivery
from bots.telegram.escaping import plain, whole_lines
from bots.telegram.identity import Address, Admins, link, number_alone
from bots.telegram.intake import Ack
from bots.telegram.press import Press
from bots.telegram.questions import Questions
from bots.telegram.reply import NOTHING, Reply, outcome, refused
from bots.telegram.reporting import Board, reported
from bots.telegram.responder import ALERT_LIMIT, Responder
from bots.text import admin_replies, form_words, order_replies, progress_replies, refusals, replies, voice_replies
from bots.text.locale import _, speaking
from core.domain.orders import Destination
from core.domain.receipts import Accepted
from core.domain.refusals import Missing, NeedsConfirmation, NotFound
from core.engine.behalf import on_behalf_of
from core.service.service import Service

log = logging.getLogger(__name__)

TAKE_LONG = frozenset({ButtonKind.LISTEN})
"""Presses that Telegram would not wait for: they are answered at once, and with a message when there is one."""


Act = Callable[[Press, str], Awaitable[Reply]]


class Presses:
    """Handles presses, with one method for each kind of button."""

    def __init__(
        self,
        service: Service,
        deliverer: TelegramDelivery,
        responder: Responder,
        admins: Admins,
        questions: Questions,
    ) -> None:
        self._service = service
        self._deliverer = deliverer
        self._responder = responder
        self._admins = admins
        self._questions = questions
        wishes = Credit(service, responder, admins, deliverer.acknowledge)
        self._acts: Mapping[str, Act] = {
            ButtonKind.AGAIN: self._again,
            ButtonKind.RESEND: self._resend,
            ButtonKind.CANCEL: self._cancel,
            ButtonKind.ANEW: self._anew,
            ButtonKind.FILE: self._file,
            ButtonKind.DELETE: self._delete,
            ButtonKind.REPORT: self._report,
            ButtonKind.TELL: self._tell,
            ButtonKind.TAKE: partial(self._choose, take=True),
            ButtonKind.NOTHING: partial(self._choose, take=False),
            ButtonKind.CONFIRM: self._confirm,
            ButtonKind.TAG: self._tag,
            ButtonKind.ASK: partial(wishes.ask, goes=False),
            ButtonKind.ASK_AND_ORDER: partial(wishes.ask, goes=True),
            ButtonKind.KEPT: self._kept,
            ButtonKind.APPROVE: partial(wishes.decide, approve=True),
            ButtonKind.DECLINE: partial(wishes.decide, approve=False),
            ButtonKind.ADMIT: partial(self._judge, approve=True),
            ButtonKind.LEAVE: partial(self._judge, approve=False),
        }

    async def on_press(self, update: Update, ack: Ack) -> None:
        """Handle a press and answer it; a refusal is shown as an alert that has to be closed."""
        query = update.callback_query
        message = query.message if query else None
        if query is None or message is None:  # buttons of inline messages are not ours
            return
        press = Press(message, query.from_user, ack, query.id)
        who = press.who()
        if number_alone(message) is not None:
            self._responder.whispers.note(message)
        takes_long = str(query.data).partition(":")[0] in TAKE_LONG
        with speaking(who.locale), on_behalf_of(who):
            if takes_long:
                ack()
                await _answer(query, Reply(_(voice_replies.ONE_MOMENT)))
            reply = await outcome(lambda: self._act(press, str(query.data)), who, is_private=True)
            if reply is not None and takes_long:
                here = Address.of_status(message)
                await self._responder.reply_alone(Address(query.from_user.id), here, reply, who, ack)
            elif reply is not None:
                await self._answer(query, press, reply)

    async def _answer(self, query: CallbackQuery, press: Press, reply: Reply) -> None:
        """Answer a press, and whisper what an alert has no room for, if the server does whisper."""
        to, is_cut = press.whisper, len(plain(reply.text)) > ALERT_LIMIT
        is_told = is_cut and to is not None and await self._responder.whisper(to, Reply(reply.text), press.ack)
        await _answer(query, NOTHING if is_told else reply)

    async def _act(self, press: Press, data: str) -> Reply:
        kind, __, about = data.partition(":")
        if answers := presses.PRESSES.get(kind):
            return await self._answered(press, answers, about)
        if judges := reporting.ACTS.get(kind):
            is_admin = await self._admins.include(press.on.chat, press.user)
            return await self._answered(
                press, lambda asked, about: judges(asked, about, self._board(press)), about, is_admin=is_admin
            )
        act = self._acts.get(kind)
        if act is None:
            raise NotFound(Missing.REQUEST, about)
        return await act(press, about)

    async def _answered(self, press: Press, answers: commands.Press, about: str, *, is_admin: bool = False) -> Reply:
        """Show what a press leads to on any platform."""
        who = press.who(is_admin=is_admin)
        asked = Asked(service=self._service, caller=who, is_public=not press.is_alone, link=link)
        pressed = await answers(asked, about)
        if card := pressed.card:
            await self._responder.edit(press.on, card.text, press.ack, rows(card.buttons))
        if pressed.choice:
            await self._responder.arrange(press.on, toggled(press.on, pressed.choice.buttons), press.ack)
            return Reply(pressed.choice.text)
        return replace(Reply.of(pressed.said), refused=pressed.said.private) if pressed.said else NOTHING

    async def _again(self, press: Press, job_id: str) -> Reply:
        """Send a stored artifact again, as a reply to the order that the status message belongs to."""
        return await self._redeliver(press, job_id, Address.of_status(press.on), undelivered=True)

    async def _resend(self, press: Press, job_id: str) -> Reply:
        """Send a stored artifact again, as a new message; a list that is whispered in a group is no place for it."""
        if number_alone(press.on) is None:
            return await self._redeliver(press, job_id, Address(press.on.chat.id))
        if not await self._responder.may_write_to(press.user.id):
            return Reply(admin_replies.name_start(self._responder.link), refused=True)
        return await self._redeliver(press, job_id, Address(press.user.id))

    async def _redeliver(self, press: Press, job_id: str, to: Address, *, undelivered: bool = False) -> Reply:
        job = buttons.id_in(job_id, Missing.JOB)
        await self._service.redeliver(press.who(), job, to.destination, undelivered=undelivered)
        return Reply(_(order_replies.SENDING_AGAIN))

    async def _cancel(self, press: Press, job_id: str) -> Reply:
        """Cancel what is queued of an order; the worker edits the status message."""
        job = await self._service.cancel(press.who(), buttons.id_in(job_id, Missing.JOB))
        return Reply(order_replies.cancelled(job))

    async def _choose(self, press: Press, job_id: str, *, take: bool) -> Reply:
        """Take what there is of an order, or nothing; the worker edits the message."""
        job = await self._service.choose(press.who(), buttons.id_in(job_id, Missing.JOB), take=take)
        return Reply(order_replies.chosen(job))

    async def _confirm(self, press: Press, about: str) -> Reply:
        """Place an order whose price or reading needed confirmation."""
        offer, chosen = buttons.reading_in(about)
        return await self._place(press, lambda to: self._service.confirm(press.who(), offer, to, chosen))

    async def _tag(self, press: Press, tag: str) -> Reply:
        """Choose a tag to begin the text with that its member was asked for, or take it away."""
        question = self._questions.pressed(press.on.message_id, press.on.chat.id, press.user.id)
        if question is None:
            return Reply(_(replies.NOT_ASKED), refused=True)
        tags = self._service.catalog.by_command[question.command.name].written_tags
        if tag not in tags:
            raise NotFound(Missing.REQUEST, tag)
        if not question.toggle(tag, MOST_TAGS):
            return Reply(_(form_words.MOST_TAGS, n=MOST_TAGS), refused=True)
        await self._responder.arrange(press.on, rows(buttons.of_tags(tags, question.tags)), press.ack)
        return Reply(form_words.begins(question.tags))

    async def _kept(self, press: Press, about: str) -> Reply:
        """Place an order that was refused before."""
        order_id, cost_micros = buttons.kept_in(about)
        return await self._place(press, lambda to: self._service.order_kept(press.who(), order_id, cost_micros, to))

    async def _place(self, press: Press, order: Callable[[Destination], Awaitable[Accepted]]) -> Reply:
        """Place an order; the message that holds the button becomes its status message."""
        try:
            accepted = await order(Address.of_status(press.on).destination)
        except NeedsConfirmation as error:
            text = refusals.refusal(error)
            shown = text if press.is_alone else refusals.in_public(error)
            markup = rows(buttons.of_refusal(error, press.who(), is_public=not press.is_alone))
            await self._responder.edit(press.on, shown, press.ack, markup)
            return Reply(text)
        press.ack()
        if number_alone(press.on) is not None:
            await self._responder.edit(press.on, progress_replies.accepted(accepted), press.ack)
        if not accepted.duplicate:
            await self._deliverer.acknowledge(accepted)
        return Reply(progress_replies.accepted(accepted))

    async def _anew(self, press: Press, about: str) -> Reply:
        """Place the same order once more, for whoever presses, as a reply to the message that holds the button."""
        to, who = press.beneath, press.who()
        job_id, voice = buttons.anew_in(about, self._service.catalog.cast)
        try:
            accepted = await self._service.anew(who, job_id, to.destination, self._deliverer.acknowledge, voice=voice)
        except NeedsConfirmation as error:
            asked = refused(error, who)
            await self._responder.reply(to, asked, who, press.ack, press.whisper)
            return Reply(asked.text)
        press.ack()
        return Reply(progress_replies.accepted(accepted))

    async def _file(self, press: Press, job_id: str) -> Reply:
        """Send what was said as a file, as a reply to the message that holds the button."""
        job = buttons.id_in(job_id, Missing.JOB)
        await self._service.as_file(press.who(), job, replace(press.beneath, file=True).destination)
        return Reply(_(order_replies.SENDING_AGAIN))

    async def _delete(self, press: Press, about: str) -> Reply:
        """Delete audio, which is the message that holds the button."""
        job_id, _audio = buttons.audio_in(about)
        who = press.who(is_admin=await self._admins.include(press.on.chat, press.user))
        await self._service.deletable(who, job_id)
        return Reply(_(await self._responder.delete(press.on, press.ack)), refused=True)

    async def _report(self, press: Press, about: str) -> Reply:
        """Ask whether to report audio, which is the message that holds the button."""
        job_id, _audio = buttons.audio_in(about)
        return await self._answered(press, lambda asked, __: reporting.question(asked, job_id, job_id), about)

    async def _tell(self, press: Press, job_id: str) -> Reply:
        """Report it; the question beneath it goes."""

        async def told(asked: Asked, about: str) -> Pressed:
            what, why = buttons.why_in(about)
            job_id = buttons.id_in(what, Missing.JOB)
            shown = reported(press.on, job_id)
            said = await reporting.tell(asked.service, asked.caller, job_id, shown, self._board(press), why=why)
            return Pressed(choice=Answer(said, buttons=reporting.sure(job_id)))

        return await self._answered(press, told, job_id)

    def _board(self, press: Press) -> Board:
        return Board(self._responder, self._admins, press.on.chat, press.beneath, press.ack)

    async def _judge(self, press: Press, community: str, *, approve: bool) -> Reply:
        """Approve or decline a community; the message then shows the decision, even if another owner had made it."""
        verdict = await approval.press(self._service, press.who(), community, approve=approve)
        await self._responder.edit(press.on, verdict.letter.text, press.ack, rows(verdict.letter.buttons))
        return Reply(verdict.said, refused=verdict.late)


async def _answer(query: CallbackQuery, reply: Reply) -> None:
    try:
        text = plain(whole_lines(reply.text, ALERT_LIMIT), ALERT_LIMIT) or None
        await query.answer(text, show_alert=reply.refused)
    except TelegramError as error:
        log.info("a pressed button was not answered: %s", error)
