"""Settings come from the environment, are checked at once, and secrets do not show."""

import io
import json
import logging
import os
import socket
from pathlib import Path
from unittest.mock import AsyncMock
from urllib.parse import quote, urlencode

import pytest
from pydantic import SecretStr

from bots.app import logs
from bots.app.check import check, look, refuse
from bots.app.notes import notes
from bots.app.settings import Reading, Settings, load, read
from bots.web.server import Web
from core.domain.communities import Communities
from core.domain.errors import ConfigurationError
from core.domain.quota import Period, Quota
from core.engine.meters import Meters
from storage.engines import driver_of, reach
from tests import tokens


def loaded(**values: object) -> Settings:
    return load(_env_file=None, **values)


def reading(**values: object) -> Reading:
    return read(_env_file=None, **values)


async def checked(**values: object) -> tuple[int, str]:
    out = io.StringIO()
    status = await check(reading(**{"http_port": 0} | values), out, reach)
    return status, out.getvalue()


def test_the_defaults_work() -> None:
    settings = loaded()
    assert settings.gateway_url == "https://gateway.pixazo.ai"
    assert settings.default_quota == Quota(limit_micros=100_000, period=Period.DAY)
    assert settings.direct_quota.limit_micros == 0
    assert settings.price_micros == 100_000
    assert settings.default_pool_micros == 20_000_000
    assert settings.total_pool_micros == 100_000_000
    assert loaded(default_pool="unlimited").default_pool_micros is None
    assert loaded(total_pool="unlimited").total_pool_micros is None


