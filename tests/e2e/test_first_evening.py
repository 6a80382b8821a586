"""From an empty folder to audio in both chats by what README says: `init`, `run`, `/claim`, approval, `/speak`."""

import os
import re
from pathlib import Path

from tests.e2e.children import Nursery
from tests.waiting import until
from tests.worlds.discord import DiscordWorld
from tests.worlds.telegram import TelegramWorld

CODE = re.compile(r"/claim (\w{4}(?:-\w{4}){3}) ")


async def test_init_alone_makes_a_bot_that_answers_on_both_chats(tmp_path: Path) -> None:
    async with Nursery() as nursery, DiscordWorld() as discord, TelegramWorld() as telegram:
        around = {
            "PATH": os.environ["PATH"],
            "DISCORD_API_URL": discord.api_url,
            "TELEGRAM_API_URL": telegram.api_url,
            "HTTP_PORT": "0",
        }
        tokens = ("--discord-token", discord.token, "--telegram-token", telegram.token)
        setup = nursery.start(tmp_path, around, ("init", *tokens, "--sandbox", "--yes"), output=tmp_path / "said")
        assert await setup.ended() == 0, (tmp_path / "said").read_text()
        checked = nursery.start(tmp_path, around, ("check", "--live"), output=tmp_path / "checked")
        assert await checked.ended() == 0, (tmp_path / "checked").read_text()

        guild = discord.guild()
        bea, general = guild.member("Bea"), guild.channel("general")
        ann = telegram.user("Ann", "ann")
        home, band = telegram.private(ann), telegram.group("Band", ann)
        nursery.start(tmp_path, around)
        await discord.connected()
        await telegram.until(lambda: telegram.calls_to("getUpdates"), "no poll")

        await until(lambda: CODE.findall((tmp_path / "log").read_text()), 0.02)
        (code,) = CODE.findall((tmp_path / "log").read_text())
        claimed = await home.reply_to(await home.says(ann, f"/claim {code}"))
        assert claimed.text.startswith("You run this bot now")
        await band.says(ann, "/communities approve")
        await band.wait_for(lambda chat: [text for text in chat.texts if "I take orders" in text])
        await band.says(ann, "/speak Aria Hello everyone")
        await band.wait_for(lambda chat: chat.audios)

        reply = await discord.command(bea, general, "/speak", text="Aria Hello everyone")
        assert "has not approved this community" in (await reply.answered()).content
        await home.says(ann, f"/communities approve discord:{guild.id}")
        await home.wait_for(
            lambda chat: [text for text in chat.texts if f"I take orders in discord:{guild.id}" in text]
        )
        reply = await discord.command(bea, general, "/speak", text="Aria Hello everyone")
        await reply.settled(lambda message: message.buttons)
        assert [message for message in general.posted if message.attachments]
