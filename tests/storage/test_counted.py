"""What is counted of what a store has committed."""

from core.domain.lifecycle import DeliveryState, Reason, State
from core.engine.meters import Meters
from storage.driver import Driver
from storage.store import SqlStore
from tests.clock import SetClock
from tests.exposed import value
from tests.storage.jobs import brought_to


async def test_what_came_to_nothing_is_counted_by_its_reason(store: SqlStore, driver: Driver, clock: SetClock) -> None:
    meters = Meters()
    meters.begin([])
    counted = SqlStore(driver, clock, meters=meters)
    running = await brought_to(counted, State.RUNNING)
    await counted.move(running, 1, State.FAILED, reason=Reason.GATEWAY_FAILED)
    assert value(meters, "failures_total", product="speech", reason="gateway_failed") == 1
    job = await brought_to(counted, DeliveryState.SENDING)
    await counted.move_delivery(job, DeliveryState.PENDING, reason=Reason.CHAT_UNREACHABLE)
    assert value(meters, "failures_total", product="speech", reason="chat_unreachable") == 0
    job = await brought_to(counted, DeliveryState.SENDING)
    await counted.move_delivery(job, DeliveryState.UNDELIVERABLE, reason=Reason.CHAT_REFUSED)
    assert value(meters, "failures_total", product="speech", reason="chat_refused") == 1
