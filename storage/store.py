"""The store on either engine: its parts, over one driver."""

from collections.abc import Collection

from core.domain.communities import Communities
from core.engine.meters import Meters
from core.ports import Clock
from storage.admitting import SqlAdmitting
from storage.credit_requests import SqlCreditRequests
from storage.driver import Driver
from storage.migrate import migrate
from storage.reported import SqlReports


class SqlStore(SqlAdmitting, SqlCreditRequests, SqlReports):
    """Implements `core.stores.store.Store` on either engine."""

    def __init__(
        self,
        driver: Driver,
        clock: Clock,
        default_pool_micros: int | None = None,
        total_pool_micros: int | None = None,
        *,
        communities: Communities = Communities.OPEN,
        allowed: Collection[str] = (),
        meters: Meters | None = None,
    ) -> None:
        """`default_pool_micros`: what a community may spend in a month unless an operator says; None is unlimited.

        `total_pool_micros`: what the operator may have to pay for a month, over all communities; None is unlimited.
        `allowed`: communities that need no approval where `communities` says list.
        """
        self._driver = driver
        self._clock = clock
        self.default_pool_micros = default_pool_micros
        self._total_pool_micros = total_pool_micros
        self._communities = communities
        self._allowed = frozenset(allowed)
        self._known = {}
        self._meters = meters or Meters()

    async def open(self) -> None:
        """Connect and bring the schema up to date. Raises SchemaTooNew, StoreBusy."""
        await self._driver.open()
        try:
            await migrate(self._driver, self._clock.now_ms())
        except BaseException:
            await self._driver.close()
            raise

    async def close(self) -> None:
        """Commit what is waiting and disconnect."""
        await self._driver.close()
