"""Edit an interaction's reply while its token is valid, and post a message in its place afterwards."""

import logging
from collections.abc import Callable, Sequence

import discord

from bots.discord.errors import NETWORK, REPLY_GONE, delivery_errors, describe, may_have_arrived
from bots.discord.identity import Address, Place, user_id
from bots.discord.messages import Source, message_of
from bots.discord.rest import RestClient
from core.domain.errors import DeliveryRefused, DeliveryUncertain
from core.domain.jsontype import JSON
from core.domain.models import Job

log = logging.getLogger(__name__)

NONCE_S = 120
"""Discord deduplicates by nonce within "the past few minutes" (https://docs.discord.com/developers/resources/message)."""


class Posting:
    """Writes where a job's words and audio go, so that no repeat is seen twice."""

    def __init__(self, rest: RestClient, now_s: Callable[[], float]) -> None:
        """`now_s` returns Unix time in seconds."""
        self._rest = rest
        self._now_s = now_s
        self.shown: dict[str, tuple[str, str]] = {}
        """Job id -> the worker that held it and the text its reply shows, to skip edits that change nothing."""

    def token_lives(self, address: Address) -> bool:
        """Say whether the reply can still be edited."""
        return address.place is Place.REPLY and self._now_s() < address.token_until_s

    async def edit_or_post(
        self,
        job: Job,
        text: str,
        posted: str,
        *,
        files: Sequence[Source] = (),
        view: discord.ui.View | None = None,
        uncertain: bool = False,
        mentions: bool = False,
    ) -> JSON:
        """Edit the reply to say `text`, or post `posted` in the channel if it can't be edited; return the message.

        `mentions`: what is posted calls the member.
        """
        address = Address.read(job)
        self.shown.pop(job.job_id, None)
        if files and uncertain and self._now_s() < job.reached_ms / 1000:
            raise DeliveryUncertain("the clock was put back: whether it was an edit or a post can't be told")
        with delivery_errors(max((a.size_bytes for a in files), default=0)):
            if self.token_lives(address) and (edited := await self._edit(address, job, text, files, view)):
                return edited
            uncertain = uncertain or may_have_arrived()
            if files and await self._has_arrived(address, job, uncertain=uncertain):
                return {"channel_id": address.channel_id, "id": address.message_id}
            if files and uncertain and not self.nonce_counts(job):
                raise DeliveryUncertain("it may have been posted, too long ago for Discord to see a repeat")
            return await self._post(address, job, posted, files, view, mentions=mentions)

    def nonce_counts(self, job: Job) -> bool:
        """Say whether the nonce still deduplicates anything posted since the delivery began."""
        return self._now_s() - job.reached_ms / 1000 < NONCE_S

    async def replace_privately(self, job: Job, text: str, view: discord.ui.View | None) -> bool:
        """Replace the public reply with a private message; return False if that is not possible any more."""
        address = Address.read(job)
        if not self.token_lives(address):
            return False
        try:
            with delivery_errors(), message_of(text, (), view, job, private=True) as message:
                await self._rest.delete_reply(address.application_id, address.token)
                await self._rest.follow_up(address.application_id, address.token, message)
        except DeliveryRefused as error:
            log.info("job %s: the author can't be told alone: %s", job, error)
            return False
        self.shown.pop(job.job_id, None)
        return True

    async def _edit(
        self, address: Address, job: Job, text: str, files: Sequence[Source], view: discord.ui.View | None
    ) -> JSON | None:
        """Edit the reply and return it; None if it is gone or its token has expired."""
        try:
            with message_of(text, files, view, job) as message:
                return await self._rest.edit_reply(address.application_id, address.token, message)
        except discord.HTTPException as error:
            if error.code not in REPLY_GONE:
                raise
            log.info("job %s: the reply can't be edited any more: %s", job, describe(error))
            return None

    async def _post(
        self,
        address: Address,
        job: Job,
        text: str,
        files: Sequence[Source],
        view: discord.ui.View | None,
        *,
        mentions: bool,
    ) -> JSON:
        """Post a message in place of the reply; for a few minutes its nonce prevents duplicates."""
        is_alone = address.place is Place.ALONE
        channel_id = await self._rest.direct_channel(user_id(job.member)) if is_alone else address.channel_id
        if channel_id is None:
            raise DeliveryRefused("Discord did not tell the channel")
        number = job.delivery.number if job.delivery else 0
        nonce = f"{job.job_id}-{'audio' if files else 'told'}{number}"[-25:]  # whose beginning says little: the year
        with message_of(text, files, view, job, nonce, mentions=mentions) as message:
            sent = await self._rest.send(channel_id, message)
        if not is_alone:
            await self._delete_reply(address, job)
        return sent

    async def _has_arrived(self, address: Address, job: Job, *, uncertain: bool) -> bool:
        """Say whether an earlier edit of unknown outcome arrived. Raises DeliveryUncertain if that can't be known."""
        if address.place is Place.ALONE:  # the reply has refused it
            return False
        if address.channel_id is None or address.message_id is None:
            if uncertain:  # the answer to the acknowledgement was lost, and the reply's id with it
                raise DeliveryUncertain("the reply may hold the audio already")
            return False
        try:
            return bool(await self._rest.attachments(address.channel_id, address.message_id))
        except (discord.HTTPException, *NETWORK) as error:
            if uncertain and not isinstance(error, discord.NotFound):
                raise
            log.info("job %s: the old reply can't be read: %s", job, describe(error))
            return False

    async def _delete_reply(self, address: Address, job: Job) -> None:
        """Delete the old reply, which still says that the audio is on its way."""
        if address.channel_id is None or address.message_id is None:
            return
        try:
            await self._rest.delete(address.channel_id, address.message_id)
        except (discord.HTTPException, *NETWORK) as error:
            log.info("job %s: the old reply stays: %s", job, describe(error))
