"""The Notices port in SQL: one row for each trouble that the operators were told of."""

from core.domain.quota import DAY_MS
from core.domain.troubles import Key, Trouble
from core.ports import Clock
from storage.driver import Driver, Statement

HOUR_MS = 3_600_000
"""Nobody is told of the same kind of trouble more often."""
AGAIN_MS = {Trouble.COMMUNITIES_WAIT: HOUR_MS}
"""After so long without an end, if not after a day, they are told again: here of others. And once they have ended it
themselves, by deciding, the next is told at once."""

_CLAIM = """
INSERT INTO notices (trouble, about, told_ms, is_open) VALUES (:trouble, :about, :now_ms, 0)
ON CONFLICT (trouble, about) DO UPDATE SET told_ms = :now_ms, is_open = 0
WHERE notices.is_open = 0 AND notices.told_ms <= :hour_ago_ms
OR notices.is_open = 1 AND notices.told_ms <= :lasted_ms
OR notices.told_ms > :now_ms
RETURNING trouble
"""
_TOLD = "UPDATE notices SET is_open = 1 WHERE trouble = :trouble AND about = :about"
_NOT_TOLD = "DELETE FROM notices WHERE trouble = :trouble AND about = :about AND is_open = 0"
_CLOSE = """
UPDATE notices SET is_open = 0 WHERE trouble = :trouble AND about = :about AND is_open = 1
RETURNING trouble
"""
_FORGET = "DELETE FROM notices WHERE trouble = :trouble AND about = :about AND is_open = 1 RETURNING trouble"
_OPEN = "SELECT trouble, about FROM notices WHERE is_open = 1"


class SqlNotices:
    """Implements `core.stores.notices.Notices` on either engine."""

    def __init__(self, driver: Driver, clock: Clock) -> None:
        self._driver = driver
        self._clock = clock

    async def claim(self, key: Key) -> bool:
        now_ms = self._clock.now_ms()
        ages = {"hour_ago_ms": now_ms - HOUR_MS, "lasted_ms": now_ms - AGAIN_MS.get(key[0], DAY_MS)}
        return await self._changed(_CLAIM, key, now_ms=now_ms, **ages)

    async def settle(self, key: Key, *, told: bool) -> None:
        await self._changed(_TOLD if told else _NOT_TOLD, key)

    async def close(self, key: Key) -> bool:
        return await self._changed(_FORGET if key[0] in AGAIN_MS else _CLOSE, key)

    async def told(self) -> frozenset[Key]:
        """Return what the operators know of; a row of a newer release may say more than this one knows."""
        (rows,) = await self._driver.run([Statement(_OPEN)])
        known = frozenset(Trouble)
        return frozenset((Trouble(row["trouble"]), row["about"]) for row in rows if row["trouble"] in known)

    async def _changed(self, sql: str, key: Key, **args: int) -> bool:
        (rows,) = await self._driver.run([Statement(sql, {"trouble": key[0].value, "about": key[1], **args})])
        return bool(rows)
