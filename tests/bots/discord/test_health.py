"""Readiness and metrics of the running service, over HTTP."""

import asyncio
import json
from collections.abc import AsyncIterator

import aiohttp
import pytest_asyncio

from tests.bots.discord.calling import PUBLIC, Caller, CallingStudio, speak
from tests.bots.discord.conftest import Running, Stage


@pytest_asyncio.fixture
async def studio() -> AsyncIterator[CallingStudio]:
    async with CallingStudio() as studio:
        yield studio


async def test_readiness_follows_store_chat_and_drain(
    stage: Stage, running: Running, studio: CallingStudio, http: aiohttp.ClientSession
) -> None:
    async with running(public_url=PUBLIC) as app:
        caller = Caller(app, http)
        async with asyncio.timeout(10):
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
    async with running(public_url=PUBLIC) as app:
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
    async with running(public_url=PUBLIC) as app:
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
            'troubadour_orders_total{product="speech",outcome="ok"} 1',
            'troubadour_gateway_calls_total{call="submit",outcome="ok"} 1',
            'troubadour_gateway_calls_total{call="status",outcome="ok"} 1',
            'troubadour_deliveries_total{platform="discord",kind="audio",outcome="ok"} 1',
            'troubadour_http_requests_total{route="callback",status="200"} 1',
            'troubadour_moves_total{state="running"} 1',
            "troubadour_jobs_waiting 0",
            "troubadour_breaker_open_seconds 0",
            "troubadour_store_up 1",
        ):
            assert line in said.splitlines()
        secrets = [str(stage.ana.user.id), str(stage.guild.id), studio.path.split(".")[1], stage.world.token]
        assert [secret for secret in secrets if secret in said] == []
