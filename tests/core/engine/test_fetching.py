"""Audio is fetched, checked and kept, or the job costs nothing."""

import asyncio
from dataclasses import replace

import pytest

from core.domain.audio import RawFormat
from core.domain.errors import (
    MediaUnavailable,
    SilentAudio,
    StoreAway,
    Undecodable,
)
from core.domain.lifecycle import DeliveryState, Reason, State
from core.engine.executor import FAULTS
from core.files.artifacts import ArtifactFolder
from tests.core.engine.jobs import a_while, at_rest, current, held_up, ordered, returns
from tests.core.rig import Answer, Rig
from tests.makers import caller, order


@pytest.mark.parametrize(
    ("content_type", "raw"),
    [
        ("audio/basic", RawFormat("mulaw", 8000)),
        ("application/octet-stream", RawFormat("mulaw", 8000)),
        ("", RawFormat("mulaw", 8000)),
        ("Text/Plain; charset=utf-8", None),
        ("application/json", None),
        ("image/png", None),
    ],
)
async def test_what_is_not_called_audio_is_not_read_as_samples(
    rig: Rig, content_type: str, raw: RawFormat | None
) -> None:
    rig.gateway.fetches = [returns(content_type)]
    async with rig.running() as alive:
        placed = order(product="music", parameters={"prompt": "lo-fi", "output_format": "ulaw_8000"})
        await alive.service.order(placed)
        await at_rest(alive)
    assert rig.media.raws == [raw]


async def test_media_that_come_late_are_fetched_again(rig: Rig) -> None:
    rig.gateway.fetches = [MediaUnavailable("404", may_retry=True)] * 2
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
    assert len(rig.chat.heard) == 1


@pytest.mark.parametrize(
    ("fetches", "probes", "reason"),
    [
        ([MediaUnavailable("private address", may_retry=False)], [], Reason.MEDIA_UNAVAILABLE),
        ([MediaUnavailable("404", may_retry=True)] * 5, [], Reason.MEDIA_UNAVAILABLE),
        ([], [Undecodable("a web page")], Reason.UNDECODABLE),
        ([], [SilentAudio("9 s of silence")], Reason.SILENT),
    ],
)
async def test_audio_that_does_not_exist_is_not_charged(
    rig: Rig, fetches: list[Exception], probes: list[Exception], reason: Reason
) -> None:
    rig.gateway.fetches, rig.media.probes = fetches, probes
    async with rig.running() as alive:
        job = await ordered(alive)
        await at_rest(alive)
        assert rig.chat.told == [("failed", reason)]
        assert (await alive.service.standing(caller())).used_micros == 0
        assert not rig.spooled(job)


async def test_each_of_several_media_is_fetched(rig: Rig) -> None:
    rig.gateway.statuses = [Answer(media_urls=("http://g/1", "http://g/2", "http://g/3"))]
    rig.gateway.fetches = [None, MediaUnavailable("410", may_retry=False), None]
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
    assert rig.chat.heard[0][1] == b"audioaudio"


async def test_each_pause_before_fetching_again_is_twice_as_long(rig: Rig) -> None:
    rig.pace = replace(rig.pace, fetch_pause_s=0.01)
    rig.gateway.fetches = [MediaUnavailable("404", may_retry=True)] * 4
    began_s = asyncio.get_running_loop().time()
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
    assert len(rig.chat.heard) == 1
    assert asyncio.get_running_loop().time() - began_s >= 0.01 + 0.02 + 0.04 + 0.08


async def test_a_job_outlives_a_spool_that_takes_nothing(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.engine.executor.FAULT_PAUSE_S", 0)
    rig.gateway.fetches = [StoreAway("no space left")] * (FAULTS + 1)
    async with rig.running() as alive:
        job = await ordered(alive)
        await at_rest(alive)
        assert (await current(alive, job)).stage is DeliveryState.SENT
    assert len(rig.chat.heard) == 1


async def test_what_failed_after_fetching_leaves_no_files(rig: Rig) -> None:
    rig.media.probes = [Undecodable("a web page")]
    async with rig.running() as alive:
        job = await ordered(alive)
        await at_rest(alive)
        assert (await current(alive, job)).artifacts == ()
        assert not rig.spooled(job)


async def test_nothing_is_charged_before_the_name_of_its_file_is_on_disk(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached, go, step = held_up()
    monkeypatch.setattr(ArtifactFolder, "settle", lambda _: step())
    async with rig.running() as alive:
        job = await ordered(alive)
        await reached.wait()
        await a_while(alive)
        assert (await current(alive, job)).generation(1).state is State.RUNNING
        go.set()
        await at_rest(alive)
        assert (await current(alive, job)).stage is DeliveryState.SENT
