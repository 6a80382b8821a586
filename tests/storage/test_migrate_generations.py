"""A database from before generations had rows of their own, with jobs in every state: all of it comes along."""

import json
from dataclasses import asdict

import pytest

from core.domain.lifecycle import JobState, State
from storage.books import breaches
from storage.driver import Driver, Statement
from storage.store import SqlStore
from tests.clock import SetClock
from tests.moves import only
from tests.storage.jobs import gone_on
from tests.storage.old import Old, described

BEFORE = Old("before_generations")
NOW = {
    "queued": (JobState.OPEN, State.QUEUED),
    "submitting": (JobState.OPEN, State.SUBMITTING),
    "unconfirmed": (JobState.OPEN, State.UNCONFIRMED),
    "running": (JobState.OPEN, State.RUNNING),
    "ready": (JobState.READY, State.FETCHED),
    "rejected": (JobState.FAILED, State.REJECTED),
    "failed": (JobState.FAILED, State.FAILED),
    "expired": (JobState.EXPIRED, State.EXPIRED),
    "late": (JobState.EXPIRED, State.LATE),
    "cancelled": (JobState.CANCELLED, State.CANCELLED),
}
"""What became of each state: of the job, and of its generation."""
KEPT = (
    "callback_token",
    "attempts",
    "request_id",
    "submitted_ms",
    "deadline_ms",
    "reason",
    "detail",
    "upstream_micros",
)


@pytest.fixture
def clock() -> SetClock:
    made = SetClock()
    made.forward(ms=BEFORE.figures["now_ms"] - made.ms)
    return made


async def test_each_job_has_one_generation_that_is_as_far(
    driver: Driver, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await BEFORE.write(driver, monkeypatch)
    await driver.open()
    (before,) = await driver.run([Statement("SELECT * FROM jobs")])
    await driver.close()
    assert {row["state"] for row in before} == NOW.keys()
    assert {row["late"] for row in before} == {"", "awaited", "came"}
    store = SqlStore(driver, clock)
    await store.open()
    for row in before:
        job = await store.job(row["job_id"])
        assert job is not None
        made = only(job)
        assert (job.state, made.state) == NOW[row["state"]]
        assert (job.late, job.worker_id, job.updated_ms) == (row["late"], row["worker_id"], row["updated_ms"])
        assert [getattr(made, name) for name in KEPT] == [row[name] for name in KEPT]
        assert (made.number, made.part, made.cost_micros, made.characters, made.parameters) == (
            1, 1, row["cost_micros"], row["characters"], json.loads(row["parameters"]),
        )  # fmt: skip
        kept = json.loads(row["artifacts"])  # of before there were waveforms
        for artifact in kept:
            artifact["probe"]["waveform"] = ""
        assert [asdict(artifact) for artifact in made.artifacts] == kept
        assert (job.delivery.number if job.delivery else 0) == row["deliveries"]
    assert [sentence async for sentence in breaches(driver)] == []
    assert await BEFORE.standings(store) == BEFORE.figures["standings"]
    assert described(await store.unfinished()) == BEFORE.figures["unfinished"]
    for job in await store.unfinished():
        await gone_on(store, job)
    assert [sentence async for sentence in breaches(driver)] == []
    await store.close()
