"""The client against the sandbox: a whole life, and every fault that shows at the client."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from bots.sandbox import Sandbox, SandboxConfig
from core.domain import errors
from core.domain.contract import RequestStatus
from core.domain.errors import GatewayError, MediaUnavailable
from core.domain.products import catalog
from core.gateway.answers import Status
from core.gateway.client import GatewayClient
from core.gateway.settings import GatewaySettings

KEY = "sandbox-key"
SPEECH = catalog()["speech"]
MUSIC = catalog()["music"]


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(SandboxConfig(key=KEY, queued_s=0, processing_s=0, slow_s=3)) as running:
        yield running


@pytest.fixture
async def gateway(sandbox: Sandbox) -> AsyncIterator[GatewayClient]:
    made = GatewayClient(GatewaySettings(url=sandbox.url, key=SecretStr(KEY)))
    yield made
    await made.close()


@pytest.fixture
async def hasty(sandbox: Sandbox) -> AsyncIterator[GatewayClient]:
    """Yield one that waits for less than the sandbox's slow answers."""
    made = GatewayClient(GatewaySettings(url=sandbox.url, key=SecretStr(KEY), submit_s=1.5, status_s=1.5))
    yield made
    await made.close()


async def submit(gateway: GatewayClient, fault: str = "") -> str:
    marker = f" [[fault:{fault}]]" if fault else ""
    return await gateway.submit(SPEECH, {"text": f"Hello{marker}", "voice": "Aria"}, "token")


async def ended(gateway: GatewayClient, request_id: str) -> Status:
    while True:
        said = await gateway.status(request_id)
        if said.status.is_final:
            return said
        await asyncio.sleep(0.01)


async def test_a_whole_life(sandbox: Sandbox, gateway: GatewayClient, tmp_path: Path) -> None:
    said = await ended(gateway, await submit(gateway))
    (url,) = said.media_urls
    await gateway.fetch(url, tmp_path / "a")
    assert (tmp_path / "a").stat().st_size > 1000
    assert [request.key_sent for request in sandbox.media_requests] == [False]


async def test_the_other_product(gateway: GatewayClient) -> None:
    request_id = await gateway.submit(MUSIC, {"prompt": "rain", "output_format": "mp3_44100_64"}, "token")
    assert len((await ended(gateway, request_id)).media_urls) == 1


async def test_many_at_once(sandbox: Sandbox) -> None:
    patient = GatewayClient(GatewaySettings(url=sandbox.url, key=SecretStr(KEY)))
    ids = await asyncio.gather(*(submit(patient, "endless") for _ in range(100)))
    assert len(set(ids)) == 100
    said = await asyncio.gather(*(patient.status(request_id) for request_id in ids))
    assert {status.media_urls for status in said} == {()}
    await patient.close()


@pytest.mark.parametrize(
    ("fault", "expected", "accepted"),
    [
        ("400", errors.BadRequest, 0),
        ("401", errors.Unauthorized, 0),
        ("402", errors.OutOfCredit, 0),
        ("403", errors.Forbidden, 0),
        ("429-always", errors.TooManyRequests, 0),
        ("500", errors.ServerError, 0),
        ("500-after-accepting", errors.ServerError, 1),
        ("html", errors.Unreadable, 1),
        ("drop", errors.NoAnswer, 1),
    ],
)
async def test_a_submit_that_fails(
    sandbox: Sandbox, gateway: GatewayClient, fault: str, expected: type, accepted: int
) -> None:
    with pytest.raises(GatewayError) as caught:
        await submit(gateway, fault)
    assert type(caught.value) is expected
    assert len(sandbox.submits) == accepted
    if accepted:
        assert caught.value.accepted is None
    assert caught.value.retry_after_s == (1 if fault == "429-always" else None)


async def test_a_submit_that_is_answered_late(sandbox: Sandbox, hasty: GatewayClient) -> None:
    with pytest.raises(errors.NoAnswer):
        await submit(hasty, "late")
    assert len(sandbox.submits) == 1


async def test_a_model_that_is_gone(sandbox: Sandbox, gateway: GatewayClient) -> None:
    moved = catalog(endpoints={"speech": "/eleven-v4/v1/eleven-v4-request"})["speech"]
    with pytest.raises(errors.ModelNotFound, match="eleven-v4"):
        await gateway.submit(moved, {"text": "Hello", "voice": "Aria"}, "token")
    assert sandbox.submits == []


@pytest.mark.parametrize(
    ("fault", "status", "media"),
    [("failed", "FAILED", 0), ("error", "ERROR", 0), ("no-media", "COMPLETED", 0), ("empty-media", "COMPLETED", 0),
     ("media-multiple", "COMPLETED", 2)],
)  # fmt: skip
async def test_how_it_ends(gateway: GatewayClient, fault: str, status: str, media: int) -> None:
    said = await ended(gateway, await submit(gateway, fault))
    assert (said.status, len(said.media_urls)) == (status, media)
    assert (said.error is None) == (status == "COMPLETED")


@pytest.mark.parametrize(("fault", "expected"), [("html-status", errors.Unreadable), ("slow-status", errors.NoAnswer)])
async def test_a_status_that_can_not_be_had(
    gateway: GatewayClient, hasty: GatewayClient, fault: str, expected: type
) -> None:
    request_id = await submit(gateway, fault)
    with pytest.raises(GatewayError) as caught:
        await (hasty if expected is errors.NoAnswer else gateway).status(request_id)
    assert type(caught.value) is expected


async def test_a_status_that_nobody_knows(gateway: GatewayClient) -> None:
    assert (await gateway.status(await submit(gateway, "unknown-status"))).status is RequestStatus.OTHER


async def test_a_request_that_nobody_knows(gateway: GatewayClient) -> None:
    with pytest.raises(errors.RequestUnknown, match="404"):
        await gateway.status("unknown")


async def test_media_that_are_not_there(gateway: GatewayClient, tmp_path: Path) -> None:
    (url,) = (await ended(gateway, await submit(gateway, "media-404"))).media_urls
    with pytest.raises(MediaUnavailable, match="404") as caught:
        await gateway.fetch(url, tmp_path / "a")
    assert caught.value.may_retry
