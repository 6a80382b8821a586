"""Deliver audio and outcomes by editing the interaction's reply while its token is valid, afterwards as a message."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import discord
from discord.http import handle_message_parameters

from bots.commands.buttons import menu_of_voices, of_card, of_ending, of_progress
from bots.discord.buttons import rows
from bots.discord.copies import Copies, kept_of
from bots.discord.errors import delivery_errors
from bots.discord.escaping import CONTENT_LIMIT, plain, size, stamp
from bots.discord.identity import PLATFORM, Address, Place, user_id
from bots.discord.messages import LONGEST_MENTION, Source, message_of
from bots.discord.posting import Posting
from bots.discord.rest import Calls, RestClient
from bots.discord.voice_messages import KIND, VoiceMessages, seconds_of, speaks
from bots.platform import Button
from bots.text import order_replies, progress_replies, titles, warnings
from bots.text.locale import _
from bots.text.wording import stamping
from core.domain.audio import Want
from core.domain.errors import DeliveryError, DeliveryRefused, NotKept
from core.domain.models import Artifact, Job, Kept
from core.domain.orders import Destination
from core.domain.products import Sound, row_of
from core.domain.receipts import Receipt
from core.domain.warnings import BudgetWarning

log = logging.getLogger(__name__)

UPLOAD_BYTES = 10 * 1024 * 1024
"""The upload limit of any chat; boosted servers allow more."""
PLAYABLE = frozenset({"mp3/mp3"})
"""What every client plays inline: Ogg often stays silent on iPhones, and WAV is ten times as large."""
MOST_SHOWN = 20_000
RECEIPT_S = 5
"""Deadline for a receipt, which is optional: the audio has been delivered by then."""
LONGEST = CONTENT_LIMIT - LONGEST_MENTION


def _progress(job: Job) -> str:
    with stamping(stamp):
        return progress_replies.progress(job)


def _card(done: Receipt, audio: str = "") -> discord.ui.View | None:
    return rows(of_card(done.job, menu_of_voices(done), audio))


@contextmanager
def _elsewhere(place: Address | None) -> Iterator[None]:
    """Let a refusal name the next place."""
    try:
        yield
    except DeliveryRefused as error:
        error.instead = None if place is None else place.destination()
        raise


class DiscordDelivery:
    """The `Delivery` port over Discord's REST API; needs no websocket."""

    name = PLATFORM

    def __init__(self, token: str, now_s: Callable[[], float] = time.time, proxy: str | None = None) -> None:
        """`now_s` returns Unix time in seconds, in which Discord's timestamps are given."""
        self._calls = Calls()
        self._rest = RestClient(token, proxy, self._calls)
        self._copies = Copies(self._rest)
        self._posting = Posting(self._rest, now_s)
        self._voices = VoiceMessages(self._rest, now_s, self._posting.nonce_counts)
        self._now_s = now_s
        self._receipts: set[asyncio.Task[None]] = set()

    def accepts(self, job: Job) -> Want:
        address = Address.read(job) if job.destination.data else None
        is_there = address is not None and address.place is not Place.ALONE
        limit = address.upload_limit_bytes if address and is_there else UPLOAD_BYTES
        if address and address.voice and row_of(job.product).sound is Sound.VOICE:
            return Want(max_bytes=limit, playable=frozenset({KIND}), prefer="opus", waveform=True)
        return Want(max_bytes=limit, playable=PLAYABLE, prefer="mp3")

    def line(self, job: Job) -> str:
        """Name where it is posted: the library queues what goes to one channel, for minutes where it is much."""
        address = Address.read(job)
        if self._posting.token_lives(address):
            return ""
        return job.member if address.place is Place.ALONE else f"channel {address.channel_id}"

    def room_in_s(self, _: Job) -> float:
        return 0  # the library waits where it must

    def lasting(self, job: Job) -> Destination:
        """Drop the token, which has expired by then; keep the channel and the id of the reply to delete."""
        return replace(Address.read(job), token="", token_until_s=0).destination()

    def shows(self, job: Job) -> bool:
        """Say whether the reply's text would change and the reply can still be edited."""
        shown = self._posting.shown.get(job.job_id)
        news = bool(job.destination.data) and shown != (job.worker_id, _progress(job))
        return news and self._posting.token_lives(Address.read(job))

    async def progress(self, job: Job) -> None:
        address, text = Address.read(job), _progress(job)
        if not self.shows(job):
            return
        with delivery_errors(), message_of(text, (), rows(of_progress(job)), job) as message:
            await self._rest.edit_reply(address.application_id, address.token, message)
        self._posting.shown[job.job_id] = (job.worker_id, text)
        if len(self._posting.shown) > MOST_SHOWN:
            del self._posting.shown[next(iter(self._posting.shown))]

    async def deliver(
        self, job: Job, artifacts: Sequence[Artifact], receipt: Receipt, *, uncertain: bool
    ) -> Kept | None:
        """Post a voice message, attach the files to the reply, or post them.

        Retries are safe: edits are idempotent, posts carry a nonce.

        A reply that can no longer be edited is read first, as an earlier edit of unknown outcome may have arrived.
        """
        return await self._deliver(job, artifacts, artifacts, receipt, uncertain=uncertain)

    async def repeat(self, job: Job, kept: Kept, receipt: Receipt, *, uncertain: bool) -> Kept:
        """Do the same with copies of the files of another message, which stands for them unless the server has them."""
        if Address.read(job).file:
            raise NotKept("a file of another kind is wanted")
        async with self._copies.turn:
            copies = await self._copies.of(kept, self.accepts(job).max_bytes)
            made = await self._deliver(job, copies, (), receipt, uncertain=uncertain)
        return made if made and not made.get("direct") else kept

    async def _deliver(
        self, job: Job, files: Sequence[Source], artifacts: Sequence[Artifact], receipt: Receipt, *, uncertain: bool
    ) -> Kept | None:
        if uncertain:
            log.info("job %s: delivering once more after an unknown outcome", job)
        address = Address.read(job)
        is_alone, is_voice = address.place is Place.ALONE, speaks(address, files)
        lines = (
            titles.length(round(1000 * seconds_of(files[0]))) if is_voice else "",
            order_replies.receipt(receipt) if is_alone or job.direct else order_replies.repeats(job),
            _(order_replies.ALONE) if is_alone and not address.asked else "",
        )
        more = "\n".join(line for line in lines if line)
        text, posted = (
            order_replies.introduction(receipt, artifacts, LONGEST, size, more=more, addressed=addressed)
            for addressed in (False, not is_alone)
        )
        mentions = receipt.awaited and not is_alone
        with _elsewhere(address.below(job)):
            if is_voice:
                sent = await self._voices.send(address, job, files[0], uncertain=uncertain)
            else:
                sent = await self._posting.edit_or_post(
                    job, text, posted, files=files, view=_card(receipt), uncertain=uncertain, mentions=mentions
                )
        if is_voice:
            await self._put_words(job, text, posted, _card(receipt, str(sent["id"])), mentions=mentions)
        if is_alone and not address.asked:
            self._beside(self._point(job, address), job)
        elif self._posting.token_lives(address):
            if not (job.direct or job.is_repeat):
                self._beside(self._follow_up(job, order_replies.receipt(receipt), private=True), job)
            if receipt.awaited:  # an edit calls nobody
                self._beside(self._follow_up(job, order_replies.ready(job), private=False), job)
        return kept_of(sent, direct=is_alone or address.direct)

    async def _put_words(
        self, job: Job, text: str, posted: str, card: discord.ui.View | None, *, mentions: bool
    ) -> None:
        """Say what a voice message is, which holds no words; it has been delivered by then."""
        try:
            await self._posting.edit_or_post(job, text, posted, view=card, mentions=mentions)
        except DeliveryError as error:
            log.info("job %s: its voice message stays without words: %s", job, error)

    def _beside(self, telling: Coroutine[Any, Any, None], job: Job) -> None:
        """Tell more about what was delivered, in the background: the job does not wait for it."""
        task = asyncio.create_task(telling, name=f"receipt of {job.job_id}")
        self._receipts.add(task)
        task.add_done_callback(self._receipts.discard)

    async def finish(self) -> None:
        """Wait for receipts that are being sent, a few seconds at most."""
        await asyncio.gather(*self._receipts)

    async def tell(self, job: Job, receipt: Receipt) -> None:
        """Send the outcome privately while that is possible; publicly if there is audio to send again."""
        text, address = order_replies.ended(receipt), Address.read(job)
        posted = text if address.place is Place.ALONE else order_replies.addressed(job, text)
        mentions = receipt.awaited and address.place is not Place.ALONE
        above = replace(address, place=Place.REPLY) if address.place is Place.ALONE else address.below(job)
        with _elsewhere(above):
            view, is_offer = rows(of_ending(receipt)), receipt.asks or receipt.kept
            if is_offer or not await self._posting.replace_privately(job, text, view):
                await self._posting.edit_or_post(job, text, posted, view=view, mentions=mentions)

    async def warn(self, job: Job, warning: BudgetWarning) -> None:
        """Follow up on the reply; afterwards write to the member directly, or in the channel."""
        address, is_private = Address.read(job), warnings.is_private(job, warning)
        with stamping(stamp), delivery_errors():
            text = warnings.warning(job, warning)
            if self._posting.token_lives(address):
                with message_of(text, (), None, job, private=is_private) as message:
                    await self._rest.follow_up(address.application_id, address.token, message)
            elif is_private:
                await self.write_to(job.member, warnings.elsewhere(job, warning))
            elif address.channel_id is not None:
                with message_of(text, (), None, job) as message:
                    await self._rest.send(address.channel_id, message)

    async def _point(self, job: Job, address: Address) -> None:
        """Say in the channel, if that takes words, that its member has the audio elsewhere."""
        text = _(order_replies.SENT_ALONE)
        there = replace(job, destination=replace(address, place=Place.REPLY).destination())
        try:
            async with asyncio.timeout(RECEIPT_S):
                await self._posting.edit_or_post(there, text, order_replies.addressed(job, text))
        except (DeliveryError, TimeoutError) as error:
            log.info("job %s: nobody in the channel hears where it went: %s", job, error)
        except Exception:
            log.exception("job %s: nobody in the channel hears where it went", job)

    async def _follow_up(self, job: Job, text: str, *, private: bool) -> None:
        """Send the author a receipt, in private, or call them; if that fails, `/balance` has the same figures."""
        address = Address.read(job)
        try:
            with delivery_errors(), message_of(text, (), None, job, private=private, mentions=not private) as message:
                async with asyncio.timeout(RECEIPT_S):
                    await self._rest.follow_up(address.application_id, address.token, message)
        except DeliveryError as error:
            log.info("job %s: no word beside its audio: %s", job, error)
        except Exception:
            log.exception("job %s: no word beside its audio", job)

    async def write_to(self, member: str, text: str, buttons: Sequence[Button] = ()) -> None:
        """Send a direct message. Works only with a server in common, and if the user allows direct messages from it."""
        message = handle_message_parameters(
            content=plain(text),
            view=rows(buttons) or discord.utils.MISSING,
            allowed_mentions=discord.AllowedMentions.none(),
        )
        with delivery_errors(), message:
            channel_id = await self._rest.direct_channel(user_id(member))
            await self._rest.send(channel_id, message)
