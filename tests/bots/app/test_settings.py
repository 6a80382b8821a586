"""Settings come from the environment, are checked at once, and secrets do not show."""

import io
import json
import logging
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest

from bots.app import logs
from bots.app.check import check
from bots.app.settings import Settings, load
from core.domain.errors import ConfigurationError
from core.domain.quota import Period, Quota
from storage.engines import reach


def loaded(**values: object) -> Settings:
    return load(_env_file=None, **values)


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
    settings = loaded(telegram_token="123:canary", gateway_key="canary-key")
    out = io.StringIO()
    logger = logging.getLogger("test.redaction")
    handler = logging.StreamHandler(out)
    logger.addHandler(handler)
    for as_json in (False, True):
        handler.setFormatter(logs.Redacting(logs.secrets(settings), as_json=as_json))
        error = ValueError("https://api.example/bot999:other-canary/getMe key=canary-key")
        logger.error("calling with %s", "123:canary", exc_info=error)
        logger.warning("PATCH /webhooks/77/interaction-canary/messages/@original")
        logger.warning("POST http://api/v10/interactions/77/interaction-canary/callback?with_response=1")
        logger.warning("setWebhook with parameters %s", {"url": "https://x", "secret_token": "canary"})
    logger.removeHandler(handler)
    assert "canary" not in out.getvalue()
    assert out.getvalue().count("[secret]") >= 12


KEY = 'k"ey/with: ünusual\\signs'
DATABASE = "postgresql://bot:p%40quartzite%2Fof%3Aours@db/books"
TOKEN = "MTIzNDU2.Abc-dE.thelastpartofatokenisenough"
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
    settings = loaded(
        data_dir=tmp_path, gateway_key="k", telegram_token="1:x", database_url="postgresql://bot:postgres@db/books"
    )
    record = logging.LogRecord("test", logging.ERROR, "", 0, "postgres keeps 1:x books of the bot", (), None)
    assert logs.Redacting(logs.secrets(settings), as_json=False).format(record).endswith("keeps 1:x books of the bot")
    out = io.StringIO()
    await check(settings, out, reach)
    for name in ("GATEWAY_KEY", "TELEGRAM_TOKEN", "DATABASE_URL"):
        assert f"note: {name} is too short or too common to be struck out of the log" in out.getvalue()


async def test_check_names_what_is_missing(tmp_path: Path) -> None:
    out = io.StringIO()
    assert await check(loaded(data_dir=tmp_path), out, reach) == 1
    assert "problem: neither DISCORD_TOKEN nor TELEGRAM_TOKEN" in out.getvalue()
    assert "problem: GATEWAY_KEY is not set" in out.getvalue()


async def test_check_is_content_with_one_platform(tmp_path: Path) -> None:
    out = io.StringIO()
    settings = loaded(data_dir=tmp_path, telegram_token="1:x", gateway_url="sandbox")
    assert await check(settings, out, reach) == 0
    assert "DISCORD_TOKEN is not set: running without that platform" in out.getvalue()
    assert "audio is simulated" in out.getvalue()
