"""Settings come from the environment, and are checked at once."""

import pytest

from core.domain.errors import ConfigurationError
from core.domain.quota import Period, Quota
from tests.bots.app.readings import loaded, reading


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


@pytest.mark.parametrize(
    ("url", "host", "said"),
    [
        ("http://console.example.org", "127.0.0.1", "CONSOLE_URL must begin with https://"),
        ("http://localhost:8090", "0.0.0.0", "CONSOLE_HOST 0.0.0.0 can be reached by others"),
        ("https://console.example.org/pages", "127.0.0.1", "CONSOLE_URL must have no path"),
        ("ftp://console.example.org", "127.0.0.1", "CONSOLE_URL can't be used"),
    ],
)
def test_a_console_that_others_reach_needs_https(url: str, host: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        loaded(console_url=url, console_host=host)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://console.example.org/", "0.0.0.0"),
        ("http://127.0.0.1:8090", "127.0.0.1"),
        ("http://[::1]:8090", "::1"),
        ("http://localhost:8090", "localhost"),
    ],
)
def test_a_console_may_be_behind_tls_or_on_this_machine(url: str, host: str) -> None:
    assert loaded(console_url=url, console_host=host).console_url == url.rstrip("/")
