"""A slice of `python -m tests.proofs.power`: power cuts at every event of real transactions lose nothing that was acknowledged."""

import random

import pytest

pytest.importorskip("apsw", reason="power cuts are recorded through apsw, which is not installed")

from tests.proofs.power import wal
from tests.proofs.power.disk import Cut, Disk, File, Piece, cuts
from tests.proofs.power.history import Plan, history, look
from tests.proofs.power.recorder import Event

MAIN = "books.db"


def test_with_our_settings_no_acknowledged_commit_is_lost() -> None:
    found = history(Plan(seed=1, cuts=1500, rounds=15))
    assert (found.lost, found.broken) == (0, 0), found.stories
    assert found.commits > 50
    assert found.cuts > 1200
    assert found.opened > 50


def test_the_harness_sees_what_a_weaker_setting_loses() -> None:
    found = history(Plan(seed=1, cuts=240, rounds=6, synchronous="NORMAL"))
    assert found.lost > found.cuts // 2
    assert found.broken == 0


def test_the_same_plan_cuts_alike() -> None:
    first, second = (history(Plan(seed=3, cuts=120, rounds=3)) for _ in range(2))
    assert first == second


def test_a_damaged_file_is_seen() -> None:
    assert look({MAIN: b"SQLite format 3\0" + bytes(8000)}).wrong


# --- the disk -----------------------------------------------------------------------------------------------------


def written(*events: Event) -> Disk:
    disk = Disk()
    for event in events:
        disk.take(event)
    return disk


def test_a_write_is_torn_at_the_borders_of_sectors() -> None:
    disk = written(Event("open", MAIN), Event("write", MAIN, 500, b"x" * 600))
    assert [(p.at, len(p.data or b"")) for p in disk.names[MAIN].pending] == [(500, 12), (512, 512), (1024, 76)]


def test_what_was_synced_is_certain_and_what_was_not_is_not() -> None:
    disk = written(
        Event("open", "books.db-wal"), Event("write", "books.db-wal", 0, b"a"), Event("sync", "books.db-wal"),
        Event("write", "books.db-wal", 1, b"b"),
    )  # fmt: skip
    uncertain = disk.uncertain()
    assert uncertain.names == []
    assert [piece.data for _, piece in uncertain.units] == [b"b"]
    assert bytes(disk.names["books.db-wal"].synced) == b"a"
    assert set(cuts(uncertain, 10, random.Random(1))) == {Cut(0), Cut(1)}  # noqa: S311


def test_a_removed_name_may_come_back_until_its_folder_is_synced() -> None:
    events = [Event("open", "books.db-wal"), Event("sync", "books.db-wal"), Event("delete", "books.db-wal")]
    assert written(*events).uncertain().names == ["books.db-wal"]
    assert written(*events[:2], Event("delete", "books.db-wal", 1)).uncertain().names == []


# --- the log ------------------------------------------------------------------------------------------------------


def slow_checksum(data: bytes, sums: wal.Sums) -> wal.Sums:
    """As the format's documentation says it."""
    first, second = sums
    for at in range(0, len(data), 8):
        first = (first + int.from_bytes(data[at : at + 4], "little") + second) % 2**32
        second = (second + int.from_bytes(data[at + 4 : at + 8], "little") + first) % 2**32
    return first, second


def test_the_quick_checksum_is_the_documented_one() -> None:
    rng = random.Random(7)  # noqa: S311
    for length, coefficients in ((24, wal._HEAD), (8 + wal.PAGE, wal._BODY)):
        data, start = rng.randbytes(length), (rng.getrandbits(32), rng.getrandbits(32))
        assert wal.checksum(data, start, coefficients) == slow_checksum(data, start)


def test_a_file_reads_back_what_was_written() -> None:
    file = File(pending=[Piece(2, b"cd", 1), Piece(0, b"ab", 2), Piece(3, None, 3)])
    assert file.now() == b"abc"
