"""Children that are started before anything is asked for, and those that are left with nothing to do."""

import asyncio
from pathlib import Path

import pytest

from core.media.media import Media
from tests.core.media.children import is_alive, pids
from tests.core.media.files import write_wav


async def test_a_child_that_was_started_ahead_takes_the_first_request(media: Media, tmp_path: Path) -> None:
    media.warm()
    while not media._pool._idle:
        await asyncio.sleep(0)
    warm = pids(media)
    media.warm()
    await media.probe(write_wav(tmp_path / "a", 1))
    assert pids(media) == warm


async def test_a_child_that_cannot_be_started_ahead_is_told(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.media.pool.PROGRAM", "raise SystemExit(3)")
    media = Media(children=1)
    media.warm()
    while "started ahead" not in caplog.text:
        await asyncio.sleep(0)
    await media.close()


async def test_closing_ends_a_child_that_is_starting(caplog: pytest.LogCaptureFixture) -> None:
    media = Media()
    media.warm()
    while not pids(media):
        await asyncio.sleep(0)
    (pid,) = pids(media)
    await media.close()
    assert not is_alive(pid)
    assert caplog.text == ""


async def test_of_idle_children_one_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.media.pool.IDLE_S", 0.05)
    media = Media(children=3)
    path = write_wav(tmp_path / "a", 1)
    await asyncio.gather(*(media.probe(path) for _ in range(3)))
    while len(pids(media)) > 1:
        await asyncio.sleep(0.01)
    (kept,) = pids(media)
    await media.probe(path)
    assert pids(media) == {kept}
    await media.close()
