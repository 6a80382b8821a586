"""Whether the service can take orders, and its metrics."""

import asyncio
import logging
import platform
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from bots.app.metrics import Gauge, LoopLag, exposition
from bots.platform import Platform
from bots.text.community_replies import MOST_SHOWN
from bots.text.operator_replies import detail
from core.domain.communities import Newcomer
from core.domain.errors import StoreAway, StoreError
from core.domain.lifecycle import STAGES, Stage
from core.domain.money import MICROS
from core.domain.troubles import Case, Trouble, Troubles
from core.engine.carrier import Carrier
from core.engine.circuit_breaker import CircuitBreaker
from core.engine.meters import Meters
from core.engine.observed import GATEWAY
from core.files.spool import try_writing

log = logging.getLogger(__name__)

T = TypeVar("T")

STORE_S = 2.0
NEXT_TO_NOTHING_MICROS = 1_000
"""With less left, no order of more than ten characters fits at the usual price."""
THIS_MACHINE = platform.node() or "this machine"
_PARTS = {
    Trouble.WALLET_EMPTY: ("gateway", "the wallet is empty"),
    Trouble.KEY_REFUSED: ("gateway", "the key is refused"),
    Trouble.GATEWAY_AWAY: ("gateway", "does not answer"),
    Trouble.CHAT_AWAY: ("", "not connected"),
    Trouble.NOTHING_DELIVERED: ("", "nothing is delivered"),
    Trouble.NO_WORKER: ("worker", "not running"),
    Trouble.DISK_FULL: ("spool", "can't be written"),
    Trouble.STORE_AWAY: ("store", "does not answer"),
}
"""What is not ready with each trouble ("" is the trouble's own subject), and why; others keep all ready."""


async def _nobody() -> Sequence[Newcomer]:
    return ()


