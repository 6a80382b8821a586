"""Send speech as a voice message: audio alone, which can't be edited; its words stand in the reply.

https://docs.discord.com/developers/resources/message, "Voice Messages"
"""

import io
import logging
from collections.abc import Callable, Sequence
from typing import Any

import discord
from discord.http import MultipartParameters, handle_message_parameters

from bots.discord.errors import delivery_errors
from bots.discord.identity import Address
from bots.discord.messages import Copy, Source
from bots.discord.rest import RestClient
from bots.text import titles
from core.domain.errors import DeliveryRefused, DeliveryUncertain
from core.domain.jsontype import JSON
from core.domain.models import Job

log = logging.getLogger(__name__)

VOICE_FLAG = 1 << 13
KIND = "ogg/opus"
"""What is played as a voice message; anything else is taken and stays silent."""
PAGE = 100
"""How many messages Discord returns at most."""
NEAR_S = 0.5
"""Two voice messages whose lengths differ by more are not the same."""


class _Voice(discord.File):
    """A file with what Discord wants to know of a voice message."""

    def __init__(self, source: str | io.BytesIO, name: str, duration_s: float, waveform: str) -> None:
        super().__init__(source, name)
        self._about = {"duration_secs": duration_s, "waveform": waveform}

    def to_dict(self, index: int) -> dict[str, Any]:
        """Add it to the attachment's metadata."""
        return {**super().to_dict(index), **self._about}


def speaks(address: Address, files: Sequence[Source]) -> bool:
    """Say whether files go as a voice message, of which each holds one."""
    return address.voice and len(files) == 1 and bool(_about(files[0])[1])


def _about(source: Source) -> tuple[float, str]:
    """Return the seconds and the waveform; without a waveform it is no voice message."""
    if isinstance(source, Copy):
        return source.duration_s, source.waveform
    is_opus = source.probe.kind == KIND
    return max(source.probe.duration_ms / 1000, 1.0), source.probe.waveform if is_opus else ""


def seconds_of(source: Source) -> float:
    """Return how long a voice message is."""
    return _about(source)[0]


def voice_message_of(source: Source, job: Job, nonce: str) -> MultipartParameters:
    """Build a voice message; its file is open until it is closed."""
    content = io.BytesIO(source.content) if isinstance(source, Copy) else source.path
    file = _Voice(content, titles.file_name(job, "ogg"), *_about(source))
    flags = discord.MessageFlags._from_value(VOICE_FLAG)  # noqa: SLF001 - it can't be made otherwise
    return handle_message_parameters(file=file, nonce=nonce, flags=flags)


class VoiceMessages:
    """Posts voice messages."""

    def __init__(self, rest: RestClient, now_s: Callable[[], float], nonce_counts: Callable[[Job], bool]) -> None:
        """`nonce_counts` says whether Discord would still see that a job's message is a repeat."""
        self._rest = rest
        self._now_s = now_s
        self._nonce_counts = nonce_counts

    async def send(self, address: Address, job: Job, source: Source, *, uncertain: bool) -> JSON:
        """Post it and return the message; one that may have arrived before is looked for where no nonce helps any more.

        Raises DeliveryError.
        """
        if address.channel_id is None:
            raise DeliveryRefused("Discord did not tell the channel")
        if uncertain and self._now_s() < job.reached_ms / 1000:
            raise DeliveryUncertain("the clock was put back: how long ago it may have been posted can't be told")
        with delivery_errors(source.size_bytes):
            if uncertain and not self._nonce_counts(job) and (sent := await self._arrived(address, source)):
                log.info("job %s: its voice message had arrived", job)
                return sent
            number = job.delivery.number if job.delivery else 0
            with voice_message_of(source, job, f"{job.job_id}-v{number}") as message:
                return await self._rest.send(address.channel_id, message)

    async def _arrived(self, address: Address, source: Source) -> JSON | None:
        """Return the voice message if it was posted after the reply. Raises DeliveryUncertain if none can know."""
        reply_id = address.message_id
        if address.channel_id is None or reply_id is None:
            raise DeliveryUncertain("where the voice message would be is not known")
        try:
            page = await self._rest.messages_since(address.channel_id, reply_id - 1, PAGE)
        except (discord.Forbidden, discord.NotFound) as error:
            raise DeliveryUncertain("the channel can't be read") from error
        reply = next((m for m in page if int(m["id"]) == reply_id), None)
        if reply is None or len(page) >= PAGE:  # without the right to read, Discord returns none
            raise DeliveryUncertain("not all that was posted meanwhile can be read")
        duration_s, waveform = _about(source)
        ours = [m for m in page if m["author"]["id"] == reply["author"]["id"] and m.get("flags", 0) & VOICE_FLAG]
        files = [message["attachments"][0] for message in ours]
        for message, file in zip(ours, files, strict=True):
            if file.get("waveform") == waveform:
                return message
        if any(abs(file.get("duration_secs", duration_s) - duration_s) < NEAR_S for file in files):
            raise DeliveryUncertain("a voice message of that length was posted meanwhile")
        return None
