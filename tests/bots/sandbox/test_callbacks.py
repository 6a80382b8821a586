import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from bots.sandbox import SandboxConfig
from tests.bots.sandbox.sandbox_user import spoken, user_of
from tests.waiting import WAIT_S


class Receiver:
    """An HTTP server that keeps what is posted to it, and answers with the status codes it is given."""

    def __init__(self, code: Callable[[int], int] = lambda _: 200) -> None:
        self.url = ""
        self.bodies: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.count = 0
        self._code = code

    async def handle(self, request: web.Request) -> web.Response:
        self.count += 1
        code = self._code(self.count)
        self.bodies.put_nowait(await request.json())
        return web.Response(status=code)

    async def take(self, count: int) -> list[dict[str, Any]]:
        async with asyncio.timeout(WAIT_S):
            return [await self.bodies.get() for _ in range(count)]


class Silent(Receiver):
    async def handle(self, request: web.Request) -> web.Response:
        await asyncio.Event().wait()
        raise AssertionError


@asynccontextmanager
async def receiving(receiver: Receiver) -> AsyncIterator[Receiver]:
    app = web.Application()
    app.router.add_post("/hook", receiver.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    try:
        yield receiver
    finally:
        await runner.cleanup()


async def test_terminal_reports_the_end_alone_and_more_than_once() -> None:
    config = SandboxConfig(queued_s=0, processing_s=0.05, webhook_repeats=3)
    async with receiving(Receiver()) as receiver, user_of(config) as user:
        url = await user.ordered(spoken("Hello"), X_Webhook_URL=receiver.url)
        bodies = await receiver.take(3)
        assert bodies == [bodies[0]] * 3
        polled = await user.status(url)
        stamped = {"updated_at", "completed_at"}
        assert {k: v for k, v in bodies[0].items() if k not in stamped} == {
            k: v for k, v in polled.items() if k not in stamped
        }
        assert bodies[0]["status"] == "COMPLETED"
        assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", bodies[0]["completed_at"])


async def test_sync_reports_every_cycle_in_order() -> None:
    config = SandboxConfig(queued_s=0, processing_s=0.12, cycle_s=0.05, webhook_repeats=1)
    async with receiving(Receiver()) as receiver, user_of(config) as user:
        await user.ordered(spoken("Hello"), X_Webhook_URL=receiver.url, X_Webhook_Mode="sync")
        bodies = await receiver.take(4)
        assert [body["status"] for body in bodies] == ["PROCESSING"] * 3 + ["COMPLETED"]
        assert bodies[0]["completed_at"] is None


async def test_a_delivery_that_needs_a_second_attempt_keeps_its_place() -> None:
    config = SandboxConfig(queued_s=0, processing_s=0, webhook_repeats=1, webhook_backoff_s=0.15)
    async with receiving(Receiver(lambda count: 503 if count == 1 else 200)) as receiver, user_of(config) as user:
        await user.ordered(spoken("Hello"), X_Webhook_URL=receiver.url, X_Webhook_Mode="sync")
        assert [body["status"] for body in await receiver.take(3)] == ["PROCESSING", "PROCESSING", "COMPLETED"]


async def test_a_failure_is_reported_in_the_documented_shape() -> None:
    async with receiving(Receiver()) as receiver, user_of(SandboxConfig(queued_s=0, processing_s=0)) as user:
        await user.ordered(spoken("[[fault:error]]"), X_Webhook_URL=receiver.url)
        [body, _] = await receiver.take(2)
        assert (body["status"], body["output"], body["model_id"]) == ("ERROR", None, "eleven-v3-alpha-954")
        assert body["error"]


async def test_an_unanswered_submission_is_still_reported() -> None:
    async with receiving(Receiver()) as receiver, user_of(SandboxConfig(queued_s=0, processing_s=0)) as user:
        assert (await user.submit(spoken("[[fault:500-after-accepting]]"), X_Webhook_URL=receiver.url))[0] == 500
        [body, _] = await receiver.take(2)
        assert body["request_id"] == user.sandbox.submits[0].request_id


async def test_a_refused_delivery_is_tried_again() -> None:
    config = SandboxConfig(queued_s=0, processing_s=0, webhook_repeats=1, webhook_backoff_s=0.01)
    async with receiving(Receiver(lambda count: 503 if count < 3 else 200)) as receiver, user_of(config) as user:
        await user.ordered(spoken("Hello"), X_Webhook_URL=receiver.url)
        bodies = await receiver.take(3)
        assert bodies == [bodies[0]] * 3


async def test_delivery_is_given_up_after_its_attempts() -> None:
    config = SandboxConfig(queued_s=0, processing_s=0, webhook_attempts=2, webhook_backoff_s=0.01)
    async with receiving(Receiver(lambda _: 500)) as receiver, user_of(config) as user:
        await user.ordered(spoken("Hello"), X_Webhook_URL=receiver.url)
        await receiver.take(2)
        delivery = user.sandbox.submits[0].last_callback
        assert delivery is not None
        await asyncio.wait_for(delivery, WAIT_S)
        assert receiver.count == 2


async def test_a_handler_that_never_answers_holds_up_nobody() -> None:
    config = SandboxConfig(queued_s=0, processing_s=0, webhook_timeout_s=1, webhook_attempts=1)
    async with receiving(Silent()) as silent, receiving(Receiver()) as receiver, user_of(config) as user:
        await user.ordered(spoken("Slow"), X_Webhook_URL=silent.url)
        await user.ended(await user.ordered(spoken("Quick"), X_Webhook_URL=receiver.url))
        await receiver.take(2)
        slow = user.sandbox.submits[0].last_callback
        assert slow is not None
        await asyncio.wait_for(slow, WAIT_S)
