"""`troubadour init`, as its operator uses it: with flags, and in a terminal."""

import asyncio
import os
import pty
import re
import signal
import stat
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from bots.app.env_file import read_lines
from bots.sandbox import Sandbox, SandboxConfig
from tests import tokens
from tests.waiting import WAIT_S
from tests.worlds.discord import DiscordWorld
from tests.worlds.telegram import TelegramWorld

KEY = "a-key-of-the-right-length"
NEEDED = (10, 11, 15, 16, 38, 46)
"""View channels, send messages, attach files, read history, send in threads, send voice messages (Discord, "Permissions")."""


@pytest.fixture
async def discord() -> AsyncIterator[DiscordWorld]:
    async with DiscordWorld() as world:
        yield world


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramWorld]:
    async with TelegramWorld() as world:
        yield world


@pytest.fixture
async def gateway() -> AsyncIterator[Sandbox]:
    async with Sandbox(SandboxConfig(key=KEY)) as gateway:
        yield gateway


def around(discord: DiscordWorld, telegram: TelegramWorld, gateway: Sandbox | None = None) -> Mapping[str, str]:
    """Return the environment in which the worlds stand for the platforms."""
    return {
        "PATH": os.environ["PATH"],
        "DISCORD_API_URL": discord.api_url,
        "TELEGRAM_API_URL": telegram.api_url,
        **({"GATEWAY_URL": gateway.url} if gateway else {}),
    }


async def init(folder: Path, environment: Mapping[str, str], *options: str) -> tuple[int | None, str]:
    """Run it without a terminal; return the exit status and all that it said."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bots", "init", *options, cwd=folder,
        env={**environment, "PYTHONPATH": str(Path.cwd())},
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await process.communicate()
    return process.returncode, said.decode()


async def test_flags_alone_make_a_bot_that_can_run(
    discord: DiscordWorld, telegram: TelegramWorld, gateway: Sandbox, tmp_path: Path
) -> None:
    around_us = around(discord, telegram, gateway)
    status, said = await init(
        tmp_path, around_us,
        "--discord-token", discord.token, "--telegram-token", telegram.token, "--gateway-key", KEY,
    )  # fmt: skip
    assert status == 0, said
    file = tmp_path / ".env"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert read_lines(file)[0] == {"DISCORD_TOKEN", "TELEGRAM_TOKEN", "GATEWAY_KEY"}
    invite = re.search(r"Once it runs, add the bot to a server: (\S+)", said)
    assert invite is not None
    assert f"client_id={discord.application_id}" in invite[1]
    assert "scope=bot+applications.commands" in invite[1]
    assert f"permissions={sum(1 << bit for bit in NEEDED)}" in invite[1]
    assert "https://t.me/troubadour_bot?startgroup" in said
    assert said.rstrip().endswith("Next: troubadour run")
    assert not {discord.token, telegram.token, KEY} & set(re.findall(r"\S+", said))
    assert telegram.profile["short_description", "", ""].startswith("Voices and music")
    assert [c["command"] for c in telegram.profile["commands", "", ""]][:2] == ["speak", "music"]


async def test_what_is_shown_already_is_replaced_only_if_told(
    discord: DiscordWorld, telegram: TelegramWorld, tmp_path: Path
) -> None:
    telegram.profile["description", "", ""] = "The band's own bot."
    around_us, options = around(discord, telegram), ("--telegram-token", telegram.token, "--sandbox")
    status, said = await init(tmp_path, around_us, *options)
    assert status == 0, said
    assert telegram.profile["description", "", ""] == "The band's own bot."
    assert "The description stays as it is." in said
    (tmp_path / ".env").write_text((tmp_path / ".env").read_text() + "PRICE=0.20\n")
    before = (tmp_path / ".env").read_text()
    status, said = await init(tmp_path, around_us, "--yes")  # with what it has written itself
    assert status == 0, said
    assert telegram.profile["description", "", ""].startswith("I say things")
    assert (tmp_path / ".env").read_text() == before


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "A bot needs a chat: give --discord-token, --telegram-token or both."),
        (("--telegram-token", "hello"), "TELEGRAM_TOKEN is no token of Telegram: put the one from @BotFather"),
        (("--telegram-token", tokens.DISCORD), "TELEGRAM_TOKEN holds a token of Discord"),
        (("--discord-token", f"{tokens.DISCORD[:-3]}xyz"), "Discord does not accept DISCORD_TOKEN"),
        (("--telegram-token", f"{tokens.TELEGRAM[:-3]}xyz"), "Telegram does not accept TELEGRAM_TOKEN"),
        (("--telegram-token", tokens.TELEGRAM), "Audio needs a gateway: give --gateway-key, or --sandbox"),
        (("--telegram-token", tokens.TELEGRAM, "--gateway-key", "wrong"), "The gateway does not accept GATEWAY_KEY"),
    ],
)
async def test_what_does_not_work_is_named_and_nothing_is_written(
    discord: DiscordWorld,
    telegram: TelegramWorld,
    gateway: Sandbox,
    tmp_path: Path,
    options: tuple[str, ...],
    said: str,
) -> None:
    status, words = await init(tmp_path, around(discord, telegram, gateway), *options)
    assert (status, said in words) == (2, True), words
    assert not (tmp_path / ".env").exists()


async def test_a_terminal_is_asked_again_until_an_answer_works(
    discord: DiscordWorld, telegram: TelegramWorld, gateway: Sandbox, tmp_path: Path
) -> None:
    here, there = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bots", "init", cwd=tmp_path, start_new_session=True, stdin=there, stdout=there, stderr=there,
        env={**around(discord, telegram, gateway), "PYTHONPATH": str(Path.cwd()), "TERM": "dumb"},
    )  # fmt: skip
    os.close(there)
    answers = {
        r"\(empty: no Discord\): $": "",
        r"\(empty: no Telegram\): $": "hello",
        r"(?s)is no token of Telegram.*\(empty: no Telegram\): $": telegram.token,
        r"\(empty: simulated audio, free\): $": KEY,
    }
    shown = ""
    try:
        async with asyncio.timeout(WAIT_S):
            for question, answer in answers.items():
                said = ""
                while not re.search(question, said):
                    said += (await asyncio.to_thread(os.read, here, 4096)).decode()
                os.write(here, f"{answer}\n".encode())
                shown += said
            await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    os.close(here)
    assert process.returncode == 0, shown
    assert read_lines(tmp_path / ".env")[0] == {"TELEGRAM_TOKEN", "GATEWAY_KEY"}
    assert telegram.token not in shown


async def test_ctrl_c_ends_a_question_at_once_and_writes_nothing(tmp_path: Path) -> None:
    here, there = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bots", "init", cwd=tmp_path, start_new_session=True, stdin=there, stdout=there, stderr=there,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(Path.cwd()), "TERM": "dumb"},
    )  # fmt: skip
    os.close(there)
    said = ""
    try:
        async with asyncio.timeout(WAIT_S):
            while "no Discord): " not in said:
                said += (await asyncio.to_thread(os.read, here, 4096)).decode()
            process.send_signal(signal.SIGINT)
            assert await process.wait() == 130
    finally:
        if process.returncode is None:
            process.kill()
        os.close(here)
    assert list(tmp_path.iterdir()) == []
