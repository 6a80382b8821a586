"""`troubadour sandbox` as a process."""

import asyncio
import os
import re
import signal
import sys
from pathlib import Path

import httpx
import pytest

from bots.sandbox.serve import serve_sandbox
from core.domain.errors import ConfigurationError
from tests.waiting import WAIT_S

ROOT = Path(__file__).parents[3]


async def started(*arguments: str) -> tuple[asyncio.subprocess.Process, str]:
    """Start a sandbox; return it and its URL."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bots", "sandbox", "--port", "0", *arguments),
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    async with asyncio.timeout(WAIT_S):
        first = (await process.stdout.readline()).decode()
    found = re.search(r"http://\S+", first)
    assert found, first
    return process, found[0]


async def test_it_answers_at_the_url_that_it_prints_until_it_is_told_to_stop() -> None:
    process, url = await started("--key", "only-this", "--fault", "402")
    endpoint = f"{url}/eleven-v3-alpha-954/v1/eleven-v3-alpha-request"
    async with httpx.AsyncClient(trust_env=False, timeout=WAIT_S) as client:
        body = {"text": "Hello", "voice": "Aria"}
        refused = await client.post(endpoint, json=body, headers={"Ocp-Apim-Subscription-Key": "another"})
        broke = await client.post(endpoint, json=body, headers={"Ocp-Apim-Subscription-Key": "only-this"})
    assert (refused.status_code, broke.status_code) == (401, 402)
    process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(WAIT_S):
        assert await process.wait() == 0


async def test_the_faults_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert await serve_sandbox("127.0.0.1", 0, fault="list", key=None, seconds=1) == 0
    assert "endless              PROCESSING for ever\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("port", "fault", "seconds", "complaint"),
    [
        (0, "nonsense", 1, "There is no fault 'nonsense'. There are: failed,"),
        (70_000, None, 1, "--port must be"),
        (0, None, float("nan"), "--seconds must be"),
    ],
)
async def test_what_can_not_work_is_said(port: int, fault: str | None, seconds: float, complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        await serve_sandbox("127.0.0.1", port, fault=fault, key=None, seconds=seconds)


async def test_a_port_that_is_taken_is_said() -> None:
    server = await asyncio.start_server(lambda _, __: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        with pytest.raises(ConfigurationError, match=f"can't listen on 127.0.0.1, port {port}"):
            await serve_sandbox("127.0.0.1", port, fault=None, key=None, seconds=1)
