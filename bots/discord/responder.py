"""Answer every interaction: acknowledge it before any work, then send the outcome; refusals are caught here."""

import asyncio
import io
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import partial

import discord

from bots.commands import approval, buttons
from bots.commands.command import Answer, Asked, Command, File
from bots.commands.forms import Entered
from bots.commands.text_files import TextFiles
from bots.commands.typed import usage
from bots.discord.buttons import rows
from bots.discord.errors import ALREADY_ACKNOWLEDGED, NETWORK, describe
from bots.discord.escaping import plain, stamp
from bots.discord.forbidding import forbidden
from bots.discord.identity import Address, AnyInteraction, asked_of, caller_of, converted
from bots.discord.messages import Only
from bots.text import progress_replies, refusals
from bots.text.locale import _, speaking
from bots.text.wording import stamping
from core.domain.orders import Destination
from core.domain.people import Caller
from core.domain.receipts import Accepted
from core.domain.refusals import Refusal
from core.engine.behalf import on_behalf_of
from core.service.service import Service

log = logging.getLogger(__name__)

LONGEST_CALLING = 1800
"""Characters beside which those who are called have room."""
MOST_SEEN = 10_000
MOST_BUSY = 2_000
"""Limit on interactions in progress. Beyond it none is acknowledged, and Discord shows its own error message."""


class Target(Enum):
    """Where a reply goes."""

    AUTHOR = auto()
    """An ephemeral message to the interaction's author."""
    MESSAGE = auto()
    """The deferred reply, or the message that holds the button, which is edited."""
    CHANNEL = auto()
    """A new public message."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One message to send or edit."""

    text: str
    files: tuple[File, ...] = ()
    view: discord.ui.View | None = None
    target: Target = Target.AUTHOR
    calls: Only | None = None
    """Who is called below the text."""
    undo: Callable[[], Awaitable[None]] | None = None
    """Undoes the action if the reply can't be sent."""


Action = Callable[[Caller, Destination], Awaitable[Sequence[Reply]]]
"""Does the work and returns the replies; none if the worker will edit the deferred reply."""


@dataclass(frozen=True, slots=True)
class Deferral:
    """How an interaction is acknowledged, and so how its author can be answered privately."""

    is_private: bool = False
    """The deferred reply is ephemeral."""
    deletes_reply: bool = False
    """The deferred reply is public: delete it before a private reply, which Discord would show in its place."""
    is_update: bool = False
    """The interaction is a press: the message that holds the button is the reply, and no new one is deferred."""


PRIVATE = Deferral(is_private=True)
PUBLIC = Deferral(deletes_reply=True)
UPDATE = Deferral(is_update=True)


class Responder:
    """Passes interactions to the service and sends back the outcome."""

    def __init__(self, service: Service, files: TextFiles) -> None:
        self.service = service
        self.files = files
        self.forms: dict[tuple[int, str], Entered] = {}
        """What was entered and not ordered, by user and product."""
        self._busy: set[asyncio.Task[None]] = set()
        self._is_shut = False
        self._seen: dict[int, None] = {}
        """Ids of the newest interactions."""

    async def show(self, interaction: AnyInteraction, modal: discord.ui.Modal) -> None:
        """Open a modal, which has to be the first response and so comes before any work."""
        if self._is_shut:
            return
        try:
            try:
                await interaction.response.send_modal(modal)
            except NETWORK as error:
                log.info("interaction %d: opening its form once more: %s", interaction.id, describe(error))
                await interaction.response.send_modal(modal)
        except (discord.HTTPException, *NETWORK) as error:
            log.warning("interaction %d could not be answered: %s", interaction.id, describe(error))

    async def use(self, interaction: AnyInteraction, command: Command, entered: Mapping[str, object]) -> None:
        """Run a command of the table."""

        async def read() -> Mapping[str, object]:
            return {name: converted(value) for name, value in entered.items() if value is not None}

        async def use(asked: Asked) -> Answer:
            return await command.use(asked, read) or Answer(usage([command]))

        async def act(caller: Caller) -> Answer:
            look = partial(forbidden, interaction, self.service.catalog)
            asked = replace(asked_of(self.service, caller, interaction), forbidden=look)
            return await approval.act_with_notice(asked, command.who, partial(use, asked))

        await self.answer_once(interaction, act)

    async def answer_once(self, interaction: AnyInteraction, act: Callable[[Caller], Awaitable[Answer]]) -> None:
        """Act and answer privately, but only once per interaction: Discord may send an event twice."""
        if interaction.id in self._seen:
            log.info("interaction %d came again", interaction.id)
            return
        self._seen[interaction.id] = None
        if len(self._seen) > MOST_SEEN:
            del self._seen[next(iter(self._seen))]

        async def replied(caller: Caller, __: Destination) -> tuple[Reply, ...]:
            answer = await act(caller)
            return (Reply(answer.text, answer.files, rows(answer.buttons)),)

        await self.answer(interaction, replied, PRIVATE)

    async def answer(self, interaction: AnyInteraction, act: Action, deferral: Deferral) -> None:
        """Acknowledge, act and reply; errors are reported to the author or logged."""
        if self._is_shut or len(self._busy) >= MOST_BUSY:
            log.warning("interaction %d: not answered, %d others are under way", interaction.id, len(self._busy))
            return
        task = asyncio.ensure_future(self._answer(interaction, act, deferral))
        self._busy.add(task)
        task.add_done_callback(self._busy.discard)
        await task

    async def drain(self, deadline_s: float) -> None:
        """Wait for interactions in progress; after the deadline cancel what is left, and take no more."""
        if self._busy:
            _, late = await asyncio.wait(self._busy, timeout=deadline_s)
            for task in late:
                task.cancel()
            if late:
                log.warning("%d interactions were still being answered", len(late))
                await asyncio.wait(late)
        self._is_shut = True

    async def _answer(self, interaction: AnyInteraction, act: Action, deferral: Deferral) -> None:
        try:
            message_id = await _acknowledge(interaction, deferral)
            caller = caller_of(interaction)
            with speaking(caller.locale), stamping(stamp), on_behalf_of(caller):
                for reply in await _outcome(interaction, caller, act, message_id, deferral):
                    await _send(interaction, reply, deferral)
        except (discord.HTTPException, *NETWORK) as error:
            log.warning("interaction %d could not be answered: %s", interaction.id, describe(error))


