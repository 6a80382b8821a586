"""Handle button presses; custom ids come from clients, so they may be outdated or forged."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial

import discord

from bots.commands import approval, buttons, credit, presses, reporting
from bots.commands.command import Asked, Pressed
from bots.discord.buttons import holds, rows
from bots.discord.errors import describe
from bots.discord.identity import Address, AnyInteraction, asked_of, member_of, user_id
from bots.discord.messages import Only, deciders
from bots.discord.reporting import Board, ask, tell
from bots.discord.responder import PRIVATE, PUBLIC, UPDATE, Deferral, Reply, Responder, Target, unattended
from bots.platform import ButtonKind
from bots.text import credit_replies, order_replies, progress_replies, replies
from bots.text.locale import _
from core.domain.kept_orders import KeptOrder
from core.domain.orders import Destination
from core.domain.people import Caller
from core.domain.receipts import Accepted
from core.domain.refusals import Missing, NotFound

log = logging.getLogger(__name__)


async def press(responder: Responder, interaction: AnyInteraction, custom_id: str) -> None:
    """Dispatch a press by its custom id; an unknown one is answered with a refusal."""
    kind, __, about = custom_id.partition(":")
    if answers := presses.PRESSES.get(kind):
        await _answered(responder, interaction, lambda asked: answers(asked, about))
        return
    if act := reporting.ACTS.get(kind):
        await _answered(responder, interaction, lambda asked: act(asked, about, Board(interaction)))
        return
    await _PRESSES.get(kind, _unknown)(responder, interaction, about)


async def _answered(
    responder: Responder, interaction: AnyInteraction, answers: Callable[[Asked], Awaitable[Pressed]]
) -> None:
    """Show what a press leads to on any platform."""

    async def act(caller: Caller, __: Destination) -> tuple[Reply, ...]:
        pressed = await answers(asked_of(responder.service, caller, interaction))
        shown = ((pressed.card, Target.MESSAGE), (pressed.said, Target.AUTHOR), (pressed.choice, Target.AUTHOR))
        return tuple(Reply(answer.text, answer.files, rows(answer.buttons), to) for answer, to in shown if answer)

    await responder.answer(interaction, act, UPDATE)


async def _again(responder: Responder, interaction: AnyInteraction, job_id: str) -> None:
    """Deliver a stored artifact again, into the message that holds the button."""
    await _redeliver(responder, interaction, job_id, UPDATE, undelivered=True)


async def _resend(responder: Responder, interaction: AnyInteraction, job_id: str) -> None:
    """Deliver a stored artifact again, into a private reply of its own."""
    await _redeliver(responder, interaction, job_id, PRIVATE)


async def _redeliver(
    responder: Responder, interaction: AnyInteraction, job_id: str, deferral: Deferral, *, undelivered: bool = False
) -> None:
    async def act(caller: Caller, destination: Destination) -> tuple[Reply, ...]:
        job = buttons.id_in(job_id, Missing.JOB)
        await responder.service.redeliver(caller, job, destination, undelivered=undelivered)
        return ()

    await responder.answer(interaction, act, deferral)


async def _cancel(responder: Responder, interaction: AnyInteraction, job_id: str) -> None:
    """Cancel a queued order; the worker edits the message."""

    async def act(caller: Caller, __: Destination) -> tuple[Reply, ...]:
        await responder.service.cancel(caller, buttons.id_in(job_id, Missing.JOB))
        return ()

    await responder.answer(interaction, act, UPDATE)


async def _choose(responder: Responder, interaction: AnyInteraction, job_id: str, *, take: bool) -> None:
    """Take what there is of an order, or nothing; the worker edits the message."""

    async def act(caller: Caller, __: Destination) -> tuple[Reply, ...]:
        await responder.service.choose(caller, buttons.id_in(job_id, Missing.JOB), take=take)
        return ()

    await responder.answer(interaction, act, UPDATE)


async def _order(
    responder: Responder, interaction: AnyInteraction, place: Callable[[Caller, Destination], Awaitable[Accepted]]
) -> None:
    """Place an order; the audio goes into a new public message."""

    async def act(caller: Caller, destination: Destination) -> tuple[Reply, ...]:
        accepted = await place(caller, destination)
        return (Reply(progress_replies.accepted(accepted)),) if accepted.duplicate else unattended(accepted)

    await responder.answer(interaction, act, PUBLIC)


async def _confirm(responder: Responder, interaction: AnyInteraction, about: str) -> None:
    """Place an order that its author was asked about privately."""

    async def place(caller: Caller, destination: Destination) -> Accepted:
        offer, chosen = buttons.reading_in(about)
        return await responder.service.confirm(caller, offer, destination, chosen)

    await _order(responder, interaction, place)


async def _anew(responder: Responder, interaction: AnyInteraction, about: str) -> None:
    """Place the same order once more, for whoever presses."""

    async def place(caller: Caller, destination: Destination) -> Accepted:
        job_id, voice = buttons.anew_in(about, responder.service.catalog.cast)
        return await responder.service.anew(caller, job_id, destination, voice=voice)

    await _order(responder, interaction, place)


async def _file(responder: Responder, interaction: AnyInteraction, job_id: str) -> None:
    """Send what was said as a file, in a new public message."""

    async def act(caller: Caller, destination: Destination) -> tuple[Reply, ...]:
        to = Address(**destination.data).for_file().destination()
        accepted = await responder.service.as_file(caller, buttons.id_in(job_id, Missing.JOB), to)
        return (Reply(_(order_replies.SENDING_AGAIN)),) if accepted.duplicate else ()

    await responder.answer(interaction, act, PUBLIC)


async def _delete(responder: Responder, interaction: AnyInteraction, about: str) -> None:
    """Delete audio and its card."""

    async def act(caller: Caller, __: Destination) -> tuple[Reply, ...]:
        job_id, audio = buttons.audio_in(about)
        if audio and not holds(interaction.message, f"{ButtonKind.DELETE}:{about}"):  # another message of the bot's
            raise NotFound(Missing.JOB, job_id)
        await responder.service.deletable(caller, job_id)
        return (Reply(_(await _deleted(interaction, int(audio) if audio else None))),)

    await responder.answer(interaction, act, UPDATE)


async def _deleted(interaction: AnyInteraction, audio: int | None) -> str:
    """Delete the message that holds the button, and the one with its audio; return what came of it."""
    found = False
    try:
        if audio and interaction.channel_id:
            with suppress(discord.NotFound):
                await interaction.client.http.delete_message(interaction.channel_id, audio)
                found = True
        with suppress(discord.NotFound):
            await interaction.delete_original_response()
            found = True
    except discord.Forbidden:
        return replies.NOT_DELETED
    return replies.DELETED if found else replies.GONE


async def _report(responder: Responder, interaction: AnyInteraction, about: str) -> None:
    await _answered(responder, interaction, lambda asked: ask(asked, interaction, about))


async def _tell(responder: Responder, interaction: AnyInteraction, about: str) -> None:
    await _answered(responder, interaction, lambda asked: tell(asked, interaction, about))


async def _request(responder: Responder, interaction: AnyInteraction, about: str, *, goes: bool) -> None:
    """Post a credit request for the admins; only the member who was refused may press the button."""

    async def act(caller: Caller, __: Destination) -> tuple[Reply, ...]:
        request, told = await credit.ask(responder.service, caller, about, goes=goes)
        to_admins = Reply(
            credit_replies.requested(request),
            view=rows(buttons.of_credit_request(request)),
            target=Target.CHANNEL,
            calls=deciders(interaction.guild) if request.calls else None,
            undo=partial(responder.service.credit.withdraw, caller, request),
        )
        return to_admins, Reply(told, target=Target.MESSAGE)

    await responder.answer(interaction, act, UPDATE)


async def _decide(responder: Responder, interaction: AnyInteraction, credit_request_id: str, *, approve: bool) -> None:
    """Decide on a credit request; the outcome replaces it in its message, and the member hears of it."""

    async def place(kept: KeptOrder) -> Accepted | None:
        who, there = await _still_here(interaction, kept), Address.beside(interaction).destination()
        return await responder.service.order_kept(who, kept.order_id, kept.cost_micros, there) if who else None

    async def act(caller: Caller, __: Destination) -> tuple[Reply, ...]:
        done = await credit.decide(responder.service, caller, credit_request_id, place, approve=approve)
        member, view = Only([user_id(done.request.member)]), rows(done.told.buttons)
        return (
            Reply(done.said.text, target=Target.MESSAGE),
            Reply(done.told.text, view=view, target=Target.CHANNEL, calls=member),
        )

    await responder.answer(interaction, act, UPDATE)


async def _still_here(interaction: AnyInteraction, kept: KeptOrder) -> Caller | None:
    """Describe the member of an order that goes by itself; None where Discord does not say that they are one."""
    ordered = kept.order.caller
    if interaction.guild is None:
        return None
    try:
        member = await interaction.guild.fetch_member(user_id(ordered.member))
    except discord.HTTPException as error:
        log.info("order %s: its member is not found: %s", kept.order_id, describe(error))
        return None
    return member_of(interaction, member, ordered.locale)


async def _kept(responder: Responder, interaction: AnyInteraction, about: str) -> None:
    """Place an order that was refused before."""

    async def place(caller: Caller, destination: Destination) -> Accepted:
        order_id, cost_micros = buttons.kept_in(about)
        return await responder.service.order_kept(caller, order_id, cost_micros, destination)

    await _order(responder, interaction, place)


async def _decide_community(
    responder: Responder, interaction: AnyInteraction, community: str, *, approve: bool
) -> None:
    """Approve or decline a community; the message then shows the decision, even if another owner had made it."""

    async def act(caller: Caller, __: Destination) -> tuple[Reply, ...]:
        verdict = await approval.press(responder.service, caller, community, approve=approve)
        changed = Reply(verdict.letter.text, view=rows(verdict.letter.buttons), target=Target.MESSAGE)
        return (changed, Reply(verdict.said)) if verdict.late else (changed,)

    await responder.answer(interaction, act, UPDATE)


async def _unknown(responder: Responder, interaction: AnyInteraction, about: str) -> None:
    async def act(__: Caller, ___: Destination) -> tuple[Reply, ...]:
        raise NotFound(Missing.REQUEST, about)

    await responder.answer(interaction, act, UPDATE)


_PRESSES: Mapping[str, Callable[[Responder, AnyInteraction, str], Awaitable[None]]] = {
    ButtonKind.AGAIN: _again,
    ButtonKind.RESEND: _resend,
    ButtonKind.CANCEL: _cancel,
    ButtonKind.ANEW: _anew,
    ButtonKind.FILE: _file,
    ButtonKind.DELETE: _delete,
    ButtonKind.REPORT: _report,
    ButtonKind.TELL: _tell,
    ButtonKind.TAKE: partial(_choose, take=True),
    ButtonKind.NOTHING: partial(_choose, take=False),
    ButtonKind.ASK: partial(_request, goes=False),
    ButtonKind.ASK_AND_ORDER: partial(_request, goes=True),
    ButtonKind.KEPT: _kept,
    ButtonKind.APPROVE: partial(_decide, approve=True),
    ButtonKind.DECLINE: partial(_decide, approve=False),
    ButtonKind.CONFIRM: _confirm,
    ButtonKind.ADMIT: partial(_decide_community, approve=True),
    ButtonKind.LEAVE: partial(_decide_community, approve=False),
}
