"""Every interaction is answered here: acknowledged before any work, and told what came of it, refusals in one place."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import discord

from bots import replies
from bots.discord.address import Address, AnyInteraction, caller_of
from bots.discord.courier import ALREADY_ACKNOWLEDGED, NETWORK, describe
from bots.discord.text import plain
from core.errors import Refusal
from core.models import Caller, Destination, Order
from core.service import Service

log = logging.getLogger(__name__)

Act = Callable[[Caller, Destination], Awaitable[str | None]]
"""Does the work and returns what to say; None where the worker will speak."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How an interaction is acknowledged, and what that means for words that are for its author alone."""

    private: bool = False
    """The deferred reply itself is theirs alone."""
    clears: bool = False
    """The deferred reply is for all: it goes away first, else Discord would show such words in its place."""


PRIVATE = Manner(private=True)
ORDER = Manner(clears=True)
PRESS = Manner()
"""A button: the message that holds it is the reply."""


class Desk:
    """Takes interactions to the service."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self._busy: set[asyncio.Task[None]] = set()

    async def order(self, interaction: AnyInteraction, product: str, **parameters: object) -> None:
        """Place an order; the worker speaks from there on."""
        given = {name: value for name, value in parameters.items() if value is not None}

        async def act(caller: Caller, destination: Destination) -> None:
            await self.service.order(
                Order(
                    event_id=f"discord:{interaction.id}",
                    caller=caller,
                    product=product,
                    parameters=given,
                    destination=destination,
                )
            )

        await self.answer(interaction, act, ORDER)

    async def send_again(self, interaction: AnyInteraction, job_id: str) -> None:
        """Deliver a kept artifact into the message whose button was pressed."""

        async def act(caller: Caller, destination: Destination) -> None:
            await self.service.redeliver(caller, job_id, destination)

        await self.answer(interaction, act, PRESS)

    async def answer(self, interaction: AnyInteraction, act: Act, manner: Manner = PRIVATE) -> None:
        """Acknowledge, act, and tell; whatever goes wrong is said or logged."""
        task = asyncio.ensure_future(self._answer(interaction, act, manner))
        self._busy.add(task)
        task.add_done_callback(self._busy.discard)
        await task

    async def at_rest(self, deadline_s: float) -> None:
        """Wait until every interaction so far is answered, at most so long."""
        if self._busy:
            await asyncio.wait(self._busy, timeout=deadline_s)

    async def _answer(self, interaction: AnyInteraction, act: Act, manner: Manner) -> None:
        try:
            message_id = await _acknowledge(interaction, manner)
            text = await _outcome(interaction, act, message_id)
            if text is not None:
                await _say(interaction, text, manner)
        except (discord.HTTPException, *NETWORK) as error:
            log.warning("interaction %d could not be answered: %s", interaction.id, describe(error))


async def _outcome(interaction: AnyInteraction, act: Act, message_id: int | None) -> str | None:
    try:
        return await act(caller_of(interaction), Address.of(interaction, message_id).destination())
    except Refusal as refusal:
        return replies.refusal(refusal)
    except Exception:
        log.exception("interaction %d failed", interaction.id)
        return replies.FAULT


async def _acknowledge(interaction: AnyInteraction, manner: Manner) -> int | None:
    """Defer within Discord's three seconds; return the reply's message id where Discord tells it.

    An acknowledgement that got lost on its way back is sent once more; Discord then says that it had arrived.
    """
    try:
        return await _defer(interaction, manner)
    except NETWORK as error:
        log.info("interaction %d: acknowledging once more: %s", interaction.id, describe(error))
        return await _defer(interaction, manner)


async def _defer(interaction: AnyInteraction, manner: Manner) -> int | None:
    pressed = interaction.message
    try:
        done = await interaction.response.defer(ephemeral=manner.private, thinking=pressed is None)
    except discord.HTTPException as error:
        if error.code != ALREADY_ACKNOWLEDGED:
            raise
        done = None
    if pressed is not None:
        return pressed.id
    return done.message_id if done is not None else None


async def _say(interaction: AnyInteraction, text: str, manner: Manner) -> None:
    """Say something that only the author sees."""
    if manner.private:
        await interaction.edit_original_response(content=plain(text))
        return
    if manner.clears:
        try:
            await interaction.delete_original_response()
        except discord.NotFound:
            log.info("interaction %d: the reply was gone already", interaction.id)
    await interaction.followup.send(plain(text), ephemeral=True)
