"""Slips of whoever types the settings are understood, or told apart."""

import io
from pathlib import Path

import pytest
from pydantic import SecretStr

from bots.app.environment import read
from bots.cli.check import check, refuse
from core.domain.communities import Communities
from core.domain.errors import ConfigurationError
from storage.engines import reach
from tests import tokens
from tests.bots.app.readings import loaded, reading


@pytest.mark.parametrize(
    "token", ["garbage", "abc", "your-token-here", "1234:secret", f"bot{tokens.TELEGRAM}", "Bot x"]
)
@pytest.mark.parametrize("name", ["discord_token", "telegram_token"])
def test_what_is_no_token_is_refused_without_showing_it(name: str, token: str) -> None:
    [fault] = reading(**{name: token}).faults
    assert fault.startswith(f"{name.upper()} ")
    assert ": put the one from " in fault
    assert token not in fault


@pytest.mark.parametrize(
    ("key", "wrong"),
    [
        ("your-key-here", "holds an example's words"),
        ("<key>", "holds an example's words"),
        (tokens.TELEGRAM, "holds a token of Telegram"),
        (tokens.DISCORD, "holds a token of Discord"),
        ("Bearer 0123canary", "begins with “Bearer”, which is no part of a key"),
    ],
)
def test_what_is_plainly_no_key_is_refused_without_showing_it(key: str, wrong: str) -> None:
    [fault] = reading(gateway_key=key).faults
    assert fault == f"GATEWAY_KEY {wrong}: put the subscription key from your account with the gateway's vendor."


def test_keys_have_any_shape() -> None:
    keys = ("0a1b2c3d4e5f60718293a4b5c6d7e8f9", "botany-heretic_Yourself", "bearer", "sk_live_x/y+z==")
    assert [reading(gateway_key=key).faults for key in keys] == [[]] * 4


@pytest.mark.parametrize(
    ("name", "token", "word"), [("discord_token", tokens.DISCORD, "Bot "), ("telegram_token", tokens.TELEGRAM, "bot")]
)
def test_the_word_before_a_token_is_named(name: str, token: str, word: str) -> None:
    [fault] = reading(**{name: word + token}).faults
    assert f"begins with “{word.strip()}”, which is no part of a token: put the one from" in fault


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


async def test_a_misspelt_setting_stops_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a typo sets is lost, and a cap with it."""
    (tmp_path / ".env").write_text("TELEGRAM_TOKNE=x\nGATEWAY_KEYS_FILE=z\n")
    for name in ("TOTAL_POOLS", "TOTAL_POL", "FTP_PROXY", "HTTPS_PORT", "PIP_NO_INDEX"):
        monkeypatch.setenv(name, "1")
    found = read(_env_file=tmp_path / ".env")
    assert sorted(found.faults) == [
        f"{name} is no setting: did you mean {meant}? Rename it, or take it away."
        for name, meant in (
            ("GATEWAY_KEYS_FILE in .env", "GATEWAY_KEY_FILE"),
            ("TELEGRAM_TOKNE in .env", "TELEGRAM_TOKEN"),
            ("TOTAL_POL in the environment", "TOTAL_POOL"),
            ("TOTAL_POOLS in the environment", "TOTAL_POOL"),
        )
    ]
    with pytest.raises(ConfigurationError) as refused:
        await refuse(found, reach)
    assert str(refused.value).splitlines() == found.faults  # and not that there is no token


async def test_other_names_in_the_settings_file_are_one_warning(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("COLOUR=x\nFLAVOUR=\nCOMPOSE_PROJECT_NAME=mine\nPOSTGRES_PASSWORD=x\nNO_PROXY=a\n")
    out = io.StringIO()
    await check(read(_env_file=tmp_path / ".env"), out, reach)
    wanted = "note: .env: COLOUR, FLAVOUR are no settings of Troubadour and do nothing: docs/settings.md lists all."
    assert wanted in out.getvalue()