def test_amounts_are_written_as_admins_type_them() -> None:
    settings = loaded(
        default_allowance="$1/day", direct_allowance="unlimited", default_pool="$50 a month", price="10 cents"
    )
    assert settings.default_quota == Quota(limit_micros=1_000_000, period=Period.DAY)
    assert settings.direct_quota.limit_micros is None
    assert (settings.default_pool_micros, settings.price_micros) == (50_000_000, 100_000)
    assert loaded(default_allowance="None").default_quota.limit_micros == 0


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"default_allowance": "lots"}, "DEFAULT_ALLOWANCE.*lots"),
        ({"default_allowance": "0,5 day"}, "0,5 day"),
        ({"direct_allowance": "1 year"}, "1 year"),
        ({"direct_allowance": "1"}, "DIRECT_ALLOWANCE"),
        ({"default_pool": "20 day"}, "DEFAULT_POOL"),
        ({"total_pool": "20 day"}, "TOTAL_POOL"),
        ({"price": "unlimited"}, "PRICE"),
        ({"price": "NaN"}, "PRICE"),
        ({"price": "0"}, "PRICE"),
        ({"default_pool": "0,5"}, "DEFAULT_POOL"),
        ({"owners": "1234"}, "OWNERS"),
        ({"owners": "discord:alice"}, "OWNERS"),
        ({"price": "5000 chars"}, "PRICE"),
        ({"default_voice": "Nobody"}, "DEFAULT_VOICE"),
        ({"database_url": "mysql://x"}, "DATABASE_URL"),
        *(({"database_url": f"postgresql://u:canary{c}x@host/name"}, "percent-encoded") for c in "#/?@"),
        ({"public_url": "http://example.org"}, "PUBLIC_URL"),
        ({"poll_min_s": 9, "poll_max_s": 8}, "POLL_MAX_S"),
        ({"jobs_total": 0}, "JOBS_TOTAL"),
        ({"log_level": "LOUD"}, "LOG_LEVEL"),
    ],
)
def test_what_can_not_work_is_named(values: dict[str, object], named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        loaded(**values)


def test_lists_are_typed_with_spaces_or_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MORE_VOICES", "Zed, Yan")
    monkeypatch.setenv("OWNERS", "discord:1 telegram:2")
    settings = loaded()
    assert settings.more_voices == ("Zed", "Yan")
    assert settings.owners == ("discord:1", "telegram:2")


def test_a_wrong_token_type_does_not_print_the_token() -> None:
    with pytest.raises(ConfigurationError) as failed:
        loaded(discord_token="canary-token", jobs_total="canary-value")
    assert "canary" not in str(failed.value)


def test_secrets_are_struck_out_of_logs_and_tracebacks() -> None:
    settings = loaded(telegram_token=tokens.TELEGRAM, gateway_key="canary-key")
    out = io.StringIO()
    logger = logging.getLogger("test.redaction")
    handler = logging.StreamHandler(out)
    logger.addHandler(handler)
    for as_json in (False, True):
        handler.setFormatter(logs.Redacting(logs.secrets(settings), as_json=as_json))
        error = ValueError("https://api.example/bot999:other-canary/getMe key=canary-key")
        logger.error("calling with %s", tokens.TELEGRAM, exc_info=error)
        logger.warning("PATCH /webhooks/77/interaction-canary/messages/@original")
        logger.warning("POST http://api/v10/interactions/77/interaction-canary/callback?with_response=1")
        logger.warning("setWebhook with parameters %s", {"url": "https://x", "secret_token": "canary"})
    logger.removeHandler(handler)
    assert "canary" not in out.getvalue()
    assert out.getvalue().count("[secret]") >= 12


KEY = 'k"ey/with: ünusual\\signs'
DATABASE = "postgresql://bot:p%40quartzite%2Fof%3Aours@db/books"
TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.Abc-dE.thelastpartofatokenisenough"
WRITTEN = {
    "raw": KEY,
    "json": json.dumps({"key": KEY}),
    "json in ascii": json.dumps(KEY).lower(),
    "python": repr({"key": KEY, "other": "'"}),
    "percent-encoded": f"https://x/y?key={quote(KEY, safe='')}&z=1",
    "percent-encoded in small letters": f"https://x/{quote(KEY).replace('%2F', '%2f').replace('%3A', '%3a')}",
    "form-encoded": urlencode({"key": KEY}),
    "database": DATABASE,
    "password": "p@quartzite/of:ours is wrong",
    "password in an address": "user=bot password=p%40quartzite%2Fof%3Aours",
    "piece of a password": "there is no host quartzite/of",
    "piece of a token": "…thelastpartofatokenisenough",
    "callback": "POST https://bot.example/gateway/0000000000123456ab.thelastpart",
    "proxy": "http://me:proxy-passwd@proxy",
}


@pytest.mark.parametrize("how", WRITTEN)
def test_secrets_are_found_however_they_are_written(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://me:proxy-passwd@proxy:3128")
    secrets = logs.secrets(loaded(gateway_key=KEY, database_url=DATABASE, discord_token=TOKEN))
    for as_json in (False, True):
        record = logging.LogRecord("test", logging.ERROR, "", 0, "%s", (WRITTEN[how],), None)
        line = logs.Redacting(secrets, as_json=as_json).format(record)
        assert "[secret]" in line
        for canary in ("nusual", "quartz", "p%40", "thelastpart", "proxy-passwd"):
            assert canary not in line


async def test_a_short_or_common_value_is_not_struck_out_and_check_says_so(tmp_path: Path) -> None:
    secrets: dict[str, object] = {
        "gateway_key": "k",
        "database_url": "postgresql://bot:postgres@db/books",
    }
    record = logging.LogRecord("test", logging.ERROR, "", 0, "postgres keeps books of the bot", (), None)
    line = logs.Redacting(logs.secrets(loaded(**secrets)), as_json=False).format(record)
    assert line.endswith("keeps books of the bot")
    _, said = await checked(data_dir=tmp_path, **secrets)
    for name in ("GATEWAY_KEY", "DATABASE_URL"):
        assert f"note: {name} is too short or too common to be struck out of the log" in said


async def test_check_names_what_is_missing(tmp_path: Path) -> None:
    status, said = await checked(data_dir=tmp_path)
    assert status == 1
    assert "problem: Neither DISCORD_TOKEN nor TELEGRAM_TOKEN" in said
    assert "problem: GATEWAY_KEY is not set" in said


async def test_check_is_content_with_one_platform(tmp_path: Path) -> None:
    status, said = await checked(data_dir=tmp_path, telegram_token=tokens.TELEGRAM, gateway_url="sandbox")
    assert status == 0
    assert "DISCORD_TOKEN is not set: running without Discord" in said
    assert "audio is simulated" in said


def test_every_bad_setting_is_named_at_once() -> None:
    """Those of the wrong type, those of the wrong form, and those that do not fit together."""
    bad = {"jobs_total": "0", "log_level": "LOUD", "price": "NaN", "owners": "alice", "public_url": "http://x"}
    with pytest.raises(ConfigurationError) as failed:
        loaded(**bad, telegram_webhook="true", poll_max_s=1, default_pool="lots", http_port="many")
    said = str(failed.value)
    for name in ("JOBS_TOTAL", "LOG_LEVEL", "PRICE", "OWNERS", "PUBLIC_URL", "POLL_MAX_S", "DEFAULT_POOL", "HTTP_PORT"):
        assert len([line for line in said.splitlines() if line.startswith(name)]) == 1, said
    assert "TELEGRAM_WEBHOOK" not in said


@pytest.mark.parametrize(
    "token", ["garbage", "abc", "your-token-here", "1234:secret", f"bot{tokens.TELEGRAM}", "Bot x"]
)
@pytest.mark.parametrize("name", ["discord_token", "telegram_token"])
def test_what_is_no_token_is_refused_without_showing_it(name: str, token: str) -> None:
    [fault] = reading(**{name: token}).faults
    assert fault.startswith(f"{name.upper()} ")
    assert ": put the one from " in fault
    assert token not in fault


def test_tokens_of_any_age_are_taken() -> None:
    old, new = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw", "4839574812:AAFD39kkdpWt3ywyRZergyOLMaJhac60qc"
    assert [reading(telegram_token=token).faults for token in (old, new)] == [[], []]
    short = "MjM4NDk0NzU2NTIxMzc3Nzky.CunGFQ.wUILz7z6HoJzVeq6pyHPmVgQgV4"
    long = "MTE5ODYyMjQ4MzQ3MTkyNTI0OA.G-x_y1.wUILz7z6HoJzVeq6pyHPmVgQgV4wUILz7z6HoJ"
    assert [reading(discord_token=token).faults for token in (short, long)] == [[], []]


def test_words_are_taken_whatever_the_size_of_their_letters() -> None:
    settings = loaded(gateway_url="Sandbox", log_level="debug", log_format="JSON", communities="Open")
    assert (settings.sandboxed, settings.log_level, settings.log_format) == (True, "DEBUG", "json")
    assert settings.communities is Communities.OPEN


@pytest.mark.parametrize("written", ["{}", " {} ", '"{}"', "'{}'", ' "{} "', '"{}', "{} x"])
def test_tokens_of_the_other_platform_are_told_apart_without_showing_them(written: str) -> None:
    fine = reading(discord_token=written.format(tokens.DISCORD), telegram_token=written.format(tokens.TELEGRAM))
    swapped = reading(
        discord_token=written.format(tokens.TELEGRAM), telegram_token=written.format(tokens.DISCORD)
    ).faults
    if written in {'"{}', "{} x"}:
        assert [fault.partition(" ")[0] for fault in fine.faults] == ["DISCORD_TOKEN", "TELEGRAM_TOKEN"]
        assert all("characters that no token has: put the one from" in fault for fault in fine.faults)
    else:
        assert fine.faults == []
        assert fine.settings.discord_token == SecretStr(tokens.DISCORD)
    if written != "{} x":
        assert swapped[0].startswith(
            "DISCORD_TOKEN holds a token of Telegram: put the one from Discord's developer portal"
        )
        assert swapped[1].startswith("TELEGRAM_TOKEN holds a token of Discord: put the one from @BotFather")
    assert len(swapped) == 2
    assert "canary" not in str((swapped, fine.faults))


def test_quotes_around_a_value_are_no_part_of_it_and_empty_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "HTTP_HOST": '"0.0.0.0"',
        "HTTP_PORT": "' 81 '",
        "PUBLIC_URL": '""',
        "GATEWAY_KEY": "  ",
    }.items():
        monkeypatch.setenv(name, value)
    settings = loaded()
    assert (settings.http_host, settings.http_port) == ("0.0.0.0", 81)
    assert (settings.public_url, settings.gateway_key) == (None, None)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("discord_api_url", "discord.com/api/v10", "it must begin with http:// or https://"),
        ("discord_api_url", "htp://discord.com", "it must begin with http:// or https://"),
        ("discord_api_url", "https://", "it names no host"),
        ("discord_api_url", "https://x:99999/api", "its port must be a number from 1 to 65535"),
        ("discord_ws_url", "https://x", "it must begin with ws:// or wss://"),
        ("telegram_api_url", "https://api telegram.org", "there must be no space in it"),
        ("telegram_api_url", "https://u:canary@x", "there must be no user, query or fragment in it"),
        ("gateway_url", "gateway.test", "it must begin with http:// or https://"),
        ("public_url", "https://[x", "its host can't be read"),
    ],
)
def test_an_address_that_is_none_is_one_sentence(name: str, value: str, said: str) -> None:
    [fault] = reading(**{name: value}).faults
    assert fault.startswith(f"{name.upper()} can't be used: {said}. Put such as ")
    assert "canary" not in fault


