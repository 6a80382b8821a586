"""One service from an empty folder to its last order, killed and stopped a number of times."""

import asyncio
import random
import signal
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bots.sandbox import Sandbox, SandboxConfig
from core.domain.lifecycle import DeliveryState, JobState
from tests.e2e.children import Child, Nursery
from tests.e2e.process import Process
from tests.proofs.kill import verdict
from tests.proofs.kill.books import NOTHING, Memory, is_kept, looked_into, remembered
from tests.proofs.kill.crowd import SPEECH_LIMIT, Crowd, TelegramOrder
from tests.worlds.discord import DiscordWorld
from tests.worlds.discord.replies import CALLBACK_S
from tests.worlds.telegram import TelegramWorld

READY_S = 60.0
REST_S = 150.0
"""The time for everything to come to rest once faults have stopped."""
LOOK_S = 0.1
MOST_OPEN = 10
ORDER_PAUSE_S = 0.4
START_S, LIFE_S, STOP_S = 0.4, 0.8, 1.2
"""Upper bounds of the time to a kill during the start, to one after it, and to the end of a stop."""
START_SHARE, STOP_SHARE, FROZEN_SHARE, LIVE_SHARE, ASK_SHARE = 0.3, 0.25, 0.3, 0.03, 0.15
REMEMBERED = 16
EXTRA = {"DRAIN_S": "5", "DIRECT_ALLOWANCE": "10 day", "DEFAULT_POOL": "unlimited", "JOB_S": "60"}
EXTRA["SPEECH_LIMIT"] = str(SPEECH_LIMIT)
KEY = "canary-gateway-key"


