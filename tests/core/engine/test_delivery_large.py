"""What takes long to upload is announced before, and what does not is not."""

from pathlib import Path

import pytest

from core.domain.audio import LARGE_BYTES
from tests.core.engine.jobs import at_rest, ordered
from tests.core.rig import Rig
from tests.makers import caller


def weighs(rig: Rig, size_bytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the gateway's next files have a size."""

    async def fetch(_url: str, into: Path) -> str:
        into.write_bytes(bytes(size_bytes))
        return "audio/wav"

    monkeypatch.setattr(rig.gateway, "fetch", fetch)


@pytest.mark.parametrize(("more", "is_said"), [(1, True), (0, False)])
async def test_a_large_upload_is_announced_before(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, *, more: int, is_said: bool
) -> None:
    weighs(rig, LARGE_BYTES + more, monkeypatch)
    seen: list[bool] = []

    async def look() -> None:
        seen.append("pending" in rig.chat.shown)

    rig.chat.deliveries = [look]
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
    assert seen == [is_said]


@pytest.mark.parametrize(("more", "is_said"), [(1, True), (0, False)])
async def test_so_is_a_repeat_that_takes_long(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, *, more: int, is_said: bool
) -> None:
    weighs(rig, LARGE_BYTES + more, monkeypatch)
    rig.chat.keeps = True
    async with rig.running() as alive:
        first = await ordered(alive)
        await at_rest(alive)
        rig.chat.shown.clear()
        await alive.service.redeliver(caller(), first.job_id, first.destination)
        await rig.chat.until(lambda: len(rig.chat.heard) == 2)
    assert ("pending" in rig.chat.shown) is is_said
