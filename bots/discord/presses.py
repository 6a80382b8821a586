"""What a press of a button does; custom ids come from outside, and may be old or made up."""

import re
from collections.abc import Awaitable, Callable
from functools import partial

from bots.commands import actions as acts
from bots.commands import approval
from bots.discord import buttons
from bots.discord.identity import AnyInteraction, key
from bots.discord.responder import ANEW, PRESS, Place, Responder, Said, unattended
from bots.text import admin_replies, community_replies, order_replies, replies
from bots.text.locale import _
from core.domain.models import Caller, Destination
from core.domain.refusals import Missing, Need, NotFound, NotPermitted

_ID = re.compile(r"\w{1,64}", re.ASCII)
_NUMBER = re.compile(r"\d", re.ASCII)
_ASK = re.compile(r"(\d{1,15}):(\d{1,20})", re.ASCII)


async def press(responder: Responder, interaction: AnyInteraction, custom_id: str) -> None:
    """Do what the button is for; the press of one that nobody knows is answered, too."""
    kind, __, about = custom_id.partition(":")
    await _PRESSES.get(kind, _unknown)(responder, interaction, about)


async def _again(responder: Responder, interaction: AnyInteraction, job_id: str) -> None:
    """Deliver a kept artifact into the message whose button was pressed."""

    async def act(caller: Caller, destination: Destination) -> tuple[Said, ...]:
        await responder.service.redeliver(caller, _id(Missing.JOB, job_id), destination)
        return ()

    await responder.answer(interaction, act, PRESS)


async def _cancel(responder: Responder, interaction: AnyInteraction, job_id: str) -> None:
    """Take back an order that waits; the worker tells its author."""

    async def act(caller: Caller, __: Destination) -> tuple[Said, ...]:
        await responder.service.cancel(caller, _id(Missing.JOB, job_id))
        return ()

    await responder.answer(interaction, act, PRESS)


async def _confirm(responder: Responder, interaction: AnyInteraction, about: str) -> None:
    """Place an order about which its author alone was asked: the audio is for all, in a new message."""

    async def act(caller: Caller, destination: Destination) -> tuple[Said, ...]:
        offer, __, reading = about.partition(":")
        chosen = int(_checked(_NUMBER, Missing.OFFER, reading)) if reading else None
        accepted = await responder.service.confirm(caller, _id(Missing.OFFER, offer), destination, chosen)
        return (Said(order_replies.accepted(accepted)),) if accepted.duplicate else unattended(accepted)

    await responder.answer(interaction, act, ANEW)


async def _ask(responder: Responder, interaction: AnyInteraction, about: str) -> None:
    """Ask the admins where they see it; only whoever was refused may."""

    async def act(caller: Caller, __: Destination) -> tuple[Said, ...]:
        asked = _ASK.fullmatch(about)
        if asked is None:
            raise NotFound(Missing.REQUEST, about)
        if key(int(asked[2])) != caller.member:
            raise NotPermitted(Need.OWNER)
        request = await responder.service.ask(caller, int(asked[1]))
        credit_requested = Said(
            admin_replies.credit_requested(request),
            view=buttons.of_credit_request(request),
            place=Place.EVERYBODY,
            undo=partial(responder.service.withdraw, caller, request),
        )
        return credit_requested, Said(_(replies.ASKED), place=Place.MESSAGE)

    await responder.answer(interaction, act, PRESS)


async def _approve(responder: Responder, interaction: AnyInteraction, credit_request_id: str) -> None:
    await _decide(responder, interaction, credit_request_id, approve=True)


async def _decline(responder: Responder, interaction: AnyInteraction, credit_request_id: str) -> None:
    await _decide(responder, interaction, credit_request_id, approve=False)


async def _decide(responder: Responder, interaction: AnyInteraction, credit_request_id: str, *, approve: bool) -> None:
    """Let an admin decide; the outcome takes the place of the question."""

    async def act(caller: Caller, __: Destination) -> tuple[Said, ...]:
        answer = await acts.decide(responder.service, caller, _id(Missing.REQUEST, credit_request_id), approve=approve)
        return (Said(answer.text, place=Place.MESSAGE),)

    await responder.answer(interaction, act, PRESS)


async def _admit(responder: Responder, interaction: AnyInteraction, community: str) -> None:
    await _judge(responder, interaction, community, approve=True)


async def _leave(responder: Responder, interaction: AnyInteraction, community: str) -> None:
    await _judge(responder, interaction, community, approve=False)


async def _judge(responder: Responder, interaction: AnyInteraction, community: str, *, approve: bool) -> None:
    """Let an owner decide about a community; what was decided, by whomever, is shown in the question."""

    async def act(caller: Caller, __: Destination) -> tuple[Said, ...]:
        verdict = await approval.press(responder.service, caller, community, approve=approve)
        view = buttons.rows(verdict.letter.buttons) if verdict.letter.buttons else None
        changed = Said(verdict.letter.text, view=view, place=Place.MESSAGE)
        return (changed, Said(verdict.said)) if verdict.late else (changed,)

    await responder.answer(interaction, act, PRESS)


async def _unknown(responder: Responder, interaction: AnyInteraction, about: str) -> None:
    async def act(__: Caller, ___: Destination) -> tuple[Said, ...]:
        raise NotFound(Missing.REQUEST, about)

    await responder.answer(interaction, act, PRESS)


def _id(what: Missing, given: str) -> str:
    return _checked(_ID, what, given)


def _checked(form: re.Pattern[str], what: Missing, given: str) -> str:
    """Return what has the form that our own buttons have. Raises NotFound."""
    if not form.fullmatch(given):
        raise NotFound(what, given)
    return given


_PRESSES: dict[str, Callable[[Responder, AnyInteraction, str], Awaitable[None]]] = {
    buttons.AGAIN: _again,
    buttons.CANCEL: _cancel,
    buttons.ASK: _ask,
    buttons.APPROVE: _approve,
    buttons.DECLINE: _decline,
    buttons.CONFIRM: _confirm,
    community_replies.ADMIT: _admit,
    community_replies.LEAVE: _leave,
}
