"""`troubadour check --live` names what the chats and the gateway know to be wrong."""

import io
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

from bots.cli.check import check
from bots.sandbox import Sandbox, SandboxConfig
from storage.engines import reach
from tests.bots.app.readings import reading
from tests.worlds.discord import DiscordWorld
from tests.worlds.discord.places import ATTACH_FILES, BOT
from tests.worlds.telegram import TelegramWorld

KEY = "a-key-of-the-right-length"
VOICE = 1 << 46


class Around:
    """A local Discord, a local Telegram, a gateway, and settings that name them."""

    def __init__(self, discord: DiscordWorld, telegram: TelegramWorld, gateway: Sandbox, folder: Path) -> None:
        self.discord, self.telegram = discord, telegram
        self.values: dict[str, object] = {
            "discord_token": SecretStr(discord.token), "discord_api_url": discord.api_url,
            "telegram_token": SecretStr(telegram.token), "telegram_api_url": telegram.api_url,
            "gateway_url": gateway.url, "gateway_key": SecretStr(KEY), "data_dir": folder, "http_port": 0,
        }  # fmt: skip

    async def checked(self, community: str = "") -> tuple[int, str]:
        out = io.StringIO()
        status = await check(reading(**self.values), out, reach, is_live=True, community=community)
        return status, out.getvalue()


@pytest.fixture
async def around(tmp_path: Path) -> AsyncIterator[Around]:
    async with DiscordWorld() as discord, TelegramWorld() as telegram, Sandbox(SandboxConfig(key=KEY)) as gateway:
        yield Around(discord, telegram, gateway, tmp_path)


async def test_what_works_is_said_with_the_links_that_add_the_bot(around: Around) -> None:
    status, said = await around.checked()
    assert status == 0, said
    assert "note: Discord answers to Troubadour." in said
    assert (
        f"note: To add the bot to a server: https://discord.com/oauth2/authorize?client_id={around.discord.application_id}&"
        in said
    )
    assert "note: Telegram answers to @troubadour_bot." in said
    assert "note: Gateway answers, and knows the key." in said
    assert "note: No command is registered with Discord now" in said
    assert "note: Privacy mode is on: in groups, /speak@troubadour_bot always reaches the bot" in said


def _sends_commands_elsewhere(around: Around) -> None:
    around.discord.application["interactions_endpoint_url"] = "https://other.example/interactions"


def _wants_a_code(around: Around) -> None:
    around.discord.application["bot_require_code_grant"] = True


def _joins_nothing(around: Around) -> None:
    around.telegram.joins = False


def _is_posted_elsewhere(around: Around) -> None:
    around.telegram.webhook.set("https://other.example/hook", "", None)


def _is_not_there(around: Around) -> None:
    around.values["telegram_api_url"] = "http://127.0.0.1:9"


def _has_another_key(around: Around) -> None:
    around.values["gateway_key"] = SecretStr("another-key-altogether")


@pytest.mark.parametrize(
    ("breaks", "said"),
    [
        (_sends_commands_elsewhere, "Discord sends commands to an Interactions Endpoint URL and not to this bot"),
        (_wants_a_code, "The invite link does not work while Requires OAuth2 Code Grant is on"),
        (_joins_nothing, "Nobody can add the bot to a group: send @BotFather /setjoingroups"),
        (_is_posted_elsewhere, "Telegram posts what people write to other.example, where another program may take it"),
        (_is_not_there, "Telegram can't be asked now"),
        (_has_another_key, "The gateway does not accept GATEWAY_KEY (401"),
    ],
)
async def test_each_trouble_is_one_sentence(around: Around, breaks: Callable[[Around], None], said: str) -> None:
    breaks(around)
    status, lines = await around.checked()
    problems = [line for line in lines.splitlines() if line.startswith("problem: ")]
    assert (status, len(problems)) == (1, 1), lines
    assert said in problems[0]


async def test_a_server_is_looked_at_channel_by_channel(around: Around) -> None:
    guild = around.discord.guild()
    guild.rights |= BOT | 1 << 38 | VOICE
    guild.channel("general")
    guild.channel("music", bot_permissions=BOT & ~ATTACH_FILES)
    status, said = await around.checked(f"discord:{guild.id}")
    assert status == 1
    assert "problem: Attach Files is missing in #music." in said
    assert said.count("problem: ") == 1
    _, said = await around.checked("discord:12345")
    assert "problem: The bot is in no server with the id 12345: add it with the invite link." in said


@pytest.mark.parametrize("community", ["foo", "telegram:x", "discord:-5 ", "telegram:"])
async def test_a_community_that_is_none_is_a_problem(around: Around, community: str) -> None:
    status, said = await around.checked(community)
    assert status == 1, said
    assert f"problem: --community: {community!r} is not such as telegram:-100123 or discord:456." in said


async def test_a_community_of_a_chat_without_a_token_is_a_problem(around: Around) -> None:
    del around.values["telegram_token"]
    status, said = await around.checked("telegram:-100123")
    assert status == 1, said
    assert "problem: --community: telegram:-100123 can't be looked at without TELEGRAM_TOKEN." in said


async def test_a_group_is_looked_at(around: Around) -> None:
    ana = around.telegram.user("Ana", "ana")
    group = around.telegram.group("Band", ana)
    _, said = await around.checked(f"telegram:{group.id}")
    assert "problem: " not in said
    await group.changes(around.telegram.bot, "left")
    _, said = await around.checked(f"telegram:{group.id}")
    assert f"problem: The bot is not in the group {group.id}: add it with the invite link." in said
