"""Every interaction is answered here: acknowledged before any work, and told what came of it, refusals in one place."""

import asyncio
import io
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial

import discord

from bots.commands import approval, orders
from bots.commands.command import Answer, Asked, Command, File
from bots.commands.typed import usage
from bots.discord import buttons
from bots.discord.errors import ALREADY_ACKNOWLEDGED, NETWORK, describe
from bots.discord.escaping import plain, spoken, stamp
from bots.discord.identity import Address, AnyInteraction, asked_of, caller_of, meant
from bots.text import order_replies, refusals
from bots.text.locale import _, speaking
from bots.text.wording import stamping
from core.domain.models import Accepted, Caller, Destination
from core.domain.refusals import Refusal
from core.service import Service

log = logging.getLogger(__name__)

MOST_SEEN = 10_000
MOST_BUSY = 2_000
"""Interactions that are being answered. Discord itself tells whoever comes on top that there was no answer."""


class Place(Enum):
    """Where words go."""

    AUTHOR = auto()
    """To the interaction's author alone."""
    MESSAGE = auto()
    """Into the message that holds the button, which loses its buttons."""
    EVERYBODY = auto()
    """Into a new message of the channel."""


@dataclass(frozen=True, slots=True)
class Said:
    """One thing to say."""

    text: str
    files: tuple[File, ...] = ()
    view: discord.ui.View | None = None
    place: Place = Place.AUTHOR
    undo: Callable[[], Awaitable[None]] | None = None
    """Takes back what is asked here, if nobody can read it."""


Act = Callable[[Caller, Destination], Awaitable[Sequence[Said]]]
"""Does the work and returns what to say; nothing where the worker will speak."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How an interaction is acknowledged, and what that means for words that are for its author alone."""

    private: bool = False
    """The deferred reply itself is theirs alone."""
    clears: bool = False
    """The deferred reply is for all: it goes away first, else Discord would show such words in its place."""
    upon: bool = False
    """A button: the message that holds it is the reply, and no other is deferred."""


PRIVATE = Manner(private=True)
ORDER = Manner(clears=True)
PRESS = Manner(upon=True)
ANEW = ORDER
"""A button of a message that its author alone sees, for something that is for all."""


