"""Calls to Discord that are under way."""

import asyncio

import aiohttp
import pytest

from bots.discord.rest import Calls


@pytest.mark.parametrize("end", ["answered", "dropped", "given up"])
async def test_a_call_is_under_way_until_it_ends_in_whatever_way(end: str) -> None:
    asked, may_end = asyncio.Event(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        asked.set()
        await may_end.wait()
        if end == "answered":
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        writer.close()

    calls = Calls()
    async with (
        await asyncio.start_server(serve, "127.0.0.1", 0) as server,
        aiohttp.ClientSession(trace_configs=[calls.trace()]) as session,
    ):
        call = asyncio.ensure_future(session.post(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"))
        await asked.wait()
        assert calls.under_way == 1
        if end == "given up":
            call.cancel()
        may_end.set()
        await asyncio.wait({call})
        assert calls.under_way == 0
        assert call.cancelled() or call.exception() is None or end == "dropped"
