"""The book checks see each kind of wrong row."""

from pathlib import Path

import pytest

from core.lifecycle import State
from storage.books import CHECKS, breaches
from storage.driver import Statement
from storage.sqlite import SqliteDriver
from storage.store import SqlStore
from tests.clock import SetClock
from tests.makers import admission

DAMAGE = {
    "every balance equals the ledger's sum": "UPDATE members SET balance_micros = 5",
    "a hold is what its entry says, and a void gives back what the hold took": (
        "UPDATE holds SET allowance_micros = allowance_micros - 1, balance_micros = balance_micros + 1"
    ),
    "every day's usage equals the ledger's sum": "UPDATE usage SET used_micros = used_micros + 1",
    "every pool's usage equals the ledger's sum": "UPDATE pool_usage SET used_micros = used_micros + 1",
    "every month's total equals the ledger's sum": "UPDATE total_usage SET used_micros = used_micros + 1",
    "a hold exists exactly while its job is unresolved": "DELETE FROM holds",
    "every job has one hold entry, and one resolution once it is resolved": "DELETE FROM ledger WHERE kind = 'charge'",
    "a charge is what was held, for a job that has audio": "UPDATE ledger SET charged_micros = 1 WHERE kind = 'charge'",
    "a hold's entry is the job's cost": "UPDATE jobs SET cost_micros = 1",
    "nobody's balance is negative": "UPDATE members SET balance_micros = -1",
    "a closed job keeps no destination": "UPDATE jobs SET closed_ms = 1",
}


def test_every_check_has_its_damage() -> None:
    assert DAMAGE.keys() == CHECKS.keys()


@pytest.mark.parametrize("rule", DAMAGE)
async def test_damage_is_named(tmp_path: Path, rule: str) -> None:
    driver = SqliteDriver(tmp_path / "books.db")
    store = SqlStore(driver, SetClock())
    await store.open()
    await store.admit(admission())
    job = (await store.admit(admission())).job
    assert job is not None
    for step in (State.SUBMITTING, State.RUNNING, State.GENERATED):
        job = await store.move(job, step)
    assert [s async for s in breaches(driver)] == []
    await driver.run([Statement("PRAGMA ignore_check_constraints = ON"), Statement(DAMAGE[rule])])
    assert any(rule in s for s in [s async for s in breaches(driver)])
    await store.close()
