"""All rows of one job, on both engines; how they are told: `tests/bots/app/test_tracing.py`."""

import json

import pytest

from bots.cli.job import MOST_DELIVERIES, traced
from core.domain.lifecycle import DeliveryState, Reason, State
from core.domain.models import Artifact, Job
from core.domain.orders import Destination
from core.domain.people import Asker
from storage import traces
from storage.driver import Driver, Statement
from storage.members_sql import EXPORT_JOB
from storage.store import SqlStore
from storage.traces import SqlTraces
from tests.audio import PROBE
from tests.clock import SetClock
from tests.plans import troubles
from tests.storage.jobs import admitted, brought_to, heard

ARTIFACT = Artifact(path="/spool/x/0", probe=PROBE, size_bytes=9)


class Opened:
    """What is there already, as if it were opened."""

    def __init__(self, driver: Driver) -> None:
        self.traces = SqlTraces(driver)

    async def __aenter__(self) -> SqlTraces:
        return self.traces

    async def __aexit__(self, *_: object) -> None:
        """Leave it as it is."""


async def refused(store: SqlStore, job: Job) -> Job:
    """Let the chat refuse what is to be delivered."""
    job = await store.move_delivery(job, DeliveryState.SENDING)
    return await store.move_delivery(job, DeliveryState.UNDELIVERABLE, reason=Reason.CHAT_REFUSED, detail="50013")


async def test_a_failure_that_may_be_billed(store: SqlStore, driver: Driver, clock: SetClock) -> None:
    job = await brought_to(store, State.RUNNING)
    clock.forward(ms=1500)
    words = "the model\x1b[2J is \u202eaway" + "!" * 600
    await store.move(job, 1, State.FAILED, reason=Reason.GATEWAY_FAILED, detail=words, upstream_micros=1400)
    said = await traced(Opened(driver), job.job_id)
    assert "because of gateway_failed\n     in their words: the model[2J is away!!!" in said
    assert "     the gateway may bill $0.0014, which nobody pays\n" in said
    assert "void: -$0.0014 of the allowance used\n" in said
    assert "upstream: $0.0014 that the gateway may bill and nobody pays\n" in said
    assert "+1.500 s  generation 1 failed\n" in said
    assert max(map(len, said.splitlines())) < 600


async def test_every_delivery_but_no_secret(store: SqlStore, driver: Driver) -> None:
    job = await brought_to(store, State.RUNNING)
    job = await refused(store, await store.move(job, 1, State.FETCHED, artifacts=(ARTIFACT,)))
    to = Destination("test", {"token": "a-secret-token", "channel_id": 7})
    for n in range(MOST_DELIVERIES):
        job = await store.redeliver(await store.close_job(job), to, Asker(member=f"test:bob{n}", name="Bob"))
        job = await refused(store, job)
    said, plain = await traced(Opened(driver), job.job_id), await traced(Opened(driver), job.job_id, as_json=True)
    assert "  1 older one is left out.\n" in said
    last = f"  {MOST_DELIVERIES + 1}. undeliverable, begun 1 time\n     to channel_id 7\n     for Bob, test:bob"
    assert last in said
    assert "     because of chat_refused\n     in their words: 50013\n" in said
    assert json.loads(plain)["deliveries"][-1]["place"] == {"channel_id": 7}
    assert "a-secret-token" not in said + plain
    assert job.generations[0].callback_token not in said + plain


async def test_a_beginning_finds_at_most_so_many(store: SqlStore, driver: Driver) -> None:
    traces, ids = SqlTraces(driver), sorted([(await admitted(store)).job_id for _ in range(4)])
    assert await traces.beginning(ids[0], 9) == [ids[0]]
    assert len(await traces.beginning(ids[0][:1], 3)) <= 3
    assert await traces.beginning("%", 9) == []


@pytest.mark.parametrize("text", [traces.NAMED, traces.BEGINNING, traces.DELIVERIES, traces.HOLD])
async def test_no_table_is_read_whole_for_one_job(store: SqlStore, driver: Driver, text: str) -> None:
    job = await heard(store)
    args = {
        "job_id": job.job_id,
        "name": job.job_id,
        "beginning": job.job_id,
        "last": job.job_id,
        "length": 9,
        "most": 9,
    }
    assert await troubles(driver, Statement(text, args)) == []


@pytest.mark.parametrize("engine", ["postgres"])
async def test_the_entries_of_one_job_are_no_filter_on_all(store: SqlStore, driver: Driver) -> None:
    """A plan for a few rows may read them all, but with a subplan in its filter it has no other way."""
    (rows,) = await driver.run([Statement(f"EXPLAIN {EXPORT_JOB}", {"job_id": "job"})])
    plan = "\n".join(str(next(iter(row))) for row in rows)
    assert ("ledger" in plan, "SubPlan" in plan) == (True, False)