@pytest.mark.parametrize("path", ["sqlite:///", "sqlite:////", "sqlite:////tmp", "sqlite:///data/"])
def test_a_database_needs_a_file(path: str) -> None:
    with pytest.raises(ConfigurationError, match="DATABASE_URL needs the path of a file, such as sqlite:///data/"):
        loaded(database_url=path)


async def test_check_tries_what_only_trying_shows(tmp_path: Path, unused_tcp_port: int) -> None:
    (tmp_path / "junk.db").write_bytes(b"no database at all, but long enough to look at" * 100)
    bad: dict[str, dict[str, object]] = {
        "DATA_DIR: /proc/x can't be made or written": {"data_dir": "/proc/x"},
        "DATABASE_URL: /proc/x can't be made or written": {"database_url": "sqlite:////proc/x/books.db"},
        "HTTP_HOST foo.invalid is no name or address of this machine: put 127.0.0.1": {"http_host": "foo.invalid"},
        "HTTP_HOST 192.0.2.1 is no name or address of this machine": {"http_host": "192.0.2.1"},
        "is damaged, or no database at all": {"database_url": f"sqlite:///{tmp_path / 'junk.db'}"},
    }
    well: dict[str, object] = {
        "data_dir": tmp_path / "data",
        "telegram_token": tokens.TELEGRAM,
        "gateway_url": "sandbox",
    }
    for said, values in bad.items():
        status, lines = await checked(**well | values)
        problems = [line for line in lines.splitlines() if line.startswith("problem: ")]
        assert (status, len(problems)) == (1, 1), lines
        assert said in problems[0]
    with socket.create_server(("127.0.0.1", unused_tcp_port)):
        found = await look(reading(**well, http_port=unused_tcp_port), reach, running_is_fine=True)
        assert found.faults == [
            f"HTTP_PORT {unused_tcp_port} is in use on 127.0.0.1: stop what listens there, or put another port."
        ]
    assert not (tmp_path / "data").exists()


