"""Files of jobs in one folder, beside the folders that former releases made."""

import asyncio
import errno
import os
from pathlib import Path

import pytest

from core.domain.errors import StoreAway
from core.files import artifacts as module
from core.files.artifacts import ArtifactFolder


@pytest.fixture
def folder(tmp_path: Path) -> ArtifactFolder:
    """Return a folder with files of three jobs, one of them of a former release."""
    folder = ArtifactFolder(tmp_path / "spool")
    written = (
        (folder.path("one", "1-0"), 3),
        (folder.path("one", "1-0-opus-100"), 2),
        (tmp_path / "spool" / ".one-2-0.abc.part", 1),
        (folder.path("ones", "1-0"), 10),
        (tmp_path / "spool" / "old" / "1-0", 5),
        (tmp_path / "spool" / "README", 7),
    )
    for at_s, (path, size) in enumerate(written):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(bytes(size))
        os.utime(path, (at_s, at_s))
    os.utime(tmp_path / "spool" / "old", (0, 0))
    return folder


async def test_what_each_job_takes_is_counted_oldest_first(folder: ArtifactFolder, tmp_path: Path) -> None:
    assert list((await folder.sizes()).items()) == [("one", 6), ("ones", 10), ("old", 5)]
    assert await ArtifactFolder(tmp_path / "nowhere").sizes() == {}


async def test_what_is_dropped_goes_with_all_its_files_and_nothing_else(folder: ArtifactFolder, tmp_path: Path) -> None:
    await folder.drop("one", "old", "nobody")
    assert sorted(path.name for path in (tmp_path / "spool").iterdir()) == ["README", "ones-1-0"]
    await ArtifactFolder(tmp_path / "nowhere").drop("one")


async def test_many_that_drop_at_once_look_once_more(
    folder: ArtifactFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[set[str]] = []
    remove = module._remove

    def noted(path: Path, job_ids: set[str]) -> None:
        looks.append(job_ids)
        remove(path, job_ids)

    monkeypatch.setattr(module, "_remove", noted)
    await asyncio.gather(*map(folder.drop, ("ones", "one", "old")))
    assert looks == [{"ones"}, {"one", "old"}]
    assert [path.name for path in (tmp_path / "spool").iterdir()] == ["README"]


def test_a_file_is_found_where_former_releases_put_it(folder: ArtifactFolder, tmp_path: Path) -> None:
    old = tmp_path / "spool" / "old" / "1-0"
    assert folder.found("old", "/elsewhere/spool/old/1-0") == old
    assert folder.found("one", "/elsewhere/spool/one-1-0") == folder.path("one", "1-0")
    assert folder.found("one", "/elsewhere/spool/one-3-0") is None


async def test_who_waits_while_names_come_to_disk_shares_the_next_go(
    folder: ArtifactFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes: list[Path] = []
    monkeypatch.setattr(module, "sync", goes.append)
    await asyncio.gather(*(folder.settle() for _ in range(5)))
    assert goes == [tmp_path / "spool"] * 2


async def test_a_go_that_failed_is_no_one_elses(folder: ArtifactFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    failures = [OSError(errno.EIO, "no more")] * 2

    def failing(_: Path) -> None:
        if failures:
            raise failures.pop()

    monkeypatch.setattr(module, "sync", failing)
    assert [type(done) for done in await asyncio.gather(*(folder.settle() for _ in range(4)), return_exceptions=True)] == [
        StoreAway, StoreAway, type(None), type(None)
    ]  # fmt: skip
