"""Objects come and go whole, and every failure is told in a few words and in time."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from core.domain.copies import replaced
from core.domain.errors import ArtifactsAway, StoreError
from core.ports import Bucket
from tests.worlds.s3 import Fault, Road, Store, bucket_at, names_in

SOUND = bytes(range(256)) * 32_000
"""More than goes in one request."""


def hasty(road: Road, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """Return a bucket that waits for next to nothing."""
    monkeypatch.setattr("core.files.bucket.SILENCE", timedelta(seconds=0.2))
    monkeypatch.setattr("core.files.bucket.TRIES", timedelta(seconds=0))
    return bucket_at(road.address)


@pytest.fixture
async def road(s3: Store) -> AsyncIterator[Road]:
    async with Road(s3.address()) as road:
        yield road


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "sound").write_bytes(SOUND)
    return tmp_path / "sound"


async def test_files_come_back_as_they_went(s3: Store, file: Path, tmp_path: Path) -> None:
    address = s3.address()
    bucket = bucket_at(address, "spool")
    assert await bucket.put("job/job-1-0", file) == len(SOUND)
    assert names_in(address) == {"spool/job/job-1-0"}
    assert await bucket.get("job/job-1-0", tmp_path / "back", len(SOUND))
    assert (tmp_path / "back").read_bytes() == SOUND
    assert [(one.name, one.size_bytes) for one in await bucket.list("job")] == [("job/job-1-0", len(SOUND))]
    assert await bucket.list("jo") == []
    await bucket.delete(["job/job-1-0", "job/none"])
    assert await bucket.list() == []
    bucket.close()


async def test_what_is_not_there_or_another_is_not_brought(s3: Store, file: Path, tmp_path: Path) -> None:
    bucket = bucket_at(s3.address())
    await bucket.put("one", file)
    assert not await bucket.get("other", tmp_path / "back", len(SOUND))
    assert not await bucket.get("one", tmp_path / "back", len(SOUND) + 1)
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (Fault.REFUSED, "Connection refused"),
        (Fault.SILENT, "no answer in time"),
        (Fault.BUSY, "503 Service Unavailable"),
    ],
)
async def test_failures_are_told_in_time(
    road: Road, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Fault, told: str
) -> None:
    await bucket_at(road.address).put("one", file)
    await road.be(fault)
    bucket = hasty(road, monkeypatch)
    calls: Mapping[str, Callable[[], Awaitable[object]]] = {
        "PUT|POST": lambda: bucket.put("one", file),
        "GET": lambda: bucket.get("one", tmp_path / "back", len(SOUND)),
        "GET ": bucket.list,
        "POST": lambda: bucket.delete(["one"]),
    }
    for method, call in calls.items():
        with pytest.raises(ArtifactsAway, match=rf"^({method.strip()}) .*{told}"):
            await call()
    assert list(tmp_path.iterdir()) == [file]


async def test_what_breaks_off_leaves_nothing(road: Road, file: Path, tmp_path: Path) -> None:
    bucket = bucket_at(road.address)
    await bucket.put("one", file)
    await road.be(Fault.TORN)
    with pytest.raises(ArtifactsAway, match="broke off"):
        await bucket.get("one", tmp_path / "back", len(SOUND))
    assert list(tmp_path.iterdir()) == [file]


async def test_a_wrong_secret_is_named_and_not_shown(s3: Store, file: Path) -> None:
    bucket = bucket_at(replaced(s3.address(), secret=SecretStr("another-secret")))
    with pytest.raises(ArtifactsAway, match="403 Forbidden") as told:
        await bucket.put("one", file)
    assert "another-secret" not in str(told.value)


async def test_our_own_disk_is_told_from_the_store(s3: Store, file: Path, tmp_path: Path) -> None:
    bucket = bucket_at(s3.address())
    await bucket.put("one", file)
    with pytest.raises(StoreError, match="the spool fails"):
        await bucket.get("one", tmp_path / "none" / "back", len(SOUND))


async def test_the_environment_of_other_tools_changes_nothing(
    s3: Store, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_SESSION_TOKEN", "AWS_ACCESS_KEY_ID", "AWS_ENDPOINT_URL", "http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    bucket = bucket_at(s3.address())
    assert await bucket.put("one", file) == len(SOUND)
