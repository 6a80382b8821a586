"""Reports of audio: posted where it was heard, for the server's admins."""

import logging
from collections.abc import Sequence
from contextlib import suppress

import discord

from bots.commands import buttons, reporting
from bots.commands.command import Answer, Asked, Pressed
from bots.discord.buttons import holds, rows
from bots.discord.errors import NETWORK, delivery_errors, describe
from bots.discord.escaping import CONTENT_LIMIT, plain
from bots.discord.identity import AnyInteraction, message_link
from bots.discord.messages import deciders
from bots.platform import ButtonKind
from core.domain.models import Kept
from core.domain.refusals import Missing, NotFound
from core.domain.reported import Message

log = logging.getLogger(__name__)


async def ask(asked: Asked, interaction: AnyInteraction, about: str) -> Pressed:
    """Ask whether to report audio, naming its messages on the button of the answer. Raises Refusal."""
    job_id, audio = buttons.audio_in(about)
    card = _held(interaction, ButtonKind.REPORT, about)
    numbers = (job_id, card.id, *([audio] if audio else []))
    return await reporting.question(asked, job_id, ":".join(map(str, numbers)))


async def tell(asked: Asked, interaction: AnyInteraction, about: str) -> Pressed:
    """Report it: the answer takes the place of the question. Raises Refusal."""
    what, why = buttons.why_in(about)
    job_id, numbers = buttons.shown_in(what)
    _held(interaction, ButtonKind.TELL, about)
    board = Board(interaction)
    shown = [(board.channel_id, number) for number in numbers]
    return Pressed(card=Answer(await reporting.tell(asked.service, asked.caller, job_id, shown, board, why=why)))


def _held(interaction: AnyInteraction, kind: ButtonKind, about: str) -> discord.Message:
    """Return the message that holds the button; a client may name other messages of the bot's. Raises NotFound."""
    if interaction.message is None or not holds(interaction.message, f"{kind}:{about}"):
        raise NotFound(Missing.JOB, about)
    return interaction.message


class Board:
    """Implements `bots.commands.reporting.Board`."""

    longest = CONTENT_LIMIT // 2
    """What is escaped gets longer."""

    def __init__(self, interaction: AnyInteraction) -> None:
        self._interaction = interaction
        self.channel_id = interaction.channel_id or 0

    def holding(self, kept: Kept) -> Sequence[Message]:
        return [] if kept.get("direct") else [(int(kept["channel"]), int(kept["message"]))]

    def link(self, message: Message) -> str:
        return message_link(self._interaction.guild_id, *message)

    async def post(self, notice: Answer, *, calls: bool) -> tuple[Message, bool]:
        called = deciders(self._interaction.guild) if calls else None
        text = plain(notice.text) + (f"\n{called.words}" if called else "")
        view, mentions = rows(notice.buttons) or discord.utils.MISSING, called or discord.utils.MISSING
        with delivery_errors():
            sent = await self._interaction.followup.send(text, view=view, allowed_mentions=mentions, wait=True)
        return (self.channel_id, sent.id), called is not None or not calls

    async def show(self, where: Message, notice: Answer) -> bool:
        channel_id, number = where
        shown = self._interaction.client.get_partial_messageable(channel_id).get_partial_message(number)
        try:
            await shown.edit(content=plain(notice.text), view=rows(notice.buttons))
        except discord.NotFound:
            return False
        except (discord.HTTPException, *NETWORK) as error:
            log.warning("what admins see in %d of a report stays as it is: %s", channel_id, describe(error))
        return True

    async def delete(self, messages: Sequence[Message]) -> bool:
        return all([await self._is_gone(message) for message in messages])

    async def _is_gone(self, message: Message) -> bool:
        try:
            with suppress(discord.NotFound):
                await self._interaction.client.http.delete_message(*message)
        except (discord.HTTPException, *NETWORK) as error:
            log.warning("message %d in %d, which was reported, stays: %s", message[1], message[0], describe(error))
            return False
        return True