@dataclass
class Tally:
    """Counts of what happened."""

    kills: int = 0
    starting: int = 0
    """Kills before the service accepted orders."""
    stops: int = 0
    live: int = 0
    """Audits of a running service."""
    orders: int = 0
    asked: int = 0
    """Presses of *send again*."""
    ended: Counter[str] = field(default_factory=Counter)
    killed_in: Counter[str] = field(default_factory=Counter)
    """States of the unfinished jobs at the kills."""
    doubts: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Tally") -> None:
        """Add the counts of another life."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


def drawn(seed: int, what: str = "") -> random.Random:
    """Return a random generator for one kind of choice, from the seed."""
    return random.Random(f"{seed} {what}")  # noqa: S311 - to be repeated, not to be secret


class Wrong(Exception):
    """A promise is broken."""


class Life:
    """One service and its world."""

    def __init__(self, seed: int, service: Process, nursery: Nursery, gateway: Sandbox) -> None:
        self.tally = Tally()
        self.story: deque[str] = deque(maxlen=REMEMBERED)
        self._rng = drawn(seed)
        self.service = service
        self._nursery = nursery
        self._gateway = gateway
        self._crowd = Crowd(drawn(seed, "crowd"), service.discord, service.telegram)
        self.memory: Memory = NOTHING
        self._uncertain: set[str] = set()
        self._may_order = asyncio.Event()
        self._may_order.set()
        self._database = service.folder / "troubadour.db"

    async def live(self, kills: int) -> None:
        """Run through a number of kills, then come to rest. Raises Wrong."""
        ordering = asyncio.create_task(self._crowd.keep_ordering(ORDER_PAUSE_S, self._may_order))
        try:
            for _ in range(kills):
                await self._incarnation()
                if ordering.done():
                    ordering.result()
        finally:
            ordering.cancel()
            await asyncio.gather(ordering, return_exceptions=True)
        await self._come_to_rest()

    # --- one start and its end ------------------------------------------------------------------------------------

    async def _incarnation(self) -> None:
        child = self._nursery.start(self.service.folder, self.service.environment())
        born_s = time.monotonic()
        if self._rng.random() < START_SHARE:
            await self._pass(child, self._rng.uniform(0, START_S))
            self.tally.starting += not self._ready()
        else:
            await self._until_ready(child)
            await self._pass(child, self._rng.uniform(0, LIFE_S))
        if self._rng.random() < STOP_SHARE:
            await self._freeze(child)
        if self._rng.random() < LIVE_SHARE:
            await self._audit_alive()
        child.signal(signal.SIGKILL)
        status = await child.ended()
        self.tally.kills += 1
        self._tell(f"kill {self.tally.kills}, {time.monotonic() - born_s:.3f} s after the start")
        if status != -signal.SIGKILL:
            raise Wrong(f"the process had ended by itself with status {status}")
        await self.service.discord.gateway.cut()
        await self._look()

    async def _pass(self, child: Child, time_s: float) -> None:
        """Wait, unless the process ends by itself."""
        await asyncio.wait({child.gone}, timeout=time_s)
        if child.gone.done():
            raise Wrong(f"the process ended by itself with status {child.gone.result()}")

    def _ready(self) -> bool:
        return self._polled() and self.service.discord.gateway.connected()

    async def _until_ready(self, child: Child) -> None:
        discord, telegram = self.service.discord, self.service.telegram
        ready = asyncio.gather(
            discord.connected(timeout_s=READY_S), telegram.until(self._polled, "it does not poll", READY_S)
        )
        either: list[asyncio.Future[Any]] = [ready, child.gone]
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if child.gone.done():
            ready.cancel()
            await asyncio.gather(ready, return_exceptions=True)
            raise Wrong(f"the process ended by itself with status {child.gone.result()}")
        try:
            await ready
        except (TimeoutError, AssertionError) as error:
            raise Wrong(f"the process did not become ready: {error}") from error

    def _polled(self) -> bool:
        return any(call.method == "getUpdates" for call in self.service.telegram.calls)

    async def _freeze(self, child: Child) -> None:
        """Stop the process for a while, and sometimes kill it before it can go on."""
        child.signal(signal.SIGSTOP)
        self.tally.stops += 1
        time_s = self._rng.uniform(0, STOP_S)
        self._tell(f"stopped for {time_s:.3f} s")
        await self._pass(child, time_s)
        if self._rng.random() >= FROZEN_SHARE:
            child.signal(signal.SIGCONT)
            await self._pass(child, self._rng.uniform(0, LIFE_S / 2))

    # --- what can be seen -----------------------------------------------------------------------------------------

    async def _audit_alive(self) -> None:
        """Run `ledger verify` beside the service, in any state."""
        if not self.memory.jobs:
            return
        verify = self._nursery.start(self.service.folder, self.service.environment(), ("ledger", "verify"))
        self.tally.live += 1
        if status := await verify.ended():
            raise Wrong(f"`ledger verify` beside the service ended with status {status}")

    async def _look(self) -> None:
        memory, wrong = await looked_into(self._database)
        self._blame([*wrong, *memory.lost_since(self.memory), *self._violations()])
        self._blame(verdict.at_any_time(self._crowd.orders, self._gateway.submits, memory))
        self.memory = memory
        self._uncertain |= memory.uncertain
        still = [job.stage for job in memory.jobs.values() if not job.closed]
        self.tally.killed_in.update(still)
        (self._may_order.clear if len(still) >= MOST_OPEN else self._may_order.set)()
        await self._ask_again(ASK_SHARE)

    def _violations(self) -> list[str]:
        """Return how the bot's requests violate the platforms' specifications, and forget the requests."""
        telegram, discord = self.service.telegram, self.service.discord
        found = telegram.violations + discord.violations
        telegram.calls.clear()
        discord.requests.clear()
        discord.violations.clear()
        return found

    async def _ask_again(self, share: float) -> None:
        for order in self._crowd.orders:
            job = self.memory.jobs.get(order.event_id)
            if job and (job.stage == JobState.ASKING or is_kept(job)) and self._rng.random() < share:
                await self._crowd.ask_again(order)
                self._tell(f"{order.event_id} was asked for again")

    def _blame(self, wrong: Iterable[str]) -> None:
        if found := list(wrong):
            raise Wrong("\n".join(found[:5]))

    def _tell(self, words: str) -> None:
        self.story.append(words)

    # --- the end --------------------------------------------------------------------------------------------------

    async def _come_to_rest(self) -> None:
        """Start it once more without faults, and let it finish everything."""
        await self.service.start()
        await self._until(self._open)
        self.memory = remembered(self._database)
        self._uncertain |= self.memory.uncertain
        await self._ask_again(1)
        await self._until(self._undelivered)
        if status := await self.service.terminate():
            raise Wrong(f"it ended with status {status} after SIGTERM")
        status, said = await self.service.cli("ledger", "verify")
        self.memory, wrong = await looked_into(self._database)
        self._blame([*wrong, *self._violations(), *([said] if status else []), *self._leaks()])
        self._blame(verdict.at_rest(self._crowd.orders, self._gateway.submits, self.memory))
        self.tally.orders = len(self._crowd.orders)
        self.tally.asked = sum(order.presses for order in self._crowd.orders)
        self.tally.ended = verdict.ended(self._crowd.orders, self.memory)
        self.tally.doubts = verdict.doubted(self._gateway.submits, self.memory, self._uncertain)

    async def _until(self, left: Callable[[], list[str]]) -> None:
        """Watch from outside, as an operator would, until nothing is left."""
        try:
            async with asyncio.timeout(REST_S):
                while left():
                    await asyncio.sleep(LOOK_S)
        except TimeoutError:
            raise Wrong(f"not at rest after {REST_S:.0f} s: {left()[:5]}") from None

    def _open(self) -> list[str]:
        jobs = remembered(self._database).jobs
        ordered = {o.event_id for o in self._crowd.orders if isinstance(o, TelegramOrder)}
        at_rest = {name for name, job in jobs.items() if job.closed or job.stage == JobState.ASKING}
        return [name for name in ordered | jobs.keys() if name not in at_rest]

    def _undelivered(self) -> list[str]:
        """Return what is missing although the chats accept everything and every member has pressed *send again*."""
        jobs = remembered(self._database).jobs
        return [name for name, job in jobs.items() if not job.closed or job.stage == DeliveryState.UNDELIVERABLE]

    def _leaks(self) -> list[str]:
        secrets = (self.service.discord.token, self.service.telegram.token, KEY)
        return [f"a secret was logged: {secret}" for secret in secrets if secret in self.service.log]


@asynccontextmanager
async def life(seed: int, folder: Path, nursery: Nursery) -> AsyncIterator[Life]:
    """Create a world and a service that is not started; remove both afterwards, whatever happens."""
    rng = drawn(seed, "gateway")
    config = SandboxConfig(queued_s=0.05, processing_s=rng.uniform(0.05, 0.5), keep=100_000)
    async with Sandbox(config) as gateway, DiscordWorld(callback_s=CALLBACK_S) as discord, TelegramWorld() as telegram:
        service = Process(folder, discord, telegram, gateway.url, nursery, dict(EXTRA))
        try:
            yield Life(seed, service, nursery, gateway)
        finally:
            await service.kill()