async def _unlimited() -> None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Answers `/readyz` and `/metrics`."""

    meters: Meters
    worker: Carrier
    breaker: CircuitBreaker
    lag: LoopLag
    receiving: Mapping[str, Platform]
    """The chats from which this process takes orders."""
    platforms: Mapping[str, Platform] = field(default_factory=dict)
    """All chats that this process may call."""
    open_jobs: Callable[[], Awaitable[Mapping[Stage, int]]]
    spool: Path
    total_left: Callable[[], Awaitable[int | None]] = _unlimited
    """Returns what is left of the total pool this month, in micros."""
    waiting: Callable[[], Awaitable[Sequence[Newcomer]]] = _nobody
    """Returns the communities that wait for approval."""
    troubles: Troubles = field(default_factory=Troubles)
    chats: Sequence[str] = ()
    """Those to which this process delivers."""
    shards: str = ""
    """Which of a chat's shards are ours, where several processes share them."""
    roles: Sequence[str] = ()
    """Of this process."""
    sees_workers: bool = True
    """Whether this process knows if any worker runs; one worker of several knows only of itself."""

    async def look(self) -> None:
        """Find troubles that no event reports."""
        note = self.troubles.note
        for name, chat in self.receiving.items():
            note(Trouble.CHAT_AWAY, f"{name} {self.shards}".strip(), None if chat.receiving else "")
        for name in self.chats:
            note(Trouble.NOTHING_DELIVERED, name, self.meters.liveness(name).stuck())
        note(Trouble.GATEWAY_AWAY, "", self.meters.liveness(GATEWAY).stuck())
        if self.sees_workers:
            note(Trouble.NO_WORKER, "", None if self.worker.alive or self.worker.stopping else "")
        note(Trouble.STORE_AWAY, "", None if await self._jobs() is not None else "")
        note(Trouble.TOTAL_POOL_SPENT, "", await self._spent())
        if (waiting := await self._asked(self.waiting)) is not None:
            named = [each.community for each in waiting[:MOST_SHOWN]]  # the log and /readyz name nobody
            note(Trouble.COMMUNITIES_WAIT, "", "; ".join(named) or None)
        note(Trouble.DISK_FULL, THIS_MACHINE, await self._unwritable())

    async def wrong(self) -> Mapping[str, str]:
        """Return what keeps this process from taking or carrying orders, by name."""
        await self.look()
        found = dict(_part(case) for case in self.troubles.cases if case.trouble in _PARTS)
        if self.worker.stopping:
            found["service"] = "draining"
        elif not self.worker.running:
            found["worker"] = "not running"
        return found

    def troubles_now(self) -> list[str]:
        """Name what is wrong, also where orders go on."""
        return [f"{case.trouble} {case.about}".strip() for case in self.troubles.cases]

    async def _spent(self) -> str | None:
        left_micros = await self._asked(self.total_left)
        return None if left_micros is None or left_micros >= NEXT_TO_NOTHING_MICROS else ""

    async def _unwritable(self) -> str | None:
        try:
            await asyncio.to_thread(try_writing, self.spool)
        except StoreError as error:
            return str(error)
        return None

    async def metrics(self) -> str:
        """Return every counter and gauge."""
        jobs, load = await self._jobs(), self.worker.load()
        open_jobs = [({"state": how}, float((jobs or {}).get(STAGES[how], 0))) for how in STAGES if jobs is not None]
        chats = [({"platform": name}, float(chat.receiving)) for name, chat in self.receiving.items()]
        left_micros = await self._asked(self.total_left)
        left: list[tuple[Mapping[str, str], float]] = [] if left_micros is None else [({}, left_micros / MICROS)]
        gauges: dict[str, Gauge] = {
            "total_pool_left_dollars": ("What is left of TOTAL_POOL this month.", left),
            "jobs": ("Jobs that are not closed.", open_jobs),
            "jobs_waiting": ("Jobs that wait for their turn.", [({}, float(load.waiting))]),
            "jobs_in_flight": ("Jobs that have a place at the gateway.", [({}, float(load.in_flight))]),
            "wait_seconds": ("How long an order that comes now is thought to wait.", [({}, load.wait_s)]),
            "breaker_open_seconds": ("How long submissions are held back still.", [({}, self.breaker.open_s)]),
            "tasks": ("What goes on side by side in this process.", [({}, float(len(asyncio.all_tasks())))]),
            "event_loop_lag_seconds": ("The longest delay lately.", [({}, self.lag.worst_s)]),
            "store_up": ("Whether the store answers.", [({}, float(jobs is not None))]),
            "platform_up": ("Whether orders are taken from a chat.", chats),
            "calls_under_way": (
                "Calls to a chat that have not ended, apart from those that wait for updates.",
                [({"platform": name}, float(chat.calls_under_way)) for name, chat in self.platforms.items()],
            ),
            "delivery_stalled_seconds": (
                "For how long nothing has got through to a chat while something waited.",
                [({"platform": name}, self.meters.liveness(name).stalled_s) for name in self.chats],
            ),
            "trouble": ("What only an operator can mend, or must know of: 1 while it is there.", self._troubles()),
        }
        return exposition(self.meters, gauges, self.roles)

    def _troubles(self) -> list[tuple[Mapping[str, str], float]]:
        there = {case.trouble for case in self.troubles.cases}
        return [({"kind": trouble.value}, float(trouble in there)) for trouble in Trouble]

    async def _jobs(self) -> Mapping[Stage, int] | None:
        return await self._asked(self.open_jobs)

    async def _asked(self, question: Callable[[], Awaitable[T]]) -> T | None:
        """Ask the store; None where it does not answer in time."""
        try:
            async with asyncio.timeout(STORE_S):
                return await question()
        except (StoreError, TimeoutError) as error:
            away = error if isinstance(error, StoreError) else StoreAway("no answer in time")
            log.warning("the store does not answer: %s", away)
            return None


def _part(case: Case) -> tuple[str, str]:
    name, why = _PARTS[case.trouble]
    shown = f"{why} {detail(case)}" if case.trouble is Trouble.NOTHING_DELIVERED else why
    return name or case.about, shown
