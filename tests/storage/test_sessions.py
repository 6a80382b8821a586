"""Links and sessions of the console on both engines: used once, ended in time."""

import asyncio

from core.domain.sessions import LINK_MS, MOST_SESSIONS, SESSION_MS, Visitor
from core.engine.sessions import Sessions
from storage.driver import Driver
from storage.sessions import SqlSessions
from storage.store import SqlStore
from tests.clock import SetClock

URL = "https://console.example"
ANN = Visitor(member="test:ann", name="Ann", locale="de")


def sessions_of(driver: Driver, clock: SetClock) -> Sessions:
    return Sessions(SqlSessions(driver), clock, URL)


async def secret_of(sessions: Sessions, visitor: Visitor = ANN) -> str:
    return (await sessions.link_for(visitor)).removeprefix(f"{URL}/in/")


async def test_of_all_who_use_a_link_at_once_one_is_let_in(store: SqlStore, driver: Driver, clock: SetClock) -> None:
    sessions = sessions_of(driver, clock)
    link = await secret_of(sessions)
    begun = await asyncio.gather(*(sessions.begin(link) for _ in range(8)))
    (secret,) = [each for each in begun if each]
    found = await sessions.of(secret)
    assert found is not None
    assert (found.member, found.name, found.locale) == ("test:ann", "Ann", "de")
    assert await sessions.offered(link) is None


async def test_a_link_lasts_for_ten_minutes_and_a_session_for_hours(
    store: SqlStore, driver: Driver, clock: SetClock
) -> None:
    sessions = sessions_of(driver, clock)
    late = await secret_of(sessions)
    clock.forward(ms=LINK_MS)
    assert await sessions.offered(late) is None
    assert await sessions.begin(late) is None
    secret = await sessions.begin(await secret_of(sessions))
    assert secret is not None
    clock.forward(ms=SESSION_MS - 1)
    assert await sessions.of(secret)
    clock.forward(ms=1)
    assert await sessions.of(secret) is None
    clock.leap(hours=-100)
    assert await sessions.of(secret) is None


async def test_sessions_of_one_member_are_limited_and_end_together(
    store: SqlStore, driver: Driver, clock: SetClock
) -> None:
    sessions = sessions_of(driver, clock)
    secrets = []
    for _ in range(MOST_SESSIONS + 1):
        secrets.append(await sessions.begin(await secret_of(sessions)))
        clock.forward(ms=1)
    other = await sessions.begin(await secret_of(sessions, Visitor(member="test:bob", name="Bob")))
    alive = [await sessions.of(str(secret)) for secret in secrets]
    assert [found is not None for found in alive] == [False] + [True] * MOST_SESSIONS
    assert alive[-1] is not None
    waiting = await secret_of(sessions)
    await sessions.end(alive[-1], everywhere=True)
    assert [await sessions.of(str(secret)) for secret in secrets] == [None] * (MOST_SESSIONS + 1)
    assert await sessions.offered(waiting) is None
    assert await sessions.of(str(other))
