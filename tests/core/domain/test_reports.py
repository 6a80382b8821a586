"""What admins read and export, which no name can forge and no spreadsheet runs."""

import pytest

from core.domain.people import Person
from core.domain.quota import day_of
from core.domain.refusals import InvalidInput
from core.domain.reports import Entry, Spent, harmless, to_csv
from tests.core.engine.jobs import at_rest
from tests.core.people import ANN, BOSS, OWNER
from tests.core.rig import Incarnation, Rig
from tests.makers import caller, order


async def test_usage_adds_up_by_day_member_and_product(alive: Incarnation, rig: Rig) -> None:
    for who, text in (("ann", "Hello everyone"), ("bob", "Hi"), ("ann", "Yes")):
        await alive.service.order(order(caller(who), text))
    await alive.service.order(order(caller("bob"), product="music", parameters={"prompt": "lo-fi"}))
    await at_rest(alive)
    rig.clock.forward(days=1)
    await alive.service.order(order(caller("ann"), "Ok"))
    await alive.service.order(order(caller(community="choir"), "elsewhere"))
    await at_rest(alive)
    usage = await alive.service.admin.usage(BOSS, "month")
    assert usage.total_micros == 2600
    assert usage.by_product == {"music": 500, "speech": 2100}
    assert usage.top == (Spent("test:ann", "Ann", 1900), Spent("test:bob", "Bob", 700))
    assert list(usage.by_day.values()) == [2400, 200]
    assert (await alive.service.admin.usage(BOSS, "day")).total_micros == 200
    assert (await alive.service.admin.usage(BOSS, "month", ANN)).total_micros == 1900
    with pytest.raises(InvalidInput):
        await alive.service.admin.usage(BOSS, "year")
    today_ms = day_of(rig.clock.now_ms())
    between = alive.service.admin._store.usage
    assert (await between("test:band", "", 0, today_ms, 1)).total_micros == 2400
    assert (await between("test:band", "", today_ms, today_ms + 1, 1)).total_micros == 200
    listed = await alive.service.operators.communities(OWNER)
    assert [(c.community, c.used_micros) for c in listed] == [("test:band", 2600), ("test:choir", 900)]


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\t=1", "\r=1"])
def test_cells_that_a_spreadsheet_would_run_are_harmless(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"


def test_numbers_and_other_words_stay_as_they_are() -> None:
    assert [harmless(cell) for cell in (-5, "grant", "a=b", "")] == [-5, "grant", "a=b", ""]


async def test_the_ledger_as_csv(alive: Incarnation) -> None:
    await alive.service.admin.grant(BOSS, Person(member="test:eve", name="=cmd()"), "1", '@x, "y"')
    text = to_csv(Entry, await alive.service.entries(caller("eve")))
    assert text.splitlines()[0].startswith("at,entry_id,at_ms,community,member,name,kind")
    assert "'=cmd()" in text
    assert '"\'@x, ""y"""' in text


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Ann\nApproved by Boss", "AnnApproved by Boss"),
        ("\u202enna", "nna"),
        ("A\u200bn\x00n", "Ann"),
        ("  Ann   Lee ", "Ann Lee"),
        ("\u2066\u200b", "somebody"),
        ("x" * 500, "x" * 64),
        ("a" + "\u0301" * 50 + "b", "a\u0301\u0301\u0301\u0301b"),
        ("e" + ("\u0301" * 4 + "\u200d") * 9, "e\u0301\u0301\u0301\u0301"),
    ],
)
def test_names_forge_nothing(name: str, shown: str) -> None:
    assert caller(name=name).name == shown
    assert Person(member="test:ann", name=name).name == shown