async def _send(interaction: AnyInteraction, reply: Reply, deferral: Deferral) -> None:
    try:
        await _SENDERS[reply.target](interaction, reply, deferral)
    except BaseException:
        if reply.undo:
            await reply.undo()
        raise


async def _outcome(
    interaction: AnyInteraction, caller: Caller, act: Action, message_id: int | None, deferral: Deferral
) -> Sequence[Reply]:
    try:
        return await act(caller, Address.of(interaction, message_id, is_private=deferral.is_private).destination())
    except Refusal as refusal:
        return (Reply(refusals.refusal(refusal), view=rows(buttons.of_refusal(refusal, caller))),)
    except Exception:
        log.exception("interaction %d failed", interaction.id)
        return (Reply(_(refusals.FAULT)),)


async def _acknowledge(interaction: AnyInteraction, deferral: Deferral) -> int | None:
    """Defer within Discord's three seconds; return the reply's message id if Discord returns it.

    After a network error the acknowledgement is sent once more; Discord says so if the first had arrived.
    """
    try:
        return await _defer(interaction, deferral)
    except NETWORK as error:
        log.info("interaction %d: acknowledging once more: %s", interaction.id, describe(error))
        return await _defer(interaction, deferral)


async def _defer(interaction: AnyInteraction, deferral: Deferral) -> int | None:
    pressed = interaction.message if deferral.is_update else None
    try:
        done = await interaction.response.defer(ephemeral=deferral.is_private, thinking=pressed is None)
    except discord.HTTPException as error:
        if error.code != ALREADY_ACKNOWLEDGED:
            raise
        done = None
    if pressed is not None:
        return pressed.id
    return done.message_id if done is not None else None


def unattended(accepted: Accepted) -> tuple[Reply, ...]:
    """Say that the order is queued if no worker is running that would edit the reply."""
    return (Reply(progress_replies.accepted(accepted), target=Target.MESSAGE),) if accepted.unattended else ()


async def _send_privately(interaction: AnyInteraction, reply: Reply, deferral: Deferral) -> None:
    if deferral.is_private:
        await _edit(interaction, reply, deferral)
        return
    if deferral.deletes_reply:
        try:
            await interaction.delete_original_response()
        except discord.NotFound:
            log.info("interaction %d: the reply was gone already", interaction.id)
    await _follow_up(interaction, reply, private=True)


async def _send_publicly(interaction: AnyInteraction, reply: Reply, __: Deferral) -> None:
    await _follow_up(interaction, reply, private=False)


async def _edit(interaction: AnyInteraction, reply: Reply, __: Deferral) -> None:
    await interaction.edit_original_response(content=plain(reply.text), attachments=_files(reply), view=reply.view)


async def _follow_up(interaction: AnyInteraction, reply: Reply, *, private: bool) -> None:
    view = reply.view or discord.utils.MISSING
    text = plain(reply.text) if reply.calls is None else f"{plain(reply.text, LONGEST_CALLING)}\n{reply.calls.words}"
    mentions = reply.calls or discord.utils.MISSING
    await interaction.followup.send(text, files=_files(reply), view=view, ephemeral=private, allowed_mentions=mentions)


def _files(reply: Reply) -> list[discord.File]:
    return [discord.File(io.BytesIO(file.content), file.name) for file in reply.files]


_SENDERS = {Target.AUTHOR: _send_privately, Target.MESSAGE: _edit, Target.CHANNEL: _send_publicly}