class Responder:
    """Takes interactions to the service."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self._busy: set[asyncio.Task[None]] = set()
        self._is_shut = False
        self._seen: dict[int, None] = {}
        """Ids of the newest interactions."""

    async def order(self, interaction: AnyInteraction, product: str, body: str, **chosen: object) -> None:
        """Place an order; the worker speaks from there on."""
        given = {name: value for name, value in chosen.items() if value is not None}
        words, event = orders.Words(body=spoken(body), chosen=given), f"discord:{interaction.id}"

        async def act(caller: Caller, destination: Destination) -> tuple[Said, ...]:
            catalog = self.service.catalog
            order = orders.read(words, product, catalog, caller, event_id=event, destination=destination)
            return unattended(await self.service.order(order))

        await self.answer(interaction, act, ORDER)

    async def use(self, interaction: AnyInteraction, command: Command, entered: Mapping[str, object]) -> None:
        """Do what a command of the table says."""

        async def read() -> Mapping[str, object]:
            return {name: meant(value) for name, value in entered.items() if value is not None}

        async def use(asked: Asked) -> Answer:
            return await command.use(asked, read) or Answer(usage([command]))

        async def act(caller: Caller) -> Answer:
            asked = asked_of(self.service, caller, interaction)
            return await approval.heard(asked, command.who, partial(use, asked))

        await self.tell(interaction, act)

    async def tell(self, interaction: AnyInteraction, act: Callable[[Caller], Awaitable[Answer]]) -> None:
        """Act and tell the author alone, once: an event that comes twice grants no credit twice."""
        if interaction.id in self._seen:
            log.info("interaction %d came again", interaction.id)
            return
        self._seen[interaction.id] = None
        if len(self._seen) > MOST_SEEN:
            del self._seen[next(iter(self._seen))]

        async def told(caller: Caller, __: Destination) -> tuple[Said, ...]:
            answer = await act(caller)
            return (Said(answer.text, answer.files),)

        await self.answer(interaction, told, PRIVATE)

    async def answer(self, interaction: AnyInteraction, act: Act, manner: Manner) -> None:
        """Acknowledge, act, and tell; whatever goes wrong is said or logged."""
        if self._is_shut or len(self._busy) >= MOST_BUSY:
            log.warning("interaction %d: not answered, %d others are under way", interaction.id, len(self._busy))
            return
        task = asyncio.ensure_future(self._answer(interaction, act, manner))
        self._busy.add(task)
        task.add_done_callback(self._busy.discard)
        await task

    async def shut(self, deadline_s: float) -> None:
        """Wait until every interaction so far is answered, at most so long; give up the others and those to come."""
        if self._busy:
            _, late = await asyncio.wait(self._busy, timeout=deadline_s)
            for task in late:
                task.cancel()
            if late:
                log.warning("%d interactions were still being answered", len(late))
                await asyncio.wait(late)
        self._is_shut = True

    async def _answer(self, interaction: AnyInteraction, act: Act, manner: Manner) -> None:
        try:
            message_id = await _acknowledge(interaction, manner)
            caller = caller_of(interaction)
            with speaking(caller.locale), stamping(stamp):
                for said in await _outcome(interaction, caller, act, message_id):
                    await _say(interaction, said, manner)
        except (discord.HTTPException, *NETWORK) as error:
            log.warning("interaction %d could not be answered: %s", interaction.id, describe(error))


async def _say(interaction: AnyInteraction, said: Said, manner: Manner) -> None:
    try:
        await _SAY[said.place](interaction, said, manner)
    except BaseException:
        if said.undo:
            await said.undo()
        raise


async def _outcome(interaction: AnyInteraction, caller: Caller, act: Act, message_id: int | None) -> Sequence[Said]:
    try:
        return await act(caller, Address.of(interaction, message_id).destination())
    except Refusal as refusal:
        return (Said(refusals.refusal(refusal), view=buttons.of_refusal(refusal, caller)),)
    except Exception:
        log.exception("interaction %d failed", interaction.id)
        return (Said(_(refusals.FAULT)),)


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
    upon = interaction.message if manner.upon else None
    try:
        done = await interaction.response.defer(ephemeral=manner.private, thinking=upon is None)
    except discord.HTTPException as error:
        if error.code != ALREADY_ACKNOWLEDGED:
            raise
        done = None
    if upon is not None:
        return upon.id
    return done.message_id if done is not None else None


def unattended(accepted: Accepted) -> tuple[Said, ...]:
    """Say in the reply that an order waits for a worker, which would speak from there on."""
    return (Said(order_replies.accepted(accepted), place=Place.MESSAGE),) if accepted.unattended else ()


async def _say_alone(interaction: AnyInteraction, said: Said, manner: Manner) -> None:
    if manner.private:
        await _edit(interaction, said, manner)
        return
    if manner.clears:
        try:
            await interaction.delete_original_response()
        except discord.NotFound:
            log.info("interaction %d: the reply was gone already", interaction.id)
    await _follow_up(interaction, said, private=True)


async def _say_to_all(interaction: AnyInteraction, said: Said, __: Manner) -> None:
    await _follow_up(interaction, said, private=False)


async def _edit(interaction: AnyInteraction, said: Said, __: Manner) -> None:
    await interaction.edit_original_response(content=plain(said.text), attachments=_files(said), view=said.view)


async def _follow_up(interaction: AnyInteraction, said: Said, *, private: bool) -> None:
    view = said.view or discord.utils.MISSING
    await interaction.followup.send(plain(said.text), files=_files(said), view=view, ephemeral=private)


def _files(said: Said) -> list[discord.File]:
    return [discord.File(io.BytesIO(file.content), file.name) for file in said.files]


_SAY = {Place.AUTHOR: _say_alone, Place.MESSAGE: _edit, Place.EVERYBODY: _say_to_all}
