"""Downloads over real HTTP: whole files only, without the key, and nothing left behind."""

import asyncio
import gzip
import resource
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from core.domain.errors import StoreAway, StoreError
from core.files.spool import in_thread
from tests.core.gateway.fetch_user import LIMITS, WAVE, fetched, fetcher, into, refused
from tests.core.gateway.stand_in import answer, stand_in
from tests.waiting import WAIT_S

__all__ = ["into"]


# --- what arrives -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2**20, 2**20 + 1, len(WAVE)])
async def test_the_file_is_whole_and_alone(into: Path, size: int) -> None:
    async with stand_in(answer(200, WAVE[:size])) as server:
        await fetched(server, into)
    assert into.read_bytes() == WAVE[:size]
    assert list(into.parent.iterdir()) == [into]


async def test_a_file_that_was_there_is_replaced(into: Path) -> None:
    into.write_bytes(b"old")
    async with stand_in(answer(200, WAVE)) as server:
        await fetched(server, into)
    assert into.read_bytes() == WAVE


async def test_chunked_and_compressed_files_are_whole_too(into: Path) -> None:
    packed = gzip.compress(WAVE)
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n"
    async with stand_in(head + b"%x\r\n%s\r\n0\r\n\r\n" % (len(packed), packed)) as server:
        await fetched(server, into)
    assert into.read_bytes() == WAVE


async def test_the_address_is_asked_for_as_it_is_spelled(into: Path) -> None:
    async with stand_in(answer(200, WAVE)) as server:
        await fetched(server, into, "/a%2Bb%7E/c.wav?signature=%2F%2f+~%3D#part")
        await fetched(server, into, "/ü ")
    assert [heard.path for heard in server.heard] == ["/a%2Bb%7E/c.wav?signature=%2F%2f+~%3D", "/%C3%BC%20"]


async def test_neither_cookies_nor_credentials_are_sent(into: Path) -> None:
    async with stand_in(answer(200, WAVE, {"Set-Cookie": "a=b"})) as server, fetcher(server.url) as media:
        for _ in range(2):
            await media.fetch(f"{server.url}/a", into)
    for heard in server.heard:
        assert set(heard.headers) == {"host", "accept", "accept-encoding", "user-agent"}
        assert heard.headers["accept-encoding"] == "identity"


# --- what does not ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "may_retry"),
    [(204, True), (206, True), (304, False), (400, False), (401, False), (403, True), (404, True), (410, False),
     (429, True), (500, True), (503, True)],
)  # fmt: skip
async def test_codes(into: Path, code: int, may_retry: bool) -> None:
    async with stand_in(answer(code, b"" if code in {204, 304} else b"RIFF")) as server:
        error = await refused(f"{server.url}/?signature=1", into, server.url)
    assert error.may_retry is may_retry
    assert str(code) in error.detail


@pytest.mark.parametrize("page", [b"<!DOCTYPE html><p>", b"\n <HTML>", b"\xef\xbb\xbf<?xml version='1.0'?><Error/>"])
async def test_a_page_is_not_media(into: Path, page: bytes) -> None:
    async with stand_in(answer(200, page)) as server:
        assert (await refused(server.url, into, server.url)).may_retry


@pytest.mark.parametrize("content_type", ["text/plain; charset=utf-8", "application/json", "APPLICATION/XML"])
async def test_words_that_are_called_so_are_not_media(into: Path, content_type: str) -> None:
    async with stand_in(answer(200, "Not\nyet: réessayez", {"Content-Type": content_type})) as server:
        assert (await refused(server.url, into, server.url)).may_retry


async def test_the_content_type_is_told_and_audio_that_is_called_text_comes_through(into: Path) -> None:
    async with (
        stand_in(answer(200, b"\x00\x01" * 50, {"Content-Type": "text/plain"})) as server,
        fetcher(server.url) as media,
    ):
        assert await media.fetch(server.url, into) == "text/plain"
    assert into.read_bytes() == b"\x00\x01" * 50


