"""What changed lately is checked alone, as strictly as everything, on both engines."""

from storage.books import audit, breaches
from storage.books_sql import CHECKS
from storage.driver import Driver, Statement
from storage.recent import Recent
from storage.store import SqlStore
from tests.clock import SetClock
from tests.storage.false_books import DAY_MS, FALSE, PRICE, books, falsified, first_of_each, itself


async def test_what_changed_lately_is_checked_alone(driver: Driver, clock: SetClock, store: SqlStore) -> None:
    await books(driver, clock, store)
    lately, later = Recent(1000, clock.now_ms()), Recent(1, clock.now_ms() + 500 * DAY_MS)
    assert [sentence async for sentence in breaches(driver, lately)] == []
    assert [sentence async for sentence in breaches(driver, later)] == []
    unseen: list[str] = []
    async with falsified(driver) as run:
        for table, where, change, rule in FALSE:
            (rows,) = await driver.run([Statement(f"SELECT * FROM {table} WHERE {where}")])
            done = f"UPDATE {table} SET {change}" if change else f"DELETE FROM {table}"
            statement, query = (
                f"{done} WHERE {itself(first_of_each(rows)[0])}",
                lately.narrowed(rule, CHECKS[rule], driver.dialect),
            )
            narrowed = query.sql.replace(":since_ms", str(query.args.get("since_ms")))
            if await run(statement, CHECKS[rule]) and not await run(statement, narrowed):
                unseen.append(f"{statement}: {rule}")
    assert unseen == []
    findings = (await audit(driver, lately)).findings
    assert findings[0] == "They balance, as far as they were looked at."
    assert findings[-1].startswith("Looked at: unfinished jobs, and what changed since 20")
    assert findings[-1].endswith(" Nothing else was looked at; without --days everything is.")


async def test_what_is_old_is_not_looked_at(driver: Driver, clock: SetClock, store: SqlStore) -> None:
    await books(driver, clock, store)
    later = Recent(1, clock.now_ms() + 500 * DAY_MS)
    (rows,) = await driver.run([Statement("SELECT * FROM jobs WHERE state = 'ready' AND closed_ms IS NOT NULL")])
    async with falsified(driver) as run:
        harm = f"UPDATE jobs SET cost_micros = cost_micros + 1 WHERE {itself(rows[0])}"
        assert await run(harm, CHECKS[PRICE])
        narrowed = later.narrowed(PRICE, CHECKS[PRICE], driver.dialect)
        assert not await run(harm, narrowed.sql.replace(":since_ms", str(narrowed.args["since_ms"])))
