"""Stores with old jobs or jobs in flight, written in bulk without the service."""

import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from benchmarks.core_rig import open_store
from benchmarks.fakes import CHAT
from benchmarks.harness import Figures
from benchmarks.orders import COST_MICROS, MEMBERS_OF_COMMUNITY, TEXT
from bots.app.compose import WallClock
from core.domain.quota import DAY_MS, day_of
from storage.driver import Driver, Statement

JOBS_OF_MEMBER = 50
DAYS = 90
"""How many days the old jobs span; each member was active on a third of them."""

_NUMBERS = "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :count)"
_KEY = f"'{CHAT}:' || (i % :members / {MEMBERS_OF_COMMUNITY})"
_HERE = f"(SELECT community_id FROM communities WHERE key = {_KEY})"
_MEMBER = f"'{CHAT}:m' || (i % :members)"
_ACCOUNT = f"(SELECT account_id FROM identities WHERE key = {_MEMBER})"
_COMMUNITIES = f"""{_NUMBERS} INSERT INTO communities (key, state) SELECT {_KEY}, 'approved' FROM n WHERE i < :members
    ON CONFLICT (key) DO NOTHING"""
_ACCOUNTS = (
    f"""{_NUMBERS} INSERT INTO accounts (opened_for) SELECT {_MEMBER} FROM n WHERE i < :members
    ON CONFLICT (opened_for) DO NOTHING""",
    """INSERT INTO identities (key, account_id) SELECT opened_for, account_id FROM accounts WHERE true
    ON CONFLICT (key) DO NOTHING""",
)
_DAY = f":today - (i / :members * 3 % {DAYS}) * {DAY_MS}"
_PAST = (
    _COMMUNITIES,
    *_ACCOUNTS,
    f"""{_NUMBERS} INSERT INTO jobs (
        job_id, event_id, platform, member, community_id, member_name, direct, product, parameters, characters,
        cost_micros, state, destination, channel, roles, callback_token, created_ms, updated_ms, attempts, request_id,
        submitted_ms, deadline_ms, closed_ms, deliveries
    ) SELECT printf('0%017d', i), '{CHAT}:past' || i, '{CHAT}', {_MEMBER}, {_HERE}, 'Member', 0, 'speech', :parameters,
        {len(TEXT)}, {COST_MICROS}, 'ready', :destination, '', ',', printf('0%017d', i) || hex(randomblob(16)),
        {_DAY}, {_DAY}, 1, hex(randomblob(16)), {_DAY}, {_DAY}, {_DAY}, 1 FROM n""",
    f"""{_NUMBERS} INSERT INTO deliveries (job_id, number, state, destination, attempts, created_ms, updated_ms)
    SELECT printf('0%017d', i), 1, 'sent', :destination, 1, {_DAY}, {_DAY} FROM n""",
    f"""{_NUMBERS} INSERT INTO ledger (
        entry_id, at_ms, member, account_id, community_id, kind, job_id, day_ms, month_ms, allowance_micros
    ) SELECT printf('0%017d:hold', i), {_DAY}, {_MEMBER}, {_ACCOUNT}, {_HERE}, 'hold', printf('0%017d', i),
        {_DAY}, {_DAY}, {COST_MICROS} FROM n""",
    f"""{_NUMBERS} INSERT INTO ledger (
        entry_id, at_ms, member, account_id, community_id, kind, job_id, day_ms, month_ms, charged_micros
    ) SELECT printf('0%017d:charge', i), {_DAY}, {_MEMBER}, {_ACCOUNT}, {_HERE}, 'charge', printf('0%017d', i),
        {_DAY}, {_DAY}, {COST_MICROS} FROM n""",
    f"""{_NUMBERS} INSERT INTO usage (account_id, community_id, day_ms, used_micros)
    SELECT {_ACCOUNT}, {_HERE}, {_DAY}, {COST_MICROS} FROM n WHERE true
    ON CONFLICT (community_id, account_id, day_ms) DO UPDATE SET used_micros = used_micros + excluded.used_micros""",
    f"""{_NUMBERS} INSERT INTO members (member, community_id, name, handle, seen_ms)
    SELECT {_MEMBER}, {_HERE}, 'Member', 'member' || i, :today FROM n WHERE i < :members""",
)
_RUNNING = (
    _COMMUNITIES,
    *_ACCOUNTS,
    f"""{_NUMBERS} INSERT INTO jobs (
        job_id, event_id, platform, member, community_id, member_name, direct, product, parameters, characters,
        cost_micros, state, destination, channel, roles, callback_token, created_ms, updated_ms, attempts, request_id,
        submitted_ms, deadline_ms
    ) SELECT printf('1%017d', i), '{CHAT}:now' || i, '{CHAT}', {_MEMBER}, {_HERE}, 'Member', 0, 'speech', :parameters,
        {len(TEXT)}, {COST_MICROS}, 'running', :destination, '', ',', printf('1%017d', i) || hex(randomblob(16)),
        :now, :now, 1, 'request-' || i, :now - (i % 2) * :late, :now + 900000 FROM n""",
    f"""{_NUMBERS} INSERT INTO holds (
        job_id, account_id, community_id, day_ms, month_ms, allowance_micros, balance_micros
    ) SELECT printf('1%017d', i), {_ACCOUNT}, {_HERE}, :today, :today, {COST_MICROS}, 0 FROM n""",
)


async def past(*, folder: str, shared: str, jobs: int, within: Sequence[str]) -> Figures:  # noqa: ARG001
    """Create stores in the shared folder, each with a number of finished jobs."""
    first, *others = (Path(shared) / name for name in within)
    async with open_store(str(first)):
        pass
    with closing(sqlite3.connect(first / "troubadour.db")) as connection:
        connection.execute("PRAGMA synchronous=OFF")  # before anything is measured
        connection.execute("PRAGMA cache_size=-400000")
        for text in _PAST:
            connection.execute(text, _args(jobs))
        connection.commit()
    for other in others:
        shutil.copytree(first, other)
    return {}


async def running_jobs(driver: Driver, jobs: int, late_s: float) -> None:
    """Add jobs that run at the gateway; every second one was submitted `late_s` ago."""
    args = {**_args(jobs), "late": round(1000 * late_s)}
    await driver.run([Statement(text, args) for text in _RUNNING])


def _args(jobs: int) -> dict[str, int | str]:
    now_ms = WallClock().now_ms()
    return {
        "count": jobs,
        "members": max(1, jobs // JOBS_OF_MEMBER),
        "today": day_of(now_ms),
        "now": now_ms,
        "parameters": f'{{"text": "{TEXT}", "voice": "Aria"}}',
        "destination": f'{{"platform": "{CHAT}", "data": {{"chat": 1, "order": 2}}}}',
    }
