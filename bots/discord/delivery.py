"""Audio and honest endings into the chat: by editing the reply while its token lives, then as a message."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import discord
from discord.http import MultipartParameters, handle_message_parameters

from bots.discord import buttons as rows
from bots.discord.errors import NETWORK, SPENT, describe, failures, may_have_arrived
from bots.discord.escaping import CONTENT_LIMIT, plain, size
from bots.discord.identity import PLATFORM, Address
from bots.discord.rest import Calls, RestClient
from bots.platform import Button
from bots.text import order_replies, titles
from core.domain.audio import Want
from core.domain.errors import DeliveryError, DeliveryRefused, DeliveryUncertain
from core.domain.models import Artifact, Destination, Job, Receipt

log = logging.getLogger(__name__)

UPLOAD_BYTES = 10 * 1024 * 1024
"""What every chat takes at least, since 2024."""
PLAYABLE = frozenset({"mp3/mp3"})
"""What every client of Discord plays in place: on iPhones Ogg often stays silent, and WAV is ten times as large."""
MOST_SHOWN = 20_000
RECEIPT_S = 5
"""How long a receipt may take, which is only a courtesy: the audio is there already."""


class _Named(discord.File):
    """A file that is shown by its title: Discord spoils spaces and what is not Latin in the name itself."""

    def __init__(self, path: str, name: str) -> None:
        super().__init__(path, name)
        self._title = Path(name).stem

    def to_dict(self, index: int) -> dict[str, Any]:
        """Describe it beside its content."""
        return {**super().to_dict(index), "title": self._title}


def _message(
    text: str,
    artifacts: Sequence[Artifact],
    view: discord.ui.View | None,
    job: Job,
    nonce: str | None = None,
    *,
    private: bool = False,
) -> MultipartParameters:
    """Build a message; files are opened here and closed with it."""
    files = [_Named(a.path, titles.file_name(job, a.probe.extension, n)) for n, a in enumerate(artifacts, 1)]
    flags = discord.MessageFlags(ephemeral=private, suppress_embeds=bool(artifacts))  # no previews of quoted links
    return handle_message_parameters(
        content=plain(text),
        files=files or discord.utils.MISSING,
        view=view,
        nonce=nonce,
        flags=flags if flags.value else discord.utils.MISSING,
        allowed_mentions=discord.AllowedMentions.none(),
    )


NONCE_S = 120
"""Discord compares nonces over "the past few minutes" (https://docs.discord.com/developers/resources/message)."""


class DiscordDelivery:
    """What the worker sees of Discord; needs no websocket."""

    name = PLATFORM

    def __init__(self, token: str, now_s: Callable[[], float] = time.time, proxy: str | None = None) -> None:
        """`now_s` is the time in seconds since 1970, as Discord counts it."""
        self._calls = Calls()
        self._rest = RestClient(token, proxy, self._calls)
        self._now_s = now_s
        self._receipts: set[asyncio.Task[None]] = set()
        self._shown: dict[str, tuple[str, str]] = {}
        """By job id: the worker that had it and what its reply shows, so that the same is not sent again."""

    def accepts(self, job: Job) -> Want:
        limit = Address.read(job).upload_limit_bytes if job.destination.data else UPLOAD_BYTES
        return Want(max_bytes=limit, playable=PLAYABLE, prefer="mp3")

    def lasting(self, job: Job) -> Destination:
        """Keep the channel, and which reply to take away; the token is of no use by then."""
        return replace(Address.read(job), token="", token_until_s=0).destination()

    def shows(self, job: Job) -> bool:
        """Say whether the reply would say something else, and can still be edited."""
        shown = self._shown.get(job.job_id)
        news = bool(job.destination.data) and shown != (job.worker_id, order_replies.progress(job))
        return news and self._token_lives(Address.read(job))

    async def progress(self, job: Job) -> None:
        """Say in the reply how far the job is, while its token lives."""
        address, text = Address.read(job), order_replies.progress(job)
        if not self.shows(job):
            return
        with failures(), _message(text, (), rows.of_progress(job), job) as message:
            await self._rest.edit_reply(address.application_id, address.token, message)
        self._shown[job.job_id] = (job.worker_id, text)
        if len(self._shown) > MOST_SHOWN:
            del self._shown[next(iter(self._shown))]

    async def deliver(self, job: Job, artifacts: Sequence[Artifact], receipt: Receipt, *, uncertain: bool) -> None:
        """Attach the files to the reply, or post them. A repeat is safe: edits are idempotent, posts have a nonce.

        Only where an earlier edit may have arrived in a reply that can no longer be edited, it has to be read first.
        """
        if uncertain:
            log.info("job %s: delivering once more after an unknown outcome", job.job_id)
        more = order_replies.receipt(receipt) if job.direct else ""
        text, posted = (
            order_replies.heard(receipt, artifacts, CONTENT_LIMIT, size, more=more, addressed=addressed)
            for addressed in (False, True)
        )
        await self._put(job, text, posted, artifacts=artifacts, uncertain=uncertain)
        if not job.direct and self._token_lives(Address.read(job)):
            task = asyncio.create_task(self._hand_receipt(job, receipt), name=f"receipt of {job.job_id}")
            self._receipts.add(task)  # the job waits for no courtesy
            task.add_done_callback(self._receipts.discard)

    async def finish(self) -> None:
        """Wait for the receipts under way, a few seconds at most."""
        await asyncio.gather(*self._receipts)

    async def tell(self, job: Job, receipt: Receipt) -> None:
        """Say how the job ended: to its author alone while that is possible, unless there is audio to send again."""
        text = order_replies.ended(receipt)
        if receipt.kept:
            await self._put(job, text, order_replies.addressed(job, text), view=rows.again(job.job_id))
        elif not await self._whispered(job, text):
            await self._put(job, text, order_replies.addressed(job, text))

    async def _hand_receipt(self, job: Job, receipt: Receipt) -> None:
        """Say to the author alone what it cost and what is left; where that is not possible, `/balance` says it."""
        address = Address.read(job)
        try:
            with failures(), _message(order_replies.receipt(receipt), (), None, job, private=True) as message:
                async with asyncio.timeout(RECEIPT_S):
                    await self._rest.follow_up(address.application_id, address.token, message)
        except DeliveryError as error:
            log.info("job %s: no receipt: %s", job.job_id, error)
        except Exception:
            log.exception("job %s: no receipt", job.job_id)

    async def write_to(self, member: str, text: str, buttons: Sequence[Button] = ()) -> None:
        """Write to a user directly: Discord wants a server in common, and may be told by them not to let bots write."""
        message = handle_message_parameters(
            content=plain(text),
            view=rows.rows(buttons) if buttons else discord.utils.MISSING,
            allowed_mentions=discord.AllowedMentions.none(),
        )
        with failures(), message:
            channel_id = await self._rest.direct_channel(int(member.removeprefix(f"{PLATFORM}:")))
            await self._rest.send(channel_id, message)

    async def announce(self, community: str, words: Callable[[str], str]) -> None:
        guild_id = int(community.removeprefix(f"{PLATFORM}:"))
        text = plain(words("/speak"))
        with failures():
            for channel_id in await self._rest.places(guild_id):
                if await self._said(channel_id, text, f"begin{guild_id}"):
                    return
        raise DeliveryRefused("there is no channel where the bot may write")

    async def _said(self, channel_id: int, text: str, nonce: str) -> bool:
        """Say something in a channel; return False where the bot may not."""
        none = discord.AllowedMentions.none()
        with handle_message_parameters(content=text, nonce=nonce, allowed_mentions=none) as message:
            try:
                await self._rest.send(channel_id, message)
            except discord.Forbidden:
                return False
        return True

    async def leave(self, community: str) -> None:
        with failures():
            try:
                await self._rest.leave(int(community.removeprefix(f"{PLATFORM}:")))
            except discord.NotFound as error:
                log.info("%s was left before: %s", community, describe(error))

    def _token_lives(self, address: Address) -> bool:
        return self._now_s() < address.token_until_s

    async def _put(
        self,
        job: Job,
        text: str,
        posted: str,
        *,
        artifacts: Sequence[Artifact] = (),
        view: discord.ui.View | None = None,
        uncertain: bool = False,
    ) -> None:
        """Put it into the reply, or `posted` into the channel."""
        address = Address.read(job)
        self._shown.pop(job.job_id, None)
        if artifacts and uncertain and self._now_s() < job.updated_ms / 1000:
            raise DeliveryUncertain("the clock was put back: whether it was an edit or a post can't be told")
        with failures(max((a.size_bytes for a in artifacts), default=0)):
            if self._token_lives(address) and await self._edited(address, job, text, artifacts, view):
                return
            uncertain = uncertain or may_have_arrived()
            if artifacts and await self._is_there(address, job, uncertain=uncertain):
                return
            if artifacts and uncertain and not self._repeats_are_seen(job):
                raise DeliveryUncertain("it may have been posted, too long ago for Discord to see a repeat")
            await self._posted(address, job, posted, artifacts, view)

    def _repeats_are_seen(self, job: Job) -> bool:
        """Say whether whatever was posted since the delivery began is recent enough for its nonce to count."""
        return self._now_s() - job.updated_ms / 1000 < NONCE_S

    async def _whispered(self, job: Job, text: str) -> bool:
        """Put words for the author alone in place of the public reply; return False if its token is spent."""
        address = Address.read(job)
        if not self._token_lives(address):
            return False
        try:
            with failures(), _message(text, (), None, job, private=True) as message:
                await self._rest.take_away_reply(address.application_id, address.token)
                await self._rest.follow_up(address.application_id, address.token, message)
        except DeliveryRefused as error:
            log.info("job %s: the author can't be told alone: %s", job.job_id, error)
            return False
        self._shown.pop(job.job_id, None)
        return True

    async def _edited(
        self, address: Address, job: Job, text: str, artifacts: Sequence[Artifact], view: discord.ui.View | None
    ) -> bool:
        """Edit the reply; return False if it can't be edited any more."""
        try:
            with _message(text, artifacts, view, job) as message:
                await self._rest.edit_reply(address.application_id, address.token, message)
        except discord.HTTPException as error:
            if error.code not in SPENT:
                raise
            log.info("job %s: the reply can't be edited any more: %s", job.job_id, describe(error))
            return False
        return True

    async def _posted(
        self, address: Address, job: Job, text: str, artifacts: Sequence[Artifact], view: discord.ui.View | None
    ) -> None:
        """Post a message in place of the reply; its nonce lets Discord see a repeat, for a few minutes."""
        if address.channel_id is None:
            raise DeliveryRefused("Discord did not tell the channel")
        nonce = f"{job.job_id}-{'audio' if artifacts else 'told'}"[:25]
        with _message(text, artifacts, view, job, nonce) as message:
            await self._rest.send(address.channel_id, message)
        await self._clear(address, job)

    async def _is_there(self, address: Address, job: Job, *, uncertain: bool) -> bool:
        """Say whether an edit of unknown outcome had arrived after all. Raises DeliveryUncertain if nobody can tell."""
        if address.channel_id is None or address.message_id is None:
            if uncertain:  # the answer to the acknowledgement was lost, and the reply's id with it
                raise DeliveryUncertain("the reply may hold the audio already")
            return False
        try:
            return await self._rest.shows_files(address.channel_id, address.message_id)
        except (discord.HTTPException, *NETWORK) as error:
            if uncertain and not isinstance(error, discord.NotFound):
                raise
            log.info("job %s: the old reply can't be read: %s", job.job_id, describe(error))
            return False

    async def _clear(self, address: Address, job: Job) -> None:
        """Take away the old reply, which says that the audio is on its way."""
        if address.channel_id is None or address.message_id is None:
            return
        try:
            await self._rest.delete(address.channel_id, address.message_id)
        except (discord.HTTPException, *NETWORK) as error:
            log.info("job %s: the old reply stays: %s", job.job_id, describe(error))
