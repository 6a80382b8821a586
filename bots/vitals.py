"""How the service is: whether it can take orders, and its numbers."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bots.metrics import Gauge, LoopLag, exposition
from bots.platform import Platform
from core.carrier import Carrier
from core.errors import StoreError
from core.gate import Gate
from core.lifecycle import State
from core.meters import Meters
from core.spool import try_writing

log = logging.getLogger(__name__)

STORE_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """Answers `/readyz` and `/metrics`."""

    meters: Meters
    worker: Carrier
    gate: Gate
    lag: LoopLag
    receiving: Mapping[str, Platform]
    """The chats from which this process takes orders."""
    open_jobs: Callable[[], Awaitable[Mapping[State, int]]]
    spool: Path

    async def wrong(self) -> Mapping[str, str]:
        """Return by name what keeps this process from taking orders."""
        found = {name: "not connected" for name, chat in self.receiving.items() if not chat.receiving}
        if self.worker.stopping:
            found["service"] = "draining"
        elif not self.worker.running:
            found["worker"] = "not running"
        if await self._jobs() is None:
            found["store"] = "does not answer"
        try:
            await asyncio.to_thread(try_writing, self.spool)
        except StoreError as error:
            log.warning("%s", error)
            found["spool"] = "can't be written"
        return found

    async def metrics(self) -> str:
        """Return every counter and gauge."""
        jobs, load = await self._jobs(), self.worker.load()
        open_jobs = [({"state": state.value}, float(jobs.get(state, 0))) for state in State] if jobs is not None else []
        chats = [({"platform": name}, float(chat.receiving)) for name, chat in self.receiving.items()]
        gauges: dict[str, Gauge] = {
            "jobs": ("Jobs that are not closed.", open_jobs),
            "jobs_waiting": ("Jobs that wait for their turn.", [({}, float(load.waiting))]),
            "jobs_in_flight": ("Jobs that have a place at the gateway.", [({}, float(load.in_flight))]),
            "wait_seconds": ("How long an order that comes now is thought to wait.", [({}, load.wait_s)]),
            "gate_closed_seconds": ("How long submissions are held back still.", [({}, self.gate.closed_s)]),
            "event_loop_lag_seconds": ("The longest delay lately.", [({}, self.lag.worst_s)]),
            "store_up": ("Whether the store answers.", [({}, float(jobs is not None))]),
            "platform_up": ("Whether orders are taken from a chat.", chats),
        }
        return exposition(self.meters, gauges)

    async def _jobs(self) -> Mapping[State, int] | None:
        """Ask the store; None where it does not answer in time."""
        try:
            async with asyncio.timeout(STORE_S):
                return await self.open_jobs()
        except (StoreError, TimeoutError) as error:
            log.warning("the store does not answer: %r", error)
            return None
