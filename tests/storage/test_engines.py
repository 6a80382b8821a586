"""What the command line asks of a database, on either engine."""

import asyncio
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bots.__main__ import main
from bots.app.environment import read
from bots.cli import check
from core.domain.errors import StoreError
from storage.engines import audit_of, driver_of, export_of, reach
from storage.sqlite import SqliteDriver
from storage.store import SqlStore
from tests.clock import SetClock
from tests.makers import admission
from tests.storage.damage import damage
from tests.worlds.postgres import Server


async def test_books_of_a_postgres_database_are_audited_and_exported(postgres: Server) -> None:
    url = await postgres.ready()
    store = SqlStore(driver_of(url), SetClock())
    await store.open()
    await store.admit(admission())
    await store.close()
    assert (await audit_of(url)).balance
    await export_of(url, out := io.StringIO())
    assert len(out.getvalue().splitlines()) == 2
    driver = driver_of(url)
    await driver.open()
    await damage(driver, "DELETE FROM ledger")
    await driver.close()
    assert not (await audit_of(url)).balance


async def test_an_empty_database_has_no_books(postgres: Server) -> None:
    with pytest.raises(StoreError, match="not a database of Troubadour"):
        await audit_of(await postgres.empty())


async def test_check_says_that_a_database_is_out_of_reach_and_keeps_the_password() -> None:
    settings = read(database_url="postgresql://ann:sesame@127.0.0.1:1/x", http_port=0, _env_file=None)
    assert await check.check(settings, out := io.StringIO(), reach) == 1
    assert "can't be opened" in out.getvalue()
    assert ": start it, or put the host and port where it is\n" in out.getvalue()
    assert "sesame" not in out.getvalue() + repr(settings)


@pytest.mark.parametrize(
    ("out", "said"), [("/dev/full", "The output can't be written: No space left on device.\n"), ("", "")]
)
def test_an_output_that_takes_nothing_is_not_taken_for_wrong_books(tmp_path: Path, out: str, said: str) -> None:
    asyncio.run(_empty_books(tmp_path / "troubadour.db"))
    read_end, write_end = os.pipe()
    os.close(read_end)
    with open(out or write_end, "w") as nowhere:  # noqa: PTH123 - a descriptor
        ended = subprocess.run(
            [sys.executable, "-m", "bots", "ledger", "verify"],
            stdout=nowhere, stderr=subprocess.PIPE, env={**os.environ, "DATA_DIR": str(tmp_path)}, check=False, text=True,
        )  # fmt: skip
    assert (ended.returncode, ended.stderr) == (2, said)


def test_junk_is_one_sentence_and_not_taken_for_wrong_books(tmp_path: Path) -> None:
    (tmp_path / "troubadour.db").write_bytes(b"no database at all, but long enough to look at" * 100)
    ended = subprocess.run(
        [sys.executable, "-m", "bots", "ledger", "verify"],
        capture_output=True, env={**os.environ, "DATA_DIR": str(tmp_path)}, check=False, text=True,
    )  # fmt: skip
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)
    assert "is damaged, or no database at all" in ended.stderr


async def _empty_books(path: Path) -> None:
    store = SqlStore(SqliteDriver(path), SetClock())
    await store.open()
    await store.close()


def test_a_backup_of_postgres_is_pg_dumps_work(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://127.0.0.1:1/x")
    assert main(["backup", "copy.db"]) == 2
    assert "pg_dump" in capsys.readouterr().err
