"""Bot and worker processes on one PostgreSQL database, killed and frozen while members order.

Each has its own folder, as on a machine of its own: a worker that takes over finds no files of the dead one.
"""

import asyncio
import random
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bots.sandbox import Sandbox, SandboxConfig
from core.domain.lifecycle import DeliveryState, JobState
from tests.e2e.children import Child, Nursery
from tests.e2e.process import Process
from tests.proofs.kill import verdict
from tests.proofs.kill.books import NOTHING, Memory, is_kept, recalled
from tests.proofs.kill.crowd import SPEECH_LIMIT, Crowd, TelegramOrder
from tests.proofs.kill.life import KEY, Wrong, drawn
from tests.worlds.discord import DiscordWorld
from tests.worlds.discord.replies import CALLBACK_S
from tests.worlds.postgres import Server
from tests.worlds.telegram import TelegramWorld

BOTS, WORKERS = 2, 3
LEASE_S = 2
READY_S, REST_S, LOOK_S = 60.0, 300.0, 0.2
PAUSE_S, AWAY_S = 1.5, 2.0
"""Upper bounds of the time between two faults, and until a killed process is restarted."""
FROZEN_S = 2.0 * LEASE_S
KILL_SHARE, BOT_SHARE = 0.5, 0.15
MOST_OPEN = 100


@dataclass
class Count:
    """Counts of what happened."""

    kills: int = 0
    freezes: int = 0
    orders: int = 0
    asked: int = 0
    taken_over: int = 0
    ended: Counter[str] = field(default_factory=Counter)
    doubts: Counter[str] = field(default_factory=Counter)


