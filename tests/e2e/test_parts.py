"""Orders of many parts on both platforms, and SIGKILL while some parts are fetched, some under way and some wait."""

from collections import Counter
from pathlib import Path

from core.domain.money import show
from core.domain.products import PRICE_MICROS
from tests.bots.parts_studio import PartsStudio, tones
from tests.bots.telegram.talk import answer
from tests.e2e.process import process
from tests.worlds.discord import Reply
from tests.worlds.telegram import Chat

STORY, LINES = 8, 30
"""How many parts each has."""
BEFORE = 2
"""Parts of each order that are there before the kill."""
AT_ONCE = 4
"""Parts of one member at the gateway, by default."""
ALLOWANCE_MICROS = 10_000_000
VOICES = ("Aria", "George", "Sarah")


def story(name: str) -> str:
    """Return 20,000 characters."""
    text = " ".join(f"{name} tells sentence {n} of a long night in which it rained." for n in range(500))
    return f"{text[:19_999]}."


def lines(name: str) -> list[str]:
    return [f"{name} says line {n}." for n in range(LINES)]


def dialogue(name: str) -> str:
    return "\n".join(f"{VOICES[n % len(VOICES)]}: {line}" for n, line in enumerate(lines(name)))


async def counted(reply: Reply, chat: Chat, of: int) -> None:
    """Wait until both platforms say how many of so many parts there are."""
    progress = f"Generating speech, {BEFORE} of {of}: "
    await reply.settled(lambda message: message.content.startswith(progress))
    await chat.wait_for(lambda chat: any(text.startswith(progress) for text in chat.texts))


async def test_long_orders_go_on_after_a_kill(tmp_path: Path) -> None:
    async with PartsStudio(sings=True) as studio, process(tmp_path, studio.url) as service:
        telegram, discord = service.telegram, service.discord
        ann, bob = telegram.user("Ann", "ann"), telegram.user("Bob", "bob")
        band, guild = telegram.group("Band", ann, bob), discord.guild()
        cid, dan, channel = guild.member("Cid"), guild.member("Dan"), guild.channel("general")
        said = {"Ann": story("Ann"), "Bob": " ".join(lines("Bob")), "Cid": story("Cid"), "Dan": " ".join(lines("Dan"))}

        def spoken_by(name: str) -> list[str]:
            return [text for text in studio.texts if text.startswith(name)]

        studio.is_spoken = lambda text: text in spoken_by(text[:3])[:BEFORE]
        await service.start()
        await band.says(ann, "/speak Roger", more=telegram.document("story.txt", said["Ann"].encode()))
        await band.says(bob, f"/speak {dialogue('Bob')}")
        texts = discord.attach("story.txt", said["Cid"].encode()), discord.attach("talk.txt", dialogue("Dan").encode())
        replies = [
            await discord.command(who, channel, "/speak", text="Roger", file=file)
            for who, file in zip((cid, dan), texts, strict=True)
        ]
        await studio.pulse.until(lambda: len(studio.asked) == len(said) * (BEFORE + AT_ONCE))
        for reply, of in zip(replies, (STORY, LINES), strict=True):
            await counted(reply, band, of)
        await service.kill()
        studio.is_spoken = lambda _: True
        await service.start()
        files = [file for reply in replies for file in await reply.audio()]
        await band.wait_for(lambda chat: len(chat.audios) == 2)
        voices = sorted(band.audios, key=lambda audio: audio.reply_to or 0)
        assert [audio.kind for audio in voices] == ["voice"] * 2
        assert max(Counter(studio.texts).values()) == 1
        balances = [await answer(band, who, "/balance") for who in (ann, bob)]
        balances += [(await (await discord.command(who, channel, "/balance")).answered()).content for who in (cid, dan)]
        heard = [tones(content) for content in (*(v.content for v in voices), *(f.content for f in files))]
        for (name, text), balance, (sung, _) in zip(said.items(), balances, heard, strict=True):
            parts = sorted(spoken_by(name), key=text.index)
            assert " ".join(parts) == text
            assert sung == [studio.hertz(part) for part in parts]
            cost = sum(map(len, parts)) * PRICE_MICROS // 1000
            assert f"You have {show(ALLOWANCE_MICROS - cost)} left today." in balance
            assert balance.count(f"{show(cost)} charged, order ") == balance.count("charged") <= 1  # an alert is short
            assert "set aside" not in balance
        assert heard[-1][1] == dialogue("Dan").splitlines()
        assert [len(message.attachments) for message in channel.posted] == [1, 1]
        assert replies[1].content.startswith("Aria, George, Sarah: “Dan says line 0. \N{EN DASH} Dan says line 1. ")
