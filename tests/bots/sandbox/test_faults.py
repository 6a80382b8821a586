import asyncio
from collections.abc import Mapping
from typing import Any

import aiohttp
import pytest

from bots.sandbox import FAULTS, SandboxConfig
from tests.bots.sandbox.sandbox_user import MUSIC, SPEECH, User, spoken, user_of

SLOW_S = 0.1
CONFIG = SandboxConfig(queued_s=0, processing_s=0, slow_s=SLOW_S)


def marked(fault: str) -> dict[str, Any]:
    return spoken(f"Hello [[fault:{fault}]] there")


async def media_status(user: User, body: Mapping[str, Any]) -> list[tuple[int, bytes]]:
    answers = []
    for url in body["output"]["media_url"]:
        async with user.session.get(url) as answer:
            answers.append((answer.status, await answer.read()))
    return answers


@pytest.mark.parametrize("fault", ["400", "401", "402", "403", "429-always", "500"])
async def test_refusals_accept_nothing(fault: str) -> None:
    async with user_of(CONFIG) as user:
        for _ in range(4):
            status, body = await user.submit(marked(fault))
            assert status == int(fault[:3])
            assert set(body) == {"error", "message"}
        assert user.sandbox.submits == []
        assert user.sandbox.charged_micros == 0


async def test_429_relents_after_some_refusals_of_the_same_text() -> None:
    async with user_of(CONFIG) as user:
        for _ in range(CONFIG.refusals):
            async with user.session.post(user.sandbox.url + SPEECH, json=marked("429"), headers=user.key) as answer:
                assert (answer.status, answer.headers["Retry-After"]) == (429, "1")
        assert (await user.submit(spoken("Another [[fault:429]]")))[0] == 429
        assert (await user.submit(marked("429")))[0] == 202


@pytest.mark.parametrize(("fault", "status", "charged"), [("failed", "FAILED", 3200), ("error", "ERROR", 0)])
async def test_failures_say_so_and_only_error_is_free(fault: str, status: str, charged: int) -> None:
    async with user_of(SandboxConfig(queued_s=0, processing_s=0, fault=fault)) as user:
        body = await user.ended(await user.ordered(spoken("x" * 32)))
        assert (body["status"], body["output"]) == (status, None)
        assert body["error"]
        assert user.sandbox.charged_micros == charged
        assert user.sandbox.submits[0].charged_micros == charged


async def test_500_after_accepting_leaves_a_paid_request_behind() -> None:
    async with user_of(CONFIG) as user:
        assert (await user.submit(marked("500-after-accepting")))[0] == 500
        await completed_behind(user)


async def test_html_leaves_a_paid_request_behind() -> None:
    async with user_of(CONFIG) as user:
        async with user.session.post(user.sandbox.url + SPEECH, json=marked("html"), headers=user.key) as answer:
            assert (answer.status, answer.content_type) == (200, "text/html")
        await completed_behind(user)


async def test_drop_closes_the_connection_and_leaves_a_paid_request_behind() -> None:
    async with user_of(CONFIG) as user:
        with pytest.raises(aiohttp.ClientConnectionError):
            await user.submit(marked("drop"))
        await completed_behind(user)


async def completed_behind(user: User) -> None:
    [job] = user.sandbox.submits
    body = await user.ended(f"{user.sandbox.url}/v2/requests/status/{job.request_id}")
    assert body["status"] == "COMPLETED"
    assert user.sandbox.charged_micros == job.charged_micros > 0


async def test_late_and_slow_status_take_their_time() -> None:
    async with user_of(CONFIG) as user:
        clock = asyncio.get_running_loop()
        began = clock.time()
        await user.ordered(marked("late"))
        assert clock.time() - began >= SLOW_S
        url = await user.ordered(marked("slow-status"))
        began = clock.time()
        await user.status(url)
        assert clock.time() - began >= SLOW_S


async def test_endless_stays_in_processing() -> None:
    async with user_of(CONFIG) as user:
        endless = await user.ordered(marked("endless"))
        await user.ended(await user.ordered(spoken("Hello")))
        assert (await user.status(endless))["status"] == "PROCESSING"


async def test_an_unknown_status_comes_first_and_then_the_truth() -> None:
    async with user_of(CONFIG) as user:
        url = await user.ordered(marked("unknown-status"))
        early = [await user.status(url) for _ in range(2)]
        assert [(body["status"], body["output"], body["completed_at"]) for body in early] == [
            ("WARMING", None, None)
        ] * 2
        assert (await user.ended(url))["status"] == "COMPLETED"


async def test_html_status_comes_once() -> None:
    async with user_of(CONFIG) as user:
        url = await user.ordered(marked("html-status"))
        async with user.session.get(url, headers=user.key) as answer:
            assert (answer.status, answer.content_type) == (200, "text/html")
        assert (await user.ended(url))["status"] == "COMPLETED"


async def test_completed_without_media_comes_in_two_kinds() -> None:
    async with user_of(CONFIG) as user:
        assert (await user.ended(await user.ordered(marked("no-media"))))["output"] is None
        assert (await user.ended(await user.ordered(marked("empty-media"))))["output"]["media_url"] == []


async def test_media_can_be_absent_garbage_or_twofold() -> None:
    async with user_of(CONFIG) as user:
        absent = await user.ended(await user.ordered(marked("media-404")))
        assert [status for status, _ in await media_status(user, absent)] == [404]
        garbage = await user.ended(await user.ordered(marked("bad-audio")))
        [(status, content)] = await media_status(user, garbage)
        assert status == 200
        assert content[:4] != b"RIFF"
        two = await user.ended(await user.ordered(marked("media-multiple")))
        assert [(status, content[:4]) for status, content in await media_status(user, two)] == [(200, b"RIFF")] * 2


async def test_a_marker_works_in_a_prompt_and_wins_over_the_setting() -> None:
    async with user_of(SandboxConfig(queued_s=0, processing_s=0, fault="error")) as user:
        body = await user.ended(await user.ordered({"prompt": "rain [[fault:failed]]"}, MUSIC))
        assert body["status"] == "FAILED"


async def test_a_misspelt_marker_is_refused_with_the_list() -> None:
    async with user_of(CONFIG) as user:
        status, body = await user.submit(marked("flood"))
        assert status == 400
        assert all(name in body["message"] for name in FAULTS)
