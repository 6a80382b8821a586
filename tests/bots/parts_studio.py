"""A studio for orders of many parts: each is scripted by its text, and told from the others when it is heard."""

import io
from collections import Counter
from collections.abc import Callable
from itertools import groupby
from pathlib import Path

import av
import numpy as np
from aiohttp import web

from storage.books import breaches
from storage.sqlite import SqliteDriver
from tests.bots.discord.studio import Studio, sound
from tests.worlds.pulse import Pulse

WINDOW_S, STEP_HZ = 0.04, 10


class PartsStudio(Studio):
    """Its files hold the words that they speak, or if it `sings`, a tone of each text's own."""

    STEP_HZ = 30

    def __init__(self, *, sings: bool = False) -> None:
        super().__init__()
        self.pulse = Pulse()
        self.sings = sings
        self.is_spoken: Callable[[str], bool] = lambda _: True
        """Says whether a text is spoken already; until then its request is running."""
        self.failing: set[str] = set()
        self.asked: Counter[str] = Counter()
        """How often each text was asked about."""

    @property
    def texts(self) -> list[str]:
        """What was asked for, in the order in which it came."""
        return [order["text"] for order in self.orders]

    def hertz(self, text: str) -> int:
        """Return the tone of a text."""
        return self.STEP_HZ * (10 + self.texts.index(text))

    async def _submit(self, request: web.Request) -> web.Response:
        answer = await super()._submit(request)
        self.pulse.beat()
        return answer

    async def _status(self, request: web.Request) -> web.Response:
        text = self._text(request)
        self.asked[text] += 1
        self.pulse.beat()
        self.outcome = "FAILED" if text in self.failing else "COMPLETED"
        (self.ready.set if self.is_spoken(text) else self.ready.clear)()
        return await super()._status(request)

    async def _media(self, request: web.Request) -> web.Response:
        text = self._text(request)
        self.audio = sound(0.25, hertz=self.hertz(text)) if self.sings else text.encode()
        return await super()._media(request)

    def _text(self, request: web.Request) -> str:
        return self.texts[int(request.match_info["id"].rpartition("_")[2]) - 1]


def tones(content: bytes) -> tuple[list[int], list[str]]:
    """Return the tones that are heard, one after the other, and the titles of chapters."""
    with av.open(io.BytesIO(content), "r") as source:
        titles = [chapter["metadata"]["title"] for chapter in source.chapters()]
        rate = source.streams.audio[0].rate
        sound = np.concatenate([frame.to_ndarray() for frame in source.decode(audio=0)], axis=1)[0].astype(float)
    size = round(rate * WINDOW_S)
    windows = sound[: len(sound) // size * size].reshape(-1, size) * np.hanning(size)
    loud = np.abs(windows).max(1) > np.abs(sound).max() / 2
    hertz = np.abs(np.fft.rfft(windows, rate // STEP_HZ)).argmax(1) * STEP_HZ
    heard = [round(each / PartsStudio.STEP_HZ) * PartsStudio.STEP_HZ for each in np.where(loud, hertz, 0)]
    return [tone for tone, run in groupby(heard) if tone and len(list(run)) > 1], titles


async def breaches_in(folder: Path) -> list[str]:
    """Return what is wrong with the books of a service that has ended."""
    driver = SqliteDriver(folder / "troubadour.db")
    await driver.open()
    try:
        return [sentence async for sentence in breaches(driver)]
    finally:
        await driver.close()
