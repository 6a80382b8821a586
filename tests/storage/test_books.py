"""The books' rules see whatever is false in one place, on both engines: each column, in each kind of row."""

import pytest

from storage.books import breaches
from storage.books_sql import CHECKS
from storage.driver import Driver, Statement
from storage.store import SqlStore
from tests.clock import SetClock
from tests.storage.false_books import FALSE, NEGATIVE, NO_MONEY, books, falsified, first_of_each, itself


def test_each_rule_and_each_column_has_its_falsification() -> None:
    assert {rule for *_, rule in FALSE} | {NEGATIVE} == CHECKS.keys()


async def test_whatever_is_false_in_one_place_is_found(driver: Driver, clock: SetClock, store: SqlStore) -> None:
    await books(driver, clock, store)
    assert [sentence async for sentence in breaches(driver)] == []
    unseen: list[str] = []
    untried: dict[str, set[str]] = {}
    async with falsified(driver) as run:
        for table, where, change, rule in FALSE:
            (rows,) = await driver.run([Statement(f"SELECT * FROM {table} WHERE {where}")])
            assert rows, (table, where)
            untried.setdefault(table, set(rows[0].keys()) - set(NO_MONEY.get(table, "").split()))
            untried[table].discard((change or "").split(" = ")[0])
            for row in first_of_each(rows):
                statement = (
                    f"{f'UPDATE {table} SET {change}' if change else f'DELETE FROM {table}'} WHERE {itself(row)}"
                )
                if not await run(statement, CHECKS[rule]):
                    unseen.append(f"{statement}: {rule}")
    assert unseen == []
    assert not any(untried.values()), untried


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_a_negative_balance_is_found(driver: Driver, clock: SetClock, store: SqlStore) -> None:
    await books(driver, clock, store)
    async with falsified(driver) as run:
        assert await run("UPDATE balances SET balance_micros = -1 WHERE balance_micros > 30000", CHECKS[NEGATIVE])
