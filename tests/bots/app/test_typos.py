"""Slips of whoever types the settings are understood, or told apart."""

import io
from pathlib import Path

import pytest
from pydantic import SecretStr

from bots.app.check import check
from bots.app.settings import read
from core.domain.communities import Communities
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
