"""The settings of shared audio: what they mean, what can't work with them, and what the store says when it is tried."""

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import pytest
from pydantic import SecretStr

from bots.app.artifacts import artifacts_of
from bots.app.settings import Settings
from bots.app.values import bucket_of, keep_of
from bots.cli.live import artifacts
from core.domain.errors import ConfigurationError
from core.domain.troubles import Troubles
from core.engine.meters import Meters
from tests.bots.app.readings import checked, loaded, reading
from tests.tokens import TELEGRAM
from tests.worlds.s3 import KEY, SECRET, Store, environment, names_in

GIVEN = {
    "artifacts_url": "s3://music/band/one/",
    "artifacts_key": SecretStr("an-access-key"),
    "artifacts_secret": SecretStr("its-long-secret"),
}

NO_BUCKET = "is not such as s3://bucket or s3://bucket/prefix; the store's address goes into ARTIFACTS_ENDPOINT"


def test_they_name_a_place_in_a_bucket() -> None:
    address = bucket_of(loaded(**GIVEN, artifacts_region="eu-west-3"))
    assert address is not None
    assert (address.bucket, address.prefix, address.url) == (
        "music", "band/one", "https://s3.eu-west-3.amazonaws.com"
    )  # fmt: skip
    assert bucket_of(loaded()) is None


def test_limits_are_megabytes() -> None:
    keep = keep_of(loaded(keep_mb=300, keep_mb_per_community=20, artifacts_mb=4000))
    assert (keep.bytes, keep.community_bytes, keep.shared_bytes) == (300_000_000, 20_000_000, 4_000_000_000)


def test_the_proxy_of_the_settings_is_taken() -> None:
    address = bucket_of(loaded(**GIVEN, https_proxy=SecretStr("http://proxy.example:3128")))
    assert address is not None
    assert address.proxy == "http://proxy.example:3128/"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"artifacts_url": "https://minio.example/music"},
            f"ARTIFACTS_URL: 'https://minio.example/music' {NO_BUCKET}",
        ),
        (
            {"artifacts_url": "s3://music/../other"},
            f"ARTIFACTS_URL: 's3://music/../other' {NO_BUCKET}",
        ),
        (
            {"artifacts_secret": None},
            "ARTIFACTS_URL needs ARTIFACTS_SECRET, too: put it, or ARTIFACTS_SECRET_FILE with the path of a file",
        ),
        ({"artifacts_url": None}, "ARTIFACTS_KEY needs ARTIFACTS_URL, too: put it"),
        ({"artifacts_endpoint": "minio:9000"}, "ARTIFACTS_ENDPOINT"),
    ],
)
def test_what_can_not_work_is_named(changes: Mapping[str, object], said: str) -> None:
    (fault,) = reading(**{**GIVEN, **changes}).faults
    assert said in fault
    assert "its-long-secret" not in fault


async def test_check_says_what_does_nothing_and_what_travels_in_the_clear(tmp_path: Path) -> None:
    base = {"telegram_token": SecretStr(TELEGRAM), "gateway_url": "sandbox", "data_dir": tmp_path}
    status, said = await checked(**base, artifacts_mb=500)
    assert (status, "note: ARTIFACTS_MB does nothing without ARTIFACTS_URL." in said) == (0, True)
    _, said = await checked(
        **base, **GIVEN, artifacts_endpoint="http://store.example.org", keep_mb_per_community=30_000
    )
    assert "note: ARTIFACTS_ENDPOINT is http: members' audio travels unencrypted." in said
    assert "note: KEEP_MB_PER_COMMUNITY does nothing above ARTIFACTS_MB, which is 20000." in said


async def test_check_names_the_extra_that_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bots.cli.check.find_spec", lambda name: None if name == "obstore" else find_spec(name))
    status, said = await checked(telegram_token=SecretStr(TELEGRAM), gateway_url="sandbox", data_dir=tmp_path, **GIVEN)
    assert status == 1
    assert "problem: ARTIFACTS_URL needs an extra: pip install 'troubadour[s3]'" in said


async def test_what_needs_it_does_not_start_without_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bots.app.artifacts.find_spec", lambda _: None)
    with pytest.raises(ConfigurationError, match=r"pip install 'troubadour\[s3\]'"):
        async with artifacts_of(loaded(**GIVEN), tmp_path, Meters(), Troubles()):
            raise AssertionError


def test_the_secret_may_stand_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("from-a-file\n")
    monkeypatch.setenv("ARTIFACTS_SECRET_FILE", str(tmp_path / "secret"))
    address = bucket_of(loaded(**{name: value for name, value in GIVEN.items() if name != "artifacts_secret"}))
    assert address is not None
    assert address.secret.get_secret_value() == "from-a-file"


def in_store(s3: Store, **changes: object) -> Settings:
    return loaded(**{name.lower(): value for name, value in environment(s3.address()).items()} | changes)


async def test_a_live_check_writes_reads_and_deletes(s3: Store) -> None:
    address = s3.address()
    found = await artifacts(loaded(**{name.lower(): value for name, value in environment(address).items()}))
    assert found.notes == ["Shared audio can be written, listed, read and deleted at ARTIFACTS_URL."]
    assert found.troubles == []
    assert names_in(address) == set()


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"artifacts_secret": SecretStr("another-secret")}, "PUT 403 Forbidden SignatureDoesNotMatch"),
        ({"artifacts_key": SecretStr("another-key")}, "PUT 403 Forbidden InvalidAccessKeyId"),
        ({"artifacts_endpoint": "http://127.0.0.1:9"}, "PUT no connection Connection refused"),
    ],
)
async def test_a_live_check_says_what_the_store_says(s3: Store, changes: Mapping[str, object], why: str) -> None:
    (trouble,) = (await artifacts(in_store(s3, **changes))).troubles
    assert f"can't be written, listed, read and deleted now ({why}): see ARTIFACTS_URL" in trouble
    assert [secret for secret in (KEY, SECRET, "another-secret") if secret in trouble] == []
