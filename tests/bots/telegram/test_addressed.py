"""Nobody who plainly speaks to the bot hears silence, and nobody else hears anything."""

from dataclasses import replace

import pytest

from tests.bots.telegram.rig import Bot
from tests.bots.telegram.talk import answer
from tests.makers import day
from tests.worlds.telegram import Chat, TelegramWorld, User

pytestmark = pytest.mark.usefixtures("bot")

STICKER = {
    "sticker": {
        "file_id": "s", "file_unique_id": "s", "type": "regular", "width": 9, "height": 9, "is_animated": False,
        "is_video": False,
    }
}  # fmt: skip
FORWARDED = {"forward_origin": {"type": "hidden_user", "sender_user_name": "Zoe", "date": 1}}


async def test_what_is_refused_in_a_group_says_what_works_there(band: Chat, alice: User, bob: User) -> None:
    said = await answer(band, bob, "/speak@troubadour_bot sped=2 Hi")
    assert "Write /speak@troubadour_bot speed=2 Hi, or /speak@troubadour_bot text=" in said
    assert "Write /speak speed=2 Hi, or /speak text=" in await answer(band, bob, "/speak sped=2 Hi")


@pytest.mark.parametrize("between", ["\u3000", "\u00a0", "\uff0c", ":", ": ", "\uff1a", "\n"])
async def test_what_people_put_after_a_command_ends_it(band: Chat, bob: User, between: str) -> None:
    await band.says(bob, f"/speak{between}Hello everyone")
    audio = await band.wait_for(lambda chat: next(iter(chat.audios), None))
    assert "“Hello everyone”" in audio.text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("say hello", "Write /speak Aria Hello everyone, or /help"),
        ("\u4f60\u597d", "Write /speak Aria Hello everyone, or /help"),
        ("/speek hello", "I don't know /speek. Did you mean /speak?"),
        ("/xyzzy", "I don't know /xyzzy. Write /help"),
        ("/speak@another_bot hello", "Write /speak hello"),
        ("/ban @alice", "I don't know /ban. Write /help for all that I can do."),
        ("/commands", "I don't know /commands. Did you mean /help?"),
        ("!speak hello", "Write /speak hello"),
        ("/ speak hello", "Write /speak hello"),
        ("@troubadour_bot say hello", "Write /speak Aria Hello everyone, or /help"),
    ],
)
async def test_a_direct_chat_answers_everything(world: TelegramWorld, bob: User, words: str, said: str) -> None:
    own = world.private(bob)
    assert said in await answer(own, bob, words)
    assert len(own.sent) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("@troubadour_bot say hello", "Write /speak@troubadour_bot Aria Hello everyone, or /help@troubadour_bot"),
        ("@Troubadour_Bot, hello", "Write /speak@troubadour_bot Aria Hello everyone, or /help@troubadour_bot"),
        ("/speek@troubadour_bot hello", "I don't know /speek. Did you mean /speak@troubadour_bot?"),
        ("/xyzzy@troubadour_bot", "I don't know /xyzzy. Write /help@troubadour_bot"),
        ("/ban@troubadour_bot @alice", "I don't know /ban. Write /help@troubadour_bot"),
        ("/speak@troubadour_bot.hello", "Write /speak@troubadour_bot hello"),
        ("/\u0455\u0440\u0435\u0430k@troubadour_bot hi", "Write /speak@troubadour_bot hi"),
        ("/speak.hello", "Write /speak@troubadour_bot hello"),
        ("/\u0455\u0440\u0435\u0430k hi", "Write /speak@troubadour_bot hi"),
    ],
)
async def test_a_group_answers_whoever_names_the_bot(band: Chat, bob: User, words: str, said: str) -> None:
    assert said in await answer(band, bob, words)
    assert len(band.sent) == 1


@pytest.mark.parametrize(
    ("words", "meant"), [("/balnace", "balance"), ("/speek hello", "speak"), ("/speakhi", "speak"), ("/qouta", "quota")]
)
async def test_a_group_answers_whoever_nearly_writes_a_command(band: Chat, bob: User, words: str, meant: str) -> None:
    name = words.split(maxsplit=1)[0]
    assert await answer(band, bob, words) == f"I don't know {name}. Did you mean /{meant}?"


