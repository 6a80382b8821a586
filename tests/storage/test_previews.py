"""Previews over a real store, on both engines, and the real sandbox: paid once, kept for good, within the budget."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bots.sandbox import Sandbox, SandboxConfig
from core.domain.errors import ArtifactsAway
from core.domain.lifecycle import Reason
from core.domain.previews import Preview, PreviewState, Wanted, WhyNot
from core.domain.products import catalog
from core.domain.refusals import InvalidInput
from core.domain.stored import Stored
from core.engine.pace import Pace
from core.engine.previews import Previews
from core.engine.sharing import SharedFolder
from core.files.artifacts import ArtifactFolder
from core.gateway.client import GatewayClient
from core.gateway.settings import GatewaySettings
from core.ports import ArtifactStore
from storage.driver import Driver
from storage.previews import SqlPreviews
from storage.store import SqlStore
from tests.clock import SetClock
from tests.core.rig import StubMedia
from tests.makers import admission, caller, day, order
from tests.waiting import until
from tests.worlds.s3 import Store, bucket_at, names_in

VOICES = catalog().voices[:8]
COST = 4_600
"""Of the English words."""
PACE = Pace(poll_min_s=0.001, poll_max_s=0.001, fetch_pause_s=0.001, empty_s=0.02, unknown_s=0.02)


class Crash(BaseException):
    """The end of a process."""


class Crashing:
    """Ends the process just before one of its calls, or just after it."""

    def __init__(self, inner: Any, step: str, when: str) -> None:
        self._inner, self._step, self._when = inner, step, when

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._inner, name)
        if name != self._step:
            return call

        async def crashing(*args: Any, **kwargs: Any) -> None:
            if self._when == "after":
                await call(*args, **kwargs)
            raise Crash

        return crashing


class Operator:
    """Makes previews over one database, as several processes would."""

    def __init__(self, drivers: list[Driver], clock: SetClock, sandbox: Sandbox, folder: Path) -> None:
        self.drivers, self.clock, self.sandbox, self.folder = drivers, clock, sandbox, folder
        self.gateway = GatewayClient(
            GatewaySettings(url=sandbox.url, key=SecretStr("key"), public_url="https://bot.example")
        )

    def previews(self, *, budget: int | None = 10**6, total: int | None = None, number: int = 0,
                 crash: tuple[str, str] = ("", ""), folder: str = "previews",
                 artifacts: ArtifactStore | None = None) -> Previews:  # fmt: skip
        return Previews(
            store=Crashing(SqlPreviews(self.drivers[number], self.clock, budget, total), *crash),
            gateway=Crashing(self.gateway, *crash),
            media=Crashing(StubMedia(), *crash),
            artifacts=artifacts or ArtifactFolder(self.folder / folder),
            catalog=catalog(),
            clock=self.clock,
            pace=PACE,
        )

    @property
    def posts(self) -> int:
        return len(self.sandbox.submits)


@pytest.fixture
async def operator(
    store: SqlStore, driver: Driver, connect: Callable[[], Driver], engine: str, clock: SetClock, tmp_path: Path
) -> AsyncIterator[Operator]:
    """An operator with as many processes as the engine allows; `store` checks the books at the end."""
    other = driver if engine == "sqlite" else connect()
    if other is not driver:
        await other.open()
    async with Sandbox(SandboxConfig(queued_s=0, processing_s=0)) as sandbox:
        operator = Operator([driver, other], clock, sandbox, tmp_path)
        yield operator
        await operator.gateway.close()
    if other is not driver:
        await other.close()


def kept(found: object) -> Preview:
    assert isinstance(found, Preview)
    assert found.artifact is not None, found
    assert Path(found.artifact.path).stat().st_size > 1000
    return found


async def test_it_is_made_once_in_each_language_and_kept(operator: Operator) -> None:
    previews = operator.previews()
    assert await previews.of("aria", "en-GB") == Wanted(voice="Aria", language="en", cost_micros=COST)
    made = kept(await previews.make("aria", "en-GB"))
    operator.clock.forward(days=4000)
    assert kept(await previews.of("Aria", "en")) == kept(await operator.previews(number=1).make("Aria", "xx")) == made
    kept(await previews.make("Aria", "de"))
    assert [request.webhook_url for request in operator.sandbox.submits] == [None, None]
    with pytest.raises(InvalidInput):
        await previews.make("Nobody", "en")


async def test_without_a_budget_none_is_made_and_what_there_is_stays(operator: Operator) -> None:
    kept(await operator.previews().make("Aria", "en"))
    kept(await operator.previews(budget=None).make("Aria", "en"))
    assert await operator.previews(budget=None).of("Roger", "en") is WhyNot.NO_BUDGET
    assert await operator.previews(budget=None).make("Roger", "en") is WhyNot.NO_BUDGET


@pytest.mark.parametrize(
    ("fault", "found", "spent"),
    [
        ("400", Reason.BAD_REQUEST, 0),
        ("403", Reason.FORBIDDEN, 0),
        ("500", Reason.SERVER_FAILED, COST),
        ("html", Reason.UNCONFIRMED, COST),
        ("drop", Reason.UNCONFIRMED, COST),
        ("failed", Reason.GATEWAY_FAILED, COST),
        ("error", Reason.GATEWAY_ERROR, 0),
        ("no-media", Reason.NO_MEDIA, COST),
    ],
)
async def test_a_try_that_failed_is_not_repeated_for_a_day(
    operator: Operator, fault: str, found: Reason, spent: int
) -> None:
    previews, sound = operator.previews(), operator.sandbox.config
    operator.sandbox.config = replace(sound, fault=fault)
    failed = await previews.make("Aria", "en")
    assert isinstance(failed, Preview)
    assert (failed.state, failed.reason) == (PreviewState.FAILED, found)
    assert await previews.left() == 10**6 - spent
    operator.sandbox.config = sound
    operator.clock.forward(hours=23.9)
    assert await previews.of("Aria", "en") is await previews.make("Aria", "en") is WhyNot.TRIED
    operator.clock.forward(hours=0.2)
    kept(await previews.make("Aria", "en"))
    assert await previews.left() == 10**6 - spent - COST


@pytest.mark.parametrize("fault", ["401", "402", "429-always"])
async def test_what_the_gateway_can_not_take_now_costs_nothing_and_is_no_try(operator: Operator, fault: str) -> None:
    sound = operator.sandbox.config
    operator.sandbox.config = replace(sound, fault=fault)
    assert await operator.previews().make("Aria", "en") is WhyNot.AWAY
    assert await operator.previews().left() == 10**6
    operator.sandbox.config = sound
    kept(await operator.previews().make("Aria", "en"))


@pytest.mark.parametrize(
    ("step", "when", "at_once", "posts"),
    [
        ("begin", "before", None, 1),
        ("begin", "after", WhyNot.TRIED, 1),
        ("submit", "before", WhyNot.TRIED, 1),
        ("submit", "after", WhyNot.TRIED, 2),
        ("note", "before", WhyNot.TRIED, 2),
        ("note", "after", None, 1),
        ("status", "after", None, 1),
        ("fetch", "after", None, 1),
        ("probe", "after", None, 1),
        ("keep", "before", None, 1),
        ("keep", "after", None, 1),
    ],
)
async def test_a_crash_between_two_steps(
    operator: Operator, step: str, when: str, at_once: WhyNot | None, posts: int
) -> None:
    with pytest.raises(Crash):
        await operator.previews(crash=(step, when)).make("Aria", "en")
    found = await operator.previews(number=1).make("Aria", "en")
    if at_once:
        assert found is at_once
        assert await operator.previews().left() == 10**6 - COST  # an unknown outcome counts
        operator.clock.forward(hours=24)
        found = await operator.previews(number=1).make("Aria", "en")
    kept(found)
    assert operator.posts == posts
    assert await operator.previews().left() == 10**6 - (2 * COST if at_once else COST)


async def test_two_workers_make_one(operator: Operator) -> None:
    ways = [operator.previews(number=number) for number in (0, 1)]
    found = await asyncio.gather(*(way.make("Aria", "en") for way in ways * 10))
    assert operator.posts == 1
    assert {each for each in found if isinstance(each, WhyNot)} <= {WhyNot.TRIED}
    kept(await ways[1].of("Aria", "en"))


@pytest.mark.parametrize("limit", ["budget", "total"])
async def test_two_workers_never_spend_more_than_was_set(operator: Operator, limit: str) -> None:
    most = 4 * COST - 1
    budget, total = (most, None) if limit == "budget" else (10**6, most)
    ways = [operator.previews(number=number, budget=budget, total=total) for number in (0, 1)]
    found = await asyncio.gather(*(way.make(voice, "en") for voice in VOICES for way in ways))
    assert operator.posts == 3
    assert found.count(WhyNot.SPENT) == 2 * (len(VOICES) - 3)
    assert await ways[0].left() == COST - 1
    operator.clock.forward(days=31)
    kept(await ways[0].make(VOICES[-1], "en"))


async def test_the_total_pool_holds_for_orders_and_previews_together(operator: Operator) -> None:
    store = SqlStore(operator.drivers[0], operator.clock, total_pool_micros=3 * COST)
    kept(await operator.previews(total=3 * COST).make("Aria", "en"))
    placed = [admission(order(caller(community=name)), cost=2 * COST, quota=day(None)) for name in "ab"]
    assert [(await store.admit(each)).refused_by for each in placed] == [None, "total_pool"]
    assert await operator.previews(total=3 * COST).make("Roger", "en") is WhyNot.SPENT
    assert await operator.previews(total=3 * COST).left() == 0


async def test_a_file_that_lies_elsewhere_is_fetched_again_free(operator: Operator) -> None:
    kept(await operator.previews().make("Aria", "en"))
    elsewhere = operator.previews(number=1, folder="elsewhere")
    assert await elsewhere.of("Aria", "en") == Wanted(voice="Aria", language="en", cost_micros=0)
    there = kept(await elsewhere.make("Aria", "en"))
    assert there == kept(await elsewhere.of("Aria", "en"))
    kept(await operator.previews().of("Aria", "en"))
    assert operator.posts == 1


async def test_machines_share_them(operator: Operator, s3: Store) -> None:
    place, folders = s3.address(), []
    for name, crash in (("here", ("", "")), ("elsewhere", ("fetch", "before"))):
        folders.append(SharedFolder(operator.folder / name, bucket_at(place)))
        previews = operator.previews(artifacts=folders[-1], crash=crash)
        kept(await previews.make("Aria", "en"))
        await until(lambda: names_in(place), 0.01)
        kept(await previews.of("Aria", "en"))
    assert (operator.posts, len(names_in(place))) == (1, 1)
    assert [len(list((operator.folder / name).iterdir())) for name in ("here", "elsewhere")] == [1, 1]
    for folder in folders:
        await folder.close()


class Empty:
    """A `Bucket` that has nothing, or is away."""

    is_away = False

    async def get(self, *_: object) -> bool:
        if self.is_away:
            raise ArtifactsAway("no answer in time")
        return False

    async def list(self, *_: object) -> Sequence[Stored]:
        return ()

    async def delete(self, *_: object) -> None:
        """Remove nothing."""

    def close(self) -> None:
        """Nothing is open."""


async def test_a_file_out_of_reach_is_not_paid_for_again(operator: Operator) -> None:
    kept(await operator.previews(folder="lost").make("Aria", "en"))
    bucket = Empty()
    folder = SharedFolder(operator.folder / "here", bucket)  # type: ignore[arg-type]
    async with Sandbox(SandboxConfig(queued_s=0, processing_s=0)) as forgetful:
        await operator.gateway.close()
        operator.gateway = GatewayClient(GatewaySettings(url=forgetful.url, key=SecretStr("key")))
        operator.clock.forward(days=2)
        previews = operator.previews(artifacts=folder)
        bucket.is_away = True
        assert await previews.make("Aria", "en") is WhyNot.AWAY
        bucket.is_away = False
        lost = await previews.make("Aria", "en")  # whatever is not there either
        assert isinstance(lost, Preview)
        assert lost.reason is Reason.FORGOTTEN
    await folder.close()


async def test_a_file_that_is_lost_for_good_is_made_anew(operator: Operator) -> None:
    made = kept(await operator.previews().make("Aria", "en"))
    assert made.artifact
    Path(made.artifact.path).unlink()
    async with Sandbox(SandboxConfig(queued_s=0, processing_s=0)) as forgetful:
        await operator.gateway.close()
        operator.gateway = GatewayClient(GatewaySettings(url=forgetful.url, key=SecretStr("key")))
        operator.clock.forward(days=2)
        lost = await operator.previews().make("Aria", "en")
        assert isinstance(lost, Preview)
        assert lost.reason is Reason.FORGOTTEN
        kept(await operator.previews().make("Aria", "en"))
    assert await operator.previews().left() == 10**6 - 2 * COST
