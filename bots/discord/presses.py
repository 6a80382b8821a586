"""Handle button presses; custom ids come from clients, so they may be outdated or forged."""

import re
from collections.abc import Awaitable, Callable
from functools import partial

from bots.commands import actions as acts
from bots.commands import approval
from bots.discord import buttons
from bots.discord.identity import AnyInteraction, key
from bots.discord.responder import PUBLIC, UPDATE, Reply, Responder, Target, unattended
from bots.text import admin_replies, community_replies, order_replies, replies
from bots.text.locale import _
from core.domain.models import Caller, Destination
from core.domain.refusals import Missing, Need, NotFound, NotPermitted

_ID = re.compile(r"\w{1,64}", re.ASCII)
_NUMBER = re.compile(r"\d", re.ASCII)
_ASK = re.compile(r"(\d{1,15}):(\d{1,20})", re.ASCII)


async def press(responder: Responder, interaction: AnyInteraction, custom_id: str) -> None:
    """Dispatch a press by its custom id; an unknown one is answered with a refusal."""
    kind, __, about = custom_id.partition(":")
    await _PRESSES.get(kind, _unknown)(responder, interaction, about)


async def _again(responder: Responder, interaction: AnyInteraction, job_id: str) -> None:
    """Deliver a stored artifact again, into the message that holds the button."""

    async def act(caller: Caller, destination: Destination) -> tuple[Reply, ...]:
        await responder.service.redeliver(caller, _id(Missing.JOB, job_id), destination)
        return ()

    await responder.answer(interaction, act, UPDATE)


async def _cancel(responder: Responder, interaction: AnyInteraction, job_id: str) -> None:
    """Cancel a queued order; the worker edits the message."""

    async def act(caller: Caller, __: Destination) -> tuple[Reply, ...]:
        await responder.service.cancel(caller, _id(Missing.JOB, job_id))
        return ()

    await responder.answer(interaction, act, UPDATE)


async def _confirm(responder: Responder, interaction: AnyInteraction, about: str) -> None:
    """Place an order that its author was asked about privately; the audio goes into a new public message."""

    async def act(caller: Caller, destination: Destination) -> tuple[Reply, ...]:
        offer, __, reading = about.partition(":")
        chosen = int(_checked(_NUMBER, Missing.OFFER, reading)) if reading else None
        accepted = await responder.service.confirm(caller, _id(Missing.OFFER, offer), destination, chosen)
        return (Reply(order_replies.accepted(accepted)),) if accepted.duplicate else unattended(accepted)

    await responder.answer(interaction, act, PUBLIC)


async def _ask(responder: Responder, interaction: AnyInteraction, about: str) -> None:
    """Post a credit request for the admins; only the member who was refused may press the button."""

    async def act(caller: Caller, __: Destination) -> tuple[Reply, ...]:
        asked = _ASK.fullmatch(about)
        if asked is None:
            raise NotFound(Missing.REQUEST, about)
        if key(int(asked[2])) != caller.member:
            raise NotPermitted(Need.OWNER)
        request = await responder.service.ask(caller, int(asked[1]))
        to_admins = Reply(
            admin_replies.credit_requested(request),
            view=buttons.of_credit_request(request),
            target=Target.CHANNEL,
            undo=partial(responder.service.withdraw, caller, request),
        )
        return to_admins, Reply(_(replies.ASKED), target=Target.MESSAGE)

    await responder.answer(interaction, act, UPDATE)


async def _approve(responder: Responder, interaction: AnyInteraction, credit_request_id: str) -> None:
    await _decide(responder, interaction, credit_request_id, approve=True)


async def _decline(responder: Responder, interaction: AnyInteraction, credit_request_id: str) -> None:
    await _decide(responder, interaction, credit_request_id, approve=False)


async def _decide(responder: Responder, interaction: AnyInteraction, credit_request_id: str, *, approve: bool) -> None:
    """Decide on a credit request; the outcome replaces it in its message."""

    async def act(caller: Caller, __: Destination) -> tuple[Reply, ...]:
        answer = await acts.decide(responder.service, caller, _id(Missing.REQUEST, credit_request_id), approve=approve)
        return (Reply(answer.text, target=Target.MESSAGE),)

    await responder.answer(interaction, act, UPDATE)


async def _admit(responder: Responder, interaction: AnyInteraction, community: str) -> None:
    await _decide_community(responder, interaction, community, approve=True)


async def _leave(responder: Responder, interaction: AnyInteraction, community: str) -> None:
    await _decide_community(responder, interaction, community, approve=False)


async def _decide_community(
    responder: Responder, interaction: AnyInteraction, community: str, *, approve: bool
) -> None:
    """Approve or decline a community; the message then shows the decision, even if another owner had made it."""

    async def act(caller: Caller, __: Destination) -> tuple[Reply, ...]:
        verdict = await approval.press(responder.service, caller, community, approve=approve)
        view = buttons.rows(verdict.letter.buttons) if verdict.letter.buttons else None
        changed = Reply(verdict.letter.text, view=view, target=Target.MESSAGE)
        return (changed, Reply(verdict.said)) if verdict.late else (changed,)

    await responder.answer(interaction, act, UPDATE)


async def _unknown(responder: Responder, interaction: AnyInteraction, about: str) -> None:
    async def act(__: Caller, ___: Destination) -> tuple[Reply, ...]:
        raise NotFound(Missing.REQUEST, about)

    await responder.answer(interaction, act, UPDATE)


def _id(what: Missing, given: str) -> str:
    return _checked(_ID, what, given)


def _checked(form: re.Pattern[str], what: Missing, given: str) -> str:
    """Return the data if it has the form that our buttons use. Raises NotFound."""
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
