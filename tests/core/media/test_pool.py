"""Children that crash, hang, are abandoned, or grow old."""

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import AsyncMock

import pytest

from core.domain.audio import Want
from core.domain.errors import MediaError, MediaTimeout, Undecodable
from core.domain.joining import AudioPart, Measure
from core.media.media import Media
from core.media.pool import PROGRAM, Child, ChildDied, Pool
from tests.audio import PROBE
from tests.core.media.children import is_alive, pids
from tests.core.media.files import names, write_wav
from tests.waiting import WAIT_S
from tests.warp import Warp

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


class Silence:
    """A FIFO that never yields a byte: whoever reads it is at work until stopped."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self.path = path
        self.writers: list[int] = []

    async def is_read(self) -> None:
        """Return once a child has it open."""
        self.writers.append(await asyncio.to_thread(os.open, self.path, os.O_WRONLY))


@pytest.fixture
def silence(tmp_path: Path) -> Iterator[Silence]:
    silence = Silence(tmp_path / "silence")
    yield silence
    for writer in silence.writers:
        os.close(writer)


async def test_a_join_killed_halfway_leaves_nothing_and_is_made_anew(
    media: Media, silence: Silence, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media, "_measure", AsyncMock(return_value=Measure(0, 1000, -20, 9000, 0)))
    part, want = AudioPart(write_wav(tmp_path / "a", 1), PROBE), Want(10**6, frozenset({"ogg/opus"}), "opus")
    joining = asyncio.create_task(media.join([part, AudioPart(silence.path, PROBE)], tmp_path / "joined", want))
    await silence.is_read()
    assert len(names(tmp_path)) == 3
    (pid,) = pids(media)
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(MediaError):
        await joining
    assert names(tmp_path) == ["a", "silence"]
    for _ in range(2):
        assert [path.name for path, _ in await media.join([part, part], tmp_path / "joined", want)] == ["joined"]
    assert names(tmp_path) == ["a", "joined", "silence"]


async def test_a_child_killed_at_work_costs_one_request(media: Media, silence: Silence, tmp_path: Path) -> None:
    request = asyncio.create_task(media.probe(silence.path))
    await silence.is_read()
    (pid,) = pids(media)
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(MediaError) as caught:
        await request
    assert not isinstance(caught.value, Undecodable)
    assert (await media.probe(write_wav(tmp_path / "a", 1))).duration_ms == 1000


async def test_a_child_killed_while_it_waits_costs_nothing(media: Media, tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a", 1)
    await media.probe(path)
    (pid,) = pids(media)
    os.kill(pid, signal.SIGKILL)
    assert (await media.probe(path)).duration_ms == 1000
    assert pids(media) != {pid}


async def test_the_deadline_kills_and_the_next_request_works(silence: Silence, tmp_path: Path) -> None:
    media = Media(children=1)
    probe = await media.probe(write_wav(tmp_path / "a", 1))
    (pid,) = pids(media)
    with pytest.raises(MediaTimeout):
        await media._pool.ask("probe", {"path": str(silence.path)}, 0.3)
    assert await media.probe(tmp_path / "a") == probe
    await media.close()
    assert not is_alive(pid)


async def test_the_deadline_does_not_run_while_queueing(
    media: Media, silence: Silence, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_wav(tmp_path / "a", 1)
    longer = media._pool.ask("probe", {"path": str(silence.path)}, 10 * media._deadline_s)
    first, others = asyncio.create_task(longer), [asyncio.create_task(media.probe(path)) for _ in range(3)]
    await silence.is_read()
    async with Warp(monkeypatch).hurrying():
        with pytest.raises(MediaTimeout):
            await first
    assert [probe.duration_ms for probe in await asyncio.gather(*others)] == [1000] * 3


async def test_a_cancelled_request_does_not_answer_the_next_caller(
    media: Media, silence: Silence, tmp_path: Path
) -> None:
    paths = [write_wav(tmp_path / str(n), n) for n in (1, 2)]
    await media.probe(paths[0])
    request = asyncio.create_task(media.probe(silence.path))
    await silence.is_read()
    (pid,) = pids(media)
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    assert [(await media.probe(path)).duration_ms for path in paths] == [1000, 2000]
    assert pid not in pids(media)


async def test_cancelling_while_a_child_starts_leaves_no_process(tmp_path: Path) -> None:
    media = Media(children=1)
    path = write_wav(tmp_path / "a", 1)
    request = asyncio.create_task(media.probe(path))
    while not pids(media):  # the instant between spawned and ready has no event
        await asyncio.sleep(0)
    (pid,) = pids(media)
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    assert not pids(media)
    assert (await media.probe(path)).duration_ms == 1000
    await media.close()
    assert not is_alive(pid)


async def test_a_cancelled_fit_leaves_no_part_behind(media: Media, silence: Silence, tmp_path: Path) -> None:
    probe = await media.probe(write_wav(tmp_path / "a", 1))
    want = Want(10**6, frozenset({"ogg/opus"}), "opus")
    request = asyncio.create_task(media.fit(silence.path, probe, tmp_path / "b", want))
    await silence.is_read()
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    assert names(tmp_path) == ["a", "silence"]


async def test_closing_ends_what_is_under_way(silence: Silence) -> None:
    media = Media(children=1)
    working, queueing = (asyncio.create_task(media.probe(silence.path)) for _ in range(2))
    await silence.is_read()
    (pid,) = pids(media)
    await media.close()
    await media.close()
    for request in (working, queueing):
        with pytest.raises(MediaError):
            await request
    with pytest.raises(MediaError):
        await media.probe(silence.path)
    assert not is_alive(pid)


async def test_children_are_replaced_after_some_requests(tmp_path: Path) -> None:
    pool = Pool(1, 1 << 30, recycle_after=2)
    path = str(write_wav(tmp_path / "a", 1))
    seen = []
    for _ in range(3):
        await pool.ask("probe", {"path": path}, WAIT_S)
        seen.append({child.pid for child in pool._alive})
    assert seen[0]
    assert not seen[1]
    assert seen[2] not in (set(), seen[0])
    await pool.close()


@linux_only
async def test_memory_is_limited_and_the_environment_is_bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISCORD_TOKEN", "TELEGRAM_TOKEN", "GATEWAY_KEY", "DATABASE_URL"):
        monkeypatch.setenv(name, "secret")
    media = Media(children=1, memory_bytes=1 << 29)
    await media.probe(write_wav(tmp_path / "a", 1))
    (pid,) = pids(media)
    limits = Path(f"/proc/{pid}/limits").read_text()
    environment = Path(f"/proc/{pid}/environ").read_bytes()
    await media.close()
    line = next(line for line in limits.splitlines() if line.startswith("Max address space"))
    assert line.split()[3:5] == [str(1 << 29)] * 2
    assert {name.split(b"=")[0] for name in environment.split(b"\0") if name} == {b"PATH", b"LANG", b"MALLOC_ARENA_MAX"}


@linux_only
async def test_a_long_file_is_streamed(media: Media, tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a", 0.1, 192_000, 2)
    with path.open("r+b") as file:  # the header promises 60 MB, and a hole in the file keeps the promise
        file.write(b"RIFF" + (60_000_036).to_bytes(4, "little"))
        file.seek(40)
        file.write((60_000_000).to_bytes(4, "little"))
        file.truncate(60_000_044)
    probe = await media.probe(path)
    want = Want(10**7, frozenset({"ogg/opus"}), "opus")
    _, fitted = await media.fit(path, probe, tmp_path / "b", want)
    (pid,) = pids(media)
    status = Path(f"/proc/{pid}/status").read_text()
    peak_kb = int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])
    assert probe.duration_ms == 78_125
    assert fitted.duration_ms == pytest.approx(78_125, abs=100)
    assert peak_kb < 110_000


async def test_too_little_memory_is_an_error_and_no_wait(tmp_path: Path) -> None:
    media = Media(children=1, memory_bytes=1 << 20)
    with pytest.raises(MediaError):
        await media.probe(write_wav(tmp_path / "a", 1))
    await media.close()


def test_an_orphan_ends_by_itself(silence: Silence) -> None:
    request = {"id": 1, "operation": "probe", "arguments": {"path": str(silence.path)}, "deadline_s": 0.1}
    with subprocess.Popen(
        [sys.executable, "-I", "-c", PROGRAM, str(1 << 30)], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    ) as child:
        assert child.stdin
        child.stdin.write(json.dumps(request).encode() + b"\n")
        child.stdin.close()
        try:
            assert child.wait(WAIT_S) == -signal.SIGALRM
        finally:
            child.kill()


def test_the_parent_never_imports_the_codecs() -> None:
    code = "import sys, core.media.media; sys.exit('av' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[3])


async def stand_in(script: str) -> Child:
    pipe = subprocess.PIPE
    return Child(await asyncio.create_subprocess_exec("sh", "-c", script, stdin=pipe, stdout=pipe, stderr=pipe))


@pytest.mark.parametrize(
    "script",
    [
        "read line; echo hello",
        "read line; echo [1]",
        "read line",
        """read line; echo '{"id": 7, "info": {}}'""",
        "read line; exec cat /dev/zero",
    ],
)
async def test_nonsense_from_a_child_is_its_end(script: str) -> None:
    child = await stand_in(script)
    with pytest.raises(ChildDied):
        await child.ask("probe", {}, WAIT_S)
    child.kill()
    await child.gone()


async def test_an_answer_that_nobody_read_does_not_keep_its_child() -> None:
    child = await stand_in("head -c 200000 /dev/zero; exec sleep 60 2>&-")
    await child._listening
    child.kill()
    await child.gone()


async def test_of_endless_complaints_the_last_are_kept(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "core.media.pool")
    child = await stand_in("head -c 1000000 /dev/zero | tr '\\0' x >&2; echo end >&2")
    await child.gone()
    child.kill()
    (message,) = caplog.messages
    assert message.endswith("xend")
    assert len(message) < 5000