async def test_check_beside_the_running_service_finds_nothing_wrong(tmp_path: Path) -> None:
    """It has the database and the port, which is as it should be; a second one is refused."""
    driver = driver_of(tmp_path / "troubadour.db")
    await driver.open()
    well: dict[str, object] = {"data_dir": tmp_path, "telegram_token": tokens.TELEGRAM, "gateway_url": "sandbox"}
    status, said = await checked(**well)
    assert (status, "note: The service is running" in said) == (0, True)
    with pytest.raises(ConfigurationError) as refused:
        await refuse(reading(**well), reach)
    await driver.close()
    assert str(refused.value).startswith(f"Another process is using this database: process {os.getpid()} on ")
    assert "\n" not in str(refused.value)


async def test_check_knows_its_own_port(tmp_path: Path) -> None:
    web = Web("127.0.0.1", 0, None, meters=Meters(), checks=AsyncMock(), metrics=AsyncMock(), hooks={})
    await web.start()
    well: dict[str, object] = {"data_dir": tmp_path, "telegram_token": tokens.TELEGRAM, "gateway_url": "sandbox"}
    try:
        status, said = await checked(**well, http_port=web.port)
        assert (status, f"note: The service is running: it answers at HTTP_PORT {web.port}." in said) == (0, True)
        with pytest.raises(ConfigurationError, match="is in use"):
            await refuse(reading(**well, http_port=web.port), reach)
    finally:
        await web.stop()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"total_pool": "0"}, "TOTAL_POOL is 0, so nobody can order anything: put"),
        ({"default_pool": "0 month"}, "DEFAULT_POOL is 0"),
        ({"total_pool": "10"}, "DEFAULT_POOL is more than TOTAL_POOL, so one alone can use up what all have."),
        ({"default_allowance": "21 week"}, "DEFAULT_ALLOWANCE is more than DEFAULT_POOL"),
        ({"communities": "list"}, "COMMUNITIES=list without COMMUNITIES_ALLOWED is the same as ask"),
        ({"communities_allowed": "telegram:-1"}, "COMMUNITIES_ALLOWED does nothing with COMMUNITIES=ask"),
        ({"owners": "telegram:1 discord:2"}, "OWNERS names discord:…, which does nothing: DISCORD_TOKEN is not set."),
        ({"webhook_mode": "sync"}, "WEBHOOK_MODE does nothing without PUBLIC_URL"),
    ],
)
async def test_what_hardly_can_be_meant_is_noted(tmp_path: Path, values: dict[str, object], said: str) -> None:
    well: dict[str, object] = {"data_dir": tmp_path, "telegram_token": tokens.TELEGRAM, "gateway_url": "sandbox"}
    assert len((await checked(**well))[1].splitlines()) == 4
    status, lines = await checked(**well | values)
    assert (status, f"\nnote: {said}" in lines) == (0, True)