async def test_a_command_is_suggested_to_whoever_may_use_it(band: Chat, alice: User, bob: User) -> None:
    for name, suggested in (("/ban", "block"), ("/blok", "block"), ("/stats", "usage")):
        words = f"{name}@troubadour_bot"
        assert (
            await answer(band, bob, words) == f"I don't know {name}. Write /help@troubadour_bot for all that I can do."
        )
        assert await answer(band, alice, words) == f"I don't know {name}. Did you mean /{suggested}@troubadour_bot?"
    for name, suggested in (("speech", "speak"), ("song", "music"), ("hist", "history"), ("credits", "balance")):
        said = await answer(band, bob, f"/{name}@troubadour_bot")
        assert said == f"I don't know /{name}. Did you mean /{suggested}@troubadour_bot?"


async def test_whoever_answers_the_bot_without_a_command_hears_what_to_type_once(
    band: Chat, alice: User, bob: User
) -> None:
    await band.says(alice, "/speak Hello")
    audio = await band.wait_for(lambda chat: next(iter(chat.audios), None))
    assert "Write /speak@troubadour_bot Aria Hello" in await answer(band, bob, "make it slower", reply_to=audio)
    await band.says(bob, "nice", reply_to=audio)
    assert "Write /speak@troubadour_bot Aria Hello" in await answer(band, alice, "nice", reply_to=audio)
    assert len([text for text in band.texts if text.startswith("I take commands.")]) == 2


async def test_a_direct_chat_answers_what_holds_no_words_once_a_minute(world: TelegramWorld, bob: User) -> None:
    own = world.private(bob)
    for _ in range(3):
        shown = await own.says(bob, "", more=STICKER)
    await answer(own, bob, "/voices")
    assert [message.reply_to == shown.id - 2 for message in own.sent] == [True, False]
    assert "Write /speak Aria Hello everyone, or /help" in own.texts[0]


async def test_start_says_hello_and_the_one_next_step(
    world: TelegramWorld, band: Chat, bob: User, bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    hello = "Hello! I say things with a voice and make music. Hear me: /speak{} Aria Hello everyone"
    own = world.private(bob)
    assert await answer(own, bob, "/start") == hello.format("")
    assert await answer(band, bob, "/start@troubadour_bot") == hello.format("@troubadour_bot")
    monkeypatch.setattr(bot.service, "_policy", replace(bot.service._policy, direct_quota=day(0)))
    said = await answer(own, bob, "/start")
    assert "Here you have nothing to spend. Add me to a group, and there write /speak Aria Hello everyone" in said


async def test_a_group_talks_undisturbed(world: TelegramWorld, band: Chat, alice: User, bob: User) -> None:
    voices = await band.reply_to(await band.says(alice, "/voices"))
    for words in (
        "say hello",
        "/lock",
        "/quote of the day",
        "/stat",
        "/music_off",
        "/music/rain.mp3",
        "/ban @alice",
        "/speak@another_bot.hello",
        "/\u0455\u0440\u0435\u0430k@another_bot hello",
        "/speek@another_bot",
        "@alice hi",
        "I like @troubadour_bot",
        "/",
        "!speak hello",
        "@",
        "",
    ):
        await band.says(bob, words)
    await band.says(bob, "", reply_to=voices, more=STICKER)
    await band.says(bob, "@troubadour_bot say hello", more=FORWARDED)
    await band.says(bob, "/speek hello", more=FORWARDED)
    await band.says(bob, "/speak.hello", more=FORWARDED)
    edited = await band.says(bob, "hello")
    await band.edits(edited, "@troubadour_bot say hello")
    robot = world.user("Robot", "robot_bot")
    robot.is_bot = True
    await band.says(robot, "@troubadour_bot say hello")
    await answer(band, alice, "/balance")
    assert len(band.sent) == 2