async def test_an_empty_file_is_not_media(into: Path) -> None:
    async with stand_in(answer(200)) as server:
        assert (await refused(server.url, into, server.url)).may_retry


async def test_a_declared_size_above_the_cap_is_refused_at_once(into: Path) -> None:
    async with stand_in(answer(200, b"RIFF" * 300_000, length=LIMITS.max_bytes + 1)) as server:
        assert not (await refused(server.url, into, server.url)).may_retry


async def test_an_undeclared_size_above_the_cap_is_refused_as_it_grows(into: Path) -> None:
    head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
    async with stand_in(head + bytes(LIMITS.max_bytes + 1)) as server:
        assert not (await refused(server.url, into, server.url)).may_retry
    async with stand_in(head + bytes(LIMITS.max_bytes)) as server:
        await fetched(server, into)
    assert into.stat().st_size == LIMITS.max_bytes


async def test_a_compression_bomb_is_refused(into: Path) -> None:
    bomb = gzip.compress(bytes(2**26))
    async with stand_in(answer(200, bomb, {"Content-Encoding": "gzip"})) as server:
        assert not (await refused(server.url, into, server.url)).may_retry


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"SSH-2.0-server\r\n",
        answer(200, WAVE, length=len(WAVE) + 1),
        answer(200, b"not gzip", {"Content-Encoding": "gzip"}),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\nRIFF",
    ],
    ids=lambda said: repr(said[-30:]),
)
async def test_a_cut_file_is_no_file(into: Path, said: bytes) -> None:
    async with stand_in(said, keep=False) as server:
        assert (await refused(f"{server.url}/?signature=1", into, server.url)).may_retry


async def test_silence_ends(into: Path) -> None:
    async with stand_in(None) as server:
        error = await refused(f"{server.url}/?signature=1", into, server.url, limits=replace(LIMITS, read_s=0.1))
    assert error.may_retry


async def test_dripping_ends(into: Path) -> None:
    async with stand_in(answer(200, WAVE, length=len(WAVE) + 9999), drip=True) as server:
        limits = replace(LIMITS, total_s=0.2)
        assert (await refused(f"{server.url}/?signature=1", into, server.url, limits=limits)).may_retry


async def test_what_our_own_disk_refuses_is_not_laid_on_the_host(into: Path) -> None:
    taken = into.parent / "taken"
    taken.mkdir()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    async with stand_in(answer(200, WAVE)) as server:
        for target in (into.parent / "none" / "audio", taken):
            with pytest.raises(StoreError, match="spool") as odd:
                await fetched(server, target)
            assert not isinstance(odd.value, StoreAway)
        resource.setrlimit(resource.RLIMIT_FSIZE, (9, hard))
        try:
            with pytest.raises(StoreAway, match="too large"):
                await fetched(server, into)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(into.parent.iterdir()) == [taken]


async def test_a_cancelled_download_leaves_nothing(into: Path) -> None:
    async with stand_in(answer(200, WAVE, length=len(WAVE) + 1)) as server, fetcher(server.url) as media:
        task = asyncio.create_task(media.fetch(server.url, into))
        while not list(into.parent.iterdir()):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert list(into.parent.iterdir()) == []


async def test_a_cancelled_write_is_waited_for() -> None:
    started, go_on = threading.Event(), threading.Event()

    def work() -> None:
        started.set()
        go_on.wait(WAIT_S)

    task = asyncio.create_task(in_thread(work))
    await asyncio.to_thread(started.wait, WAIT_S)
    task.cancel()
    done, _ = await asyncio.wait({task}, timeout=0.05)
    assert not done
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_no_connection(into: Path) -> None:
    async with stand_in(b"") as server:
        pass
    assert (await refused(f"{server.url}/?signature=1", into, server.url)).may_retry