def test_of_a_setting_at_fault_nothing_else_is_said() -> None:
    wrong = {"public_url": "http://x", "total_pool": "1 lot", "discord_token": "abc", "gateway_url": "sand box"}
    found = reading(**wrong, default_pool="200")
    assert len(found.faults) == len(wrong)
    assert [note.partition(" ")[0] for note in notes(found)] == ["TELEGRAM_TOKEN"]


async def test_a_misspelt_setting_is_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("DISCORD_TOKNE=x\ntelegram_bot_token=y\nGATEWAY_KEY=z\nCOMPOSE_PROJECT_NAME=mine\n")
    for name in ("TOTAL_POOLS", "FTP_PROXY", "PIP_NO_INDEX"):
        monkeypatch.setenv(name, "x")
    found = read(_env_file=tmp_path / ".env")
    assert found.unknown == {
        "DISCORD_TOKNE": "DISCORD_TOKEN",
        "TOTAL_POOLS": "TOTAL_POOL",
        "telegram_bot_token": "TELEGRAM_TOKEN",
    }
    out = io.StringIO()
    await check(found, out, reach)
    assert "note: DISCORD_TOKNE is no setting and does nothing: DISCORD_TOKEN is probably meant." in out.getvalue()


@pytest.mark.parametrize("line", ['TOTAL_POOL="5', "TOTAL_POOL: 5"])
def test_a_line_that_can_not_be_read_is_a_fault_and_no_default(tmp_path: Path, line: str) -> None:
    (tmp_path / ".env").write_text(f"LOG_LEVEL=INFO\n\n{line}\n")
    [fault] = read(_env_file=tmp_path / ".env").faults
    assert fault.startswith(".env, line 3 (TOTAL_POOL) can't be read")


def test_a_folder_is_no_settings_file(tmp_path: Path) -> None:
    assert read(_env_file=tmp_path).faults == [f"{tmp_path.name} is a folder: settings stand in a file of that name."]
