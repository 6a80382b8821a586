"""What is in the ledger and the audit stays, whoever asks the database; what people wrote beside it can go."""

import pytest

from core.domain.errors import Conflict
from core.domain.people import Person
from core.domain.refusals import NotFound
from storage.admin_store import SqlAdminStore
from storage.driver import Driver, Statement
from storage.store import SqlStore
from tests.makers import act, admission

ANN = Person(member="test:ann", name="Ann")


@pytest.mark.parametrize("table", ["ledger", "audit"])
@pytest.mark.parametrize("change", ["UPDATE {} SET at_ms = at_ms + 1", "DELETE FROM {}"])
async def test_what_was_entered_is_not_changed(
    store: SqlStore, admin: SqlAdminStore, driver: Driver, table: str, change: str
) -> None:
    await admin.credit(act("grant", ANN.member), ANN, 500, "")
    await store.admit(admission())
    with pytest.raises(Conflict, match=f"{table} is append-only"):
        await driver.run([Statement(change.format(table))])


async def test_names_and_reasons_can_be_erased_and_the_books_balance(
    store: SqlStore, admin: SqlAdminStore, driver: Driver
) -> None:
    await admin.credit(act("grant", ANN.member), ANN, 500, "for the solo of Kim")
    await admin.refused(act("grant", "@kim"), NotFound.outcome)
    assert [entry.note for entry in await store.entries("test:band", ANN.member, 9)] == ["for the solo of Kim"]
    for table in ("ledger", "audit"):
        (rows,) = await driver.run([Statement(f"SELECT * FROM {table}")])
        assert not any("im" in str(value) or value == "Boss" for row in rows for value in row)
    await driver.run([Statement("DELETE FROM ledger_notes"), Statement("DELETE FROM audit_texts")])
    (entry,) = await store.entries("test:band", ANN.member, 9)
    assert (entry.note, entry.balance_micros) == ("", 500)
    assert {(act.actor_name, act.target) for act in await admin.audit("test:band", 9)} == {("", ANN.member), ("", "")}
