"""Workers that share one PostgreSQL database."""

import asyncio
from collections.abc import Callable

import asyncpg

from core.engine.queue import Room
from storage.leases import PostgresLease
from storage.postgres import PostgresDriver
from storage.signals import PostgresSignal
from storage.store import SqlStore
from tests.makers import admission, caller, order
from tests.waiting import WAIT_S


def room(most: int, **of_member: int) -> Room:
    return Room(most=most, of_member={f"test:{name}": jobs for name, jobs in of_member.items()})


def nobody(_: str) -> bool:
    return False


class Crew:
    """Workers that share a store."""

    def __init__(self, url: str, driver: PostgresDriver, store: SqlStore) -> None:
        self.url, self.driver, self.store = url, driver, store
        self.heard: dict[str, list[str]] = {}
        self.news = asyncio.Event()
        self.leases: list[PostgresLease] = []

    async def worker(
        self, name: str, *, lease_s: float = 600, platforms: tuple[str, ...] = ("test",), url: str | None = None
    ) -> PostgresLease:
        words = self.heard[name] = []
        ids = (f"{name}{number}" for number in range(1, 10))
        lease = PostgresLease(self.driver, PostgresSignal(url or self.url), platforms, lease_s, lambda: next(ids))

        def hear(word: str) -> None:
            words.append(word)
            self.news.set()

        await lease.start(hear)
        self.leases.append(lease)
        return lease

    async def order(self, member: str = "ann", community: str = "band", parts: int = 1) -> str:
        placed = order(caller(member, community=community))
        admitted = await self.store.admit(admission(placed, parts=parts))
        assert admitted.job is not None
        return admitted.job.job_id

    async def hears(self, name: str, word: str) -> None:
        await self.until(lambda: word in self.heard[name])

    async def until(self, done: Callable[[], bool]) -> None:
        async with asyncio.timeout(WAIT_S):
            while not done():
                self.news.clear()
                await self.news.wait()

    async def do(self, text: str) -> None:
        connection = await asyncpg.connect(self.url)
        await connection.execute(text)
        await connection.close()

    async def kill(self, lease: PostgresLease) -> None:
        """End a worker without a word, and let its time pass."""
        assert lease._keeper is not None
        lease._keeper.cancel()
        await asyncio.wait({lease._keeper})
        await self.do(f"UPDATE workers SET alive_until_ms = 0 WHERE worker_id = '{lease.worker_id}'")
