"""Books are damaged past what refuses it: for tests of what finds damage."""

from storage.driver import Driver, Statement

UNGUARD = {
    "sqlite": tuple(f"DROP TRIGGER {table}_{verb}" for table in ("ledger", "audit") for verb in ("update", "delete")),
    "postgres": tuple(f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in ("ledger", "audit")),
}
"""What takes the ledger's and the audit's triggers away, by dialect."""


async def damage(driver: Driver, text: str) -> None:
    """Change what may not be changed; it stays unguarded."""
    await driver.run([*(Statement(each) for each in UNGUARD[driver.dialect]), Statement(text)])
