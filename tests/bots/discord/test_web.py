"""What the whole service answers over HTTP: callbacks, readiness and metrics."""

import asyncio
import json
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio

from bots.app.life import App
from core.domain.lifecycle import State
from tests.bots.discord.calling import PUBLIC, Caller, CallingStudio, speak
from tests.bots.discord.conftest import Running, Stage
from tests.waiting import WAIT_S, until

CALLED = {"public_url": PUBLIC, "poll_max_s": 60}
"""What has run for longer than `poll_max_s` when it is first looked at may have missed its callback, and is polled."""


@pytest.fixture(autouse=True)
def _called_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine is, nobody looks before the callback: polling as a safety net comes after any test."""
    monkeypatch.setattr("core.engine.polling.Polling._net_s", lambda *_: 10.0 * WAIT_S)


@pytest_asyncio.fixture
async def studio() -> AsyncIterator[CallingStudio]:
    async with CallingStudio() as studio:
        yield studio


async def submitted(studio: CallingStudio) -> None:
    async with asyncio.timeout(WAIT_S):
        await studio.submitted.wait()


async def test_a_callback_fetches_the_audio_at_once(
    stage: Stage, running: Running, studio: CallingStudio, http: aiohttp.ClientSession
) -> None:
    async with running(**CALLED) as app:
        caller = Caller(app, http)
        reply = await speak(stage)
        await reply.wait_for(lambda r: "Generating" in r.content)
        assert studio.asked == 0
        assert await caller.post(studio.path, {"request_id": studio.names[0], "status": "COMPLETED"}) == 200
        assert len(await reply.audio()) == 1
        assert studio.asked == 1
        for _ in range(2):  # duplicates are harmless, also afterwards
            assert await caller.post(studio.path, {"request_id": studio.names[0]}) == 200
        assert len(studio.orders) == 1


async def test_a_callback_that_lies_changes_nothing(
    stage: Stage, running: Running, studio: CallingStudio, http: aiohttp.ClientSession
) -> None:
    async with running(**CALLED) as app:
        caller = Caller(app, http)
        studio.ready.clear()
        reply = await speak(stage)
        await reply.wait_for(lambda r: "Generating" in r.content)
        lie = {"request_id": studio.names[0], "status": "COMPLETED", "output": {"media_url": ["http://127.0.0.1/x"]}}
        assert await caller.post(studio.path, lie) == 200
        await until(lambda: studio.asked)
        job_id = studio.path.removeprefix("/gateway/").partition(".")[0]
        assert await caller.post(f"/gateway/{job_id}.{'x' * 32}", lie) == 404
        assert await caller.post(f"/gateway/{job_id}", lie) == 404
        assert await caller.post(studio.path, b"not JSON") == 400
        assert await caller.post(studio.path, b" " * (64 * 1024 + 1)) == 413
        assert reply.last.attachments == []
        studio.ready.set()
        assert await caller.post(studio.path, ["no object"]) == 200
        await reply.audio()


@pytest.mark.parametrize("overtakes", [True, False], ids=["before the answer is lost", "after"])
async def test_a_request_id_that_was_lost_comes_with_the_callback(
    stage: Stage, running: Running, studio: CallingStudio, http: aiohttp.ClientSession, *, overtakes: bool
) -> None:
    async with running(**CALLED) as app:
        caller = Caller(app, http)
        studio.answer_submits.clear()
        studio.breaks = True
        reply = await speak(stage)
        await submitted(studio)
        called_back = {"request_id": studio.names[0]}
        if overtakes:
            assert await caller.post(studio.path, called_back) == 200
            await followed()
        studio.answer_submits.set()
        if not overtakes:
            await until_open(app, State.UNCONFIRMED)
            assert await caller.post(studio.path, called_back) == 200
        assert len(await reply.audio()) == 1
        assert len(studio.orders) == 1


async def followed() -> None:
    """Wait until what follows a callback is done."""
    await until(lambda: not [t for t in asyncio.all_tasks() if t.get_name().startswith("callback of")])


async def until_open(app: App, state: State) -> None:
    async with asyncio.timeout(WAIT_S):
        while not (await app.health.open_jobs()).get(state):
            await asyncio.sleep(0)


async def test_a_callback_that_overtakes_the_answer_is_not_forgotten(
    stage: Stage, running: Running, studio: CallingStudio, http: aiohttp.ClientSession
) -> None:
    async with running(**CALLED) as app:
        studio.answer_submits.clear()
        reply = await speak(stage)
        await submitted(studio)
        assert await Caller(app, http).post(studio.path, {"request_id": studio.names[0]}) == 200
        await followed()
        studio.answer_submits.set()
        assert len(await reply.audio()) == 1  # well before the net


async def test_readiness_follows_store_chat_and_drain(
    stage: Stage, running: Running, studio: CallingStudio, http: aiohttp.ClientSession
) -> None:
    async with running(**CALLED) as app:
        caller = Caller(app, http)
        async with asyncio.timeout(WAIT_S):
            while (await caller.get("/readyz"))[0] != 200:
                await asyncio.sleep(0.01)
        app.settings.spool.rename(app.settings.data_dir / "away")
        assert json.loads((await caller.get("/readyz"))[1])["wrong"] == {"spool": "can't be written"}
        (app.settings.data_dir / "away").rename(app.settings.spool)
        await app.worker.stop(1)
        status, said = await caller.get("/readyz")
        assert (status, json.loads(said)["wrong"]) == (503, {"service": "draining"})
        assert (await caller.get("/healthz"))[0] == 200
        await app.platforms["discord"].stop_receiving()
        assert (await app.health.wrong())["discord"] == "not connected"


async def test_a_store_that_does_not_answer_is_not_ready_and_callbacks_come_again(
    stage: Stage, running: Running, studio: CallingStudio, http: aiohttp.ClientSession
) -> None:
    async with running(**CALLED) as app:
        caller = Caller(app, http)
        reply = await speak(stage)
        await reply.wait_for(lambda r: "Generating" in r.content)
        await app.worker.stop(5)
        await app.service._store._driver.close()  # type: ignore[attr-defined]
        assert json.loads((await caller.get("/readyz"))[1])["wrong"]["store"] == "does not answer"
        assert await caller.post(studio.path, {"request_id": studio.names[0]}) == 503
        assert "troubadour_store_up 0" in (await caller.get("/metrics"))[1]
        await app.service._store._driver.open()  # type: ignore[attr-defined]


async def test_metrics_count_what_happened_and_name_nobody(
    stage: Stage, running: Running, studio: CallingStudio, http: aiohttp.ClientSession
) -> None:
    async with running(**CALLED) as app:
        caller = Caller(app, http)
        reply = await speak(stage)
        await reply.wait_for(lambda r: "Generating" in r.content)
        said = (await caller.get("/metrics"))[1]
        assert 'troubadour_jobs{state="running"} 1' in said
        assert "troubadour_jobs_in_flight 1" in said
        await caller.post(studio.path, {})
        await reply.audio()
        said = (await caller.get("/metrics"))[1]
        for line in (
            'troubadour_orders_total{outcome="ok",product="speech"} 1.0',
            'troubadour_gateway_calls_total{call="submit",outcome="ok"} 1.0',
            'troubadour_gateway_calls_total{call="status",outcome="ok"} 1.0',
            'troubadour_deliveries_total{kind="audio",outcome="ok",platform="discord"} 1.0',
            'troubadour_http_requests_total{route="callback",status="200"} 1.0',
            'troubadour_moves_total{state="running"} 1.0',
            'troubadour_order_first_sign_seconds_count{platform="discord"} 1.0',
            'troubadour_order_audio_seconds_count{platform="discord",product="speech"} 1.0',
            'troubadour_charged_dollars_total{product="speech"} 0.0014',
            'troubadour_released_dollars_total{product="speech"} 0.0',
            "troubadour_jobs_waiting 0.0",
            "troubadour_breaker_open_seconds 0.0",
            "troubadour_store_up 1.0",
        ):
            assert line in said.splitlines()
        secrets = [str(stage.ana.user.id), str(stage.guild.id), studio.path.split(".")[1], stage.world.token]
        assert [secret for secret in secrets if secret in said] == []
