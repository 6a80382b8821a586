"""Credit as an admin gives it, with its act."""

from dataclasses import replace

from core.domain.people import Person
from storage.admin_store import SqlAdminStore
from storage.driver import Driver
from storage.store import SqlStore
from tests.clock import SetClock
from tests.makers import act


async def grant(driver: Driver, member: str, micros: int, community: str = "test:band") -> None:
    clock = SetClock()
    admin = SqlAdminStore(driver, clock, SqlStore(driver, clock))
    await admin.credit(replace(act("grant"), community=community), Person(member=member, name=""), micros, "")