class Fleet:
    """All processes and their observers."""

    def __init__(self, seed: int, service: Process, nursery: Nursery, gateway: Sandbox, url: str) -> None:
        self.count = Count()
        self.memory: Memory = NOTHING
        self._uncertain: set[str] = set()
        self._rng = drawn(seed)
        self._service = service
        self._nursery = nursery
        self._gateway = gateway
        self._url = url
        self._crowd = Crowd(drawn(seed, "crowd"), service.discord, service.telegram)
        self._children: dict[str, Child] = {}

    @property
    def names(self) -> list[str]:
        return [*(f"bot{n}" for n in range(BOTS)), *(f"worker{n}" for n in range(WORKERS))]

    async def start(self, name: str) -> None:
        """Start one process."""
        folder = self._service.folder / name
        folder.mkdir(exist_ok=True)
        number = int(name[-1])
        part = ("bot", "--shards", f"{number}/{BOTS}") if name.startswith("bot") else ("worker",)
        environment = {**self._service.environment(), "DATA_DIR": str(folder)}
        self._children[name] = self._nursery.start(folder, environment, ("run", "--roles", *part))

    async def live(self, orders: int) -> None:
        """Take a number of orders under faults, then come to rest. Raises Wrong."""
        await self.start("worker0")  # one process alone migrates the schema first, as an operator would
        for name in self.names:
            if name not in self._children:
                await self.start(name)
        await self._ready()
        blows = asyncio.create_task(self._strike())
        try:
            await self._order(orders, blows)
        finally:
            blows.cancel()
            await asyncio.gather(blows, return_exceptions=True)
        await self._come_to_rest()

    async def _ready(self) -> None:
        discord, telegram = self._service.discord, self._service.telegram
        async with asyncio.timeout(READY_S):
            while not all(map(discord.gateway.connected, range(BOTS))) or not telegram.calls_to("getUpdates"):
                await asyncio.sleep(LOOK_S)

    async def _order(self, orders: int, blows: "asyncio.Task[None]") -> None:
        while len(self._crowd.orders) < orders:
            if blows.done():
                blows.result()
            for _ in range(MOST_OPEN // 4):
                await self._crowd.order()
            await self._look()
            while len(self._open()) > MOST_OPEN and not blows.done():
                await asyncio.sleep(LOOK_S)
                await self._look()

    async def _strike(self) -> None:
        """Kill or freeze a process now and then; each comes back."""
        async with asyncio.TaskGroup() as returns:
            while True:
                await asyncio.sleep(self._rng.uniform(0, PAUSE_S))
                kind = "bot" if self._rng.random() < BOT_SHARE else "worker"
                free = [name for name in self._children if name.startswith(kind)]
                if not free:
                    continue
                name = self._rng.choice(free)
                child = self._children.pop(name)
                kills = self._rng.random() < KILL_SHARE
                time_s = self._rng.uniform(0, AWAY_S if kills else FROZEN_S)
                self.count.kills += kills
                self.count.freezes += not kills
                returns.create_task(self._struck(name, child, time_s, kills=kills))

    async def _struck(self, name: str, child: Child, time_s: float, *, kills: bool) -> None:
        child.signal(signal.SIGKILL if kills else signal.SIGSTOP)
        if not kills:
            try:
                await asyncio.sleep(time_s)
            finally:
                child.signal(signal.SIGCONT)
                self._children[name] = child
            return
        await child.ended()
        await asyncio.sleep(time_s)
        await self.start(name)

    # --- what can be seen -----------------------------------------------------------------------------------------

    async def _look(self) -> None:
        for name, child in self._children.items():
            if child.gone.done():
                raise Wrong(f"{name} ended by itself with status {child.gone.result()}: {self._log(name)[-3000:]}")
        # Rows are read before the chats and may be older: only what is wrong twice counts.
        wrong = await self._wrong() and (await self._wrong() & await self._wrong())
        self._blame(sorted(wrong))

    async def _wrong(self) -> set[str]:
        memory = await recalled(self._url)
        self._blame(memory.lost_since(self.memory))
        self.memory = memory
        self._uncertain |= memory.uncertain
        return set(verdict.at_any_time(self._crowd.orders, self._gateway.submits, memory))

    def _log(self, name: str) -> str:
        path = self._service.folder / name / "log"
        return path.read_text() if path.exists() else ""

    def _open(self) -> list[str]:
        jobs = self.memory.jobs
        ordered = {o.event_id for o in self._crowd.orders if isinstance(o, TelegramOrder)}
        at_rest = {name for name, job in jobs.items() if job.closed or job.stage == JobState.ASKING}
        return [name for name in ordered | jobs.keys() if name not in at_rest]

    def _undelivered(self) -> list[str]:
        """Return what is missing although every member has pressed *send again*.

        A frozen worker's upload may arrive long after others have called it uncertain, and remove the button.
        """
        heard = {order.event_id for order in self._crowd.orders if order.audios}
        lost = {name for name, job in self.memory.jobs.items() if job.stage == DeliveryState.UNDELIVERABLE} - heard
        return [name for name, job in self.memory.jobs.items() if not job.closed or name in lost]

    def _blame(self, wrong: Iterable[str]) -> None:
        if found := list(wrong):
            raise Wrong("\n".join(found[:5]))

    # --- the end --------------------------------------------------------------------------------------------------

    async def _come_to_rest(self) -> None:
        for name in self.names:
            if name not in self._children:
                await self.start(name)
        await self._ready()
        await self._until(self._open)
        await self._until(self._undelivered, ask=True)
        for name, child in self._children.items():
            child.signal(signal.SIGTERM)
            if status := await child.ended():
                raise Wrong(f"{name} ended with status {status} after SIGTERM: {self._log(name)[-3000:]}")
        status, said = await self._service.cli("ledger", "verify")
        self._blame([said] if status else [])
        await self._look_at_all()

    async def _look_at_all(self) -> None:
        self.memory = await recalled(self._url)
        self._blame(self._service.telegram.violations + self._service.discord.violations)
        self._blame(verdict.at_rest(self._crowd.orders, self._gateway.submits, self.memory))
        logs = "".join(map(self._log, self.names))
        self._blame(f"a secret was logged: {s}" for s in (self._service.discord.token, KEY) if s in logs)
        self.count.orders = len(self._crowd.orders)
        self.count.asked = sum(order.presses for order in self._crowd.orders)
        self.count.taken_over = logs.count("of a dead worker go on")
        self.count.ended = verdict.ended(self._crowd.orders, self.memory)
        self.count.doubts = verdict.doubted(self._gateway.submits, self.memory, self._uncertain)

    async def _ask_again(self) -> None:
        for order in self._crowd.orders:
            job = self.memory.jobs.get(order.event_id)
            if job and (job.stage == JobState.ASKING or is_kept(job)):
                await self._crowd.ask_again(order)

    async def _until(self, left: Callable[[], list[str]], *, ask: bool = False) -> None:
        try:
            async with asyncio.timeout(REST_S):
                while True:
                    await self._look()
                    if not left():
                        return
                    if ask:  # on a busy machine a short lease may expire during an upload again
                        await self._ask_again()
                    await asyncio.sleep(LOOK_S)
        except TimeoutError:
            raise Wrong(f"not at rest after {REST_S:.0f} s: {left()[:5]}") from None


@asynccontextmanager
async def fleet(seed: int, folder: Path, nursery: Nursery, server: Server) -> AsyncIterator[Fleet]:
    """Create a world with a gateway, two chats and a database, and a fleet that is not started."""
    url = await server.empty()
    rng = random.Random(f"{seed} gateway")  # noqa: S311 - to be repeated, not to be secret
    config = SandboxConfig(queued_s=0.05, processing_s=rng.uniform(0.05, 0.5), keep=100_000)
    async with (
        Sandbox(config) as gateway,
        DiscordWorld(shards=BOTS, callback_s=CALLBACK_S) as discord,
        TelegramWorld() as telegram,
    ):
        extra = {
            "DATABASE_URL": url, "LEASE_S": str(LEASE_S), "DRAIN_S": "10", "JOB_S": "60",
            "DIRECT_ALLOWANCE": "1000 day", "DEFAULT_ALLOWANCE": "1000 day", "DEFAULT_POOL": "unlimited",
            "WAITING_PER_MEMBER": "1000", "SPEECH_LIMIT": str(SPEECH_LIMIT),
        }  # fmt: skip
        service = Process(folder, discord, telegram, gateway.url, nursery, extra)
        yield Fleet(seed, service, nursery, gateway, url)
