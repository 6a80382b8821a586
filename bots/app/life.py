"""The life of the service: start, serve, drain."""

import asyncio
import gc
import logging
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from bots.app.health import Health
from bots.app.metrics import LoopLag
from bots.app.notifier import Notifier
from bots.app.settings import Settings
from bots.platform import Platform
from bots.web.door import Door
from bots.web.server import Web
from core.domain.errors import PlatformBusy, PlatformError
from core.engine.carrier import Carrier
from core.service.service import Service

log = logging.getLogger(__name__)

FIRST_RETRY_S = 2.0
LONGEST_RETRY_S = 120.0
LAST_S = 5.0
"""How long what was ordered during the drain may take to come to rest."""
TURN_S = 0.0005
"""How long one of the interpreter's threads keeps others waiting."""
LONGEST_LOGIN_S = 60.0
"""After running this long a platform counts as recovered: the next outage is a new one."""


def tune_interpreter() -> None:
    """Let the cyclic garbage collector look at everything a hundred times more seldom, and threads take turns faster.

    Looking at 10,000 waiting jobs takes the collector a quarter of a second, in which nothing else happens, and as they
    come and go it would do so every second. They are no garbage: what ends is freed by its last reference. An order
    changes threads a few times, and each time would wait 5 ms for one that turns the rows of a long report into values.
    """
    gc.set_threshold(2_000, 10, 100)
    sys.setswitchinterval(TURN_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """Everything that runs in this process, put together."""

    settings: Settings
    service: Service
    worker: Carrier
    platforms: Mapping[str, Platform]
    """All platforms: a worker delivers to each."""
    receiving: Mapping[str, Platform]
    """The platforms from which this process takes orders."""
    web: Web
    console: Door | None = None
    answering: Callable[[], Coroutine[Any, Any, None]] | None = None
    """Answers what the consoles of other processes ask."""
    tidying: Callable[[], Coroutine[Any, Any, None]] | None = None
    """Makes room for audio where no worker does."""
    lag: LoopLag
    health: Health
    notifier: Notifier | None = None
    duty: str = ""
    """What to do without any platform to take orders from."""
    stays: bool = False
    """Whether there is something to do without any platform to take orders from, as for others' orders."""

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until `stop` is set, then drain."""
        doors: list[Door] = [self.web, *([self.console] if self.console else [])]
        for door in doors:  # first, since a port that is taken must stop the start before any job goes on
            await door.start()
        self.lag.start()
        for platform in self.platforms.values():
            await platform.open(self.service)
        taken_up = await self.worker.start()
        telling = [asyncio.create_task(self.notifier.run(), name="notifier")] if self.notifier else []
        for name, work in {"answers to consoles": self.answering, "sweeper": self.tidying}.items():
            if work:
                telling.append(asyncio.create_task(work(), name=name))
        duty = self.duty or f"connecting to {' and '.join(self.receiving)}"
        log.info("ready: %s; %d unfinished jobs taken up", duty, taken_up)
        receiving = [asyncio.create_task(keep_running(p, stop), name=p.name) for p in self.receiving.values()]
        try:
            await _until_stopped(stop, [] if self.stays else receiving)
        finally:
            await self._shut_down(receiving, telling)

    async def _shut_down(self, receiving: Sequence[asyncio.Task[None]], telling: Sequence[asyncio.Task[None]]) -> None:
        log.info("stopping: what is between two steps is finished, and what is ordered meanwhile is kept")
        for task in telling:  # first, since what ends from now on is no trouble
            task.cancel()
        await asyncio.gather(*telling, return_exceptions=True)
        await self.worker.drain(self.settings.drain_s)
        chats = self.receiving.values()  # last, since until the next start nobody is answered
        await asyncio.gather(*(_survive(p.stop_receiving, f"{p.name} did not stop receiving") for p in chats))
        await self.worker.stop(LAST_S)
        if self.service.samples:
            await self.service.samples.close(LAST_S)
        for task in receiving:
            task.cancel()
        await asyncio.gather(*receiving, return_exceptions=True)
        for platform in self.platforms.values():
            await _survive(platform.close, f"{platform.name} did not close")
        await self.lag.stop()
        await self.web.stop()
        if self.console:
            await self.console.stop()


async def _until_stopped(stop: asyncio.Event, receiving: Sequence[asyncio.Task[None]]) -> None:
    """Wait for `stop`, or until no platform is left that could ever take an order."""
    stopped = asyncio.create_task(stop.wait())
    waiting = {stopped, *receiving}
    while stopped in waiting and (waiting - {stopped} or not receiving):
        _, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        others = sorted(task.get_name() for task in waiting - {stopped})
        if others and stopped in waiting:
            log.warning("orders come from %s alone now", " and ".join(others))
    stopped.cancel()
    if not stop.is_set():
        log.critical("no platform can run; see above. Stopping.")


async def _survive(call: Callable[[], Awaitable[None]], what: str) -> None:
    try:
        await call()
    except Exception:
        log.exception(what)


async def keep_running(platform: Platform, stop: asyncio.Event) -> None:
    """Run a platform through outages; give it up where only the operator can help, and let the others go on."""
    pause_s = FIRST_RETRY_S
    while not stop.is_set():
        started_s = time.monotonic()
        try:
            await platform.run()
        except PlatformError as error:
            log.critical("%s can't run: %s", platform.name, error)
            return
        except PlatformBusy as error:
            log.error("%s; trying again in %.0f s, as it was told", error, error.retry_after_s)  # noqa: TRY400 - no fault
            await _stopped_within(stop, error.retry_after_s)
        except Exception as error:
            if time.monotonic() - started_s > LONGEST_LOGIN_S:
                pause_s = FIRST_RETRY_S
            trace = log.isEnabledFor(logging.DEBUG)
            log.log(
                logging.ERROR, "%s is out (%r); trying again in %.0f s", platform.name, error, pause_s, exc_info=trace
            )
            await _stopped_within(stop, pause_s)
            pause_s = min(pause_s * 2, LONGEST_RETRY_S)
        else:
            return


async def _stopped_within(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()
