"""Read the files of a message that Discord keeps, since nothing but their bytes can be sent to one member alone."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from bots.discord.errors import delivery_errors
from bots.discord.messages import Copy
from bots.discord.rest import RestClient
from core.domain.errors import DeliveryDelayed, DeliveryRefused, NotKept
from core.domain.jsontype import JSON
from core.domain.models import Kept

MOST_BYTES = 25 * 1024 * 1024
"""In one message, for the files are held in memory."""
EPHEMERAL = 1 << 6


def kept_of(message: JSON, *, direct: bool = False) -> Kept | None:
    """Return what finds a message again; None for one that its reader alone can see, as the bot can't read it.

    `direct`: it is in a direct chat.
    """
    if message.get("flags", 0) & EPHEMERAL:
        return None
    where = {"channel": str(message["channel_id"]), "message": str(message["id"])}
    return where | {"direct": True} if direct else where


class Copies:
    """Reads files, one message at a time."""

    def __init__(self, rest: RestClient) -> None:
        self._rest = rest
        self.turn = asyncio.Lock()
        """Held for as long as files are in memory."""

    async def of(self, kept: Kept, most_bytes: int) -> Sequence[Copy]:
        """Return the files of a message. Raises NotKept; DeliveryDelayed, without a doubt."""
        try:
            with delivery_errors():
                return await self._read(kept, most_bytes)
        except (DeliveryRefused, ValueError) as error:
            raise NotKept(str(error)) from error
        except DeliveryDelayed as error:
            error.doubtful = False  # nothing was to be sent yet
            raise

    async def _read(self, kept: Kept, most_bytes: int) -> Sequence[Copy]:
        found = await self._rest.attachments(int(kept["channel"]), int(kept["message"]))
        sizes = [int(file["size"]) for file in found]
        if not found or max(sizes) > most_bytes or sum(sizes) > MOST_BYTES:
            raise NotKept(f"the message holds {sizes} bytes")
        return [await self._copy(file) for file in found]

    async def _copy(self, file: JSON) -> Copy:
        content = await self._rest.download(file["url"], int(file["size"]))
        about = float(file.get("duration_secs", 0)), file.get("waveform", "")
        return Copy(Path(file["filename"]).suffix[1:], content, *about)
