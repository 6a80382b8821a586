"""What a message's entities are spoken as."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import MessageEntity

from bots.telegram.spoken import cleaning
from tests.bots.telegram.rig import Rig
from tests.worlds.telegram.chats import Chat, User
from tests.worlds.telegram.wire import units


def entity(text: str, part: str, kind: str, **more: object) -> MessageEntity:
    return MessageEntity(kind, units(text[: text.index(part)]), units(part), **more)  # type: ignore[arg-type]


def said(text: str, part: str, kind: str, **more: object) -> str:
    return cleaning([(text, [entity(text, part, kind, **more)])], 1_700_000_000)(text)


@pytest.mark.parametrize(
    ("text", "part", "kind", "spoken"),
    [
        ("🎉🎉 hi @ann_b, you", "@ann_b", "mention", "🎉🎉 hi ann b, you"),
        ("😀 see example.com/x?y", "example.com/x?y", "url", "😀 see link to example.com"),
        ("visit example.com now", "example.com", "url", "visit example.com now"),
        ("use /help@bot now", "/help@bot", "bot_command", "use /help now"),
        ("*a* **b** __c__ snake_case", "*a*", "italic", "*a* **b** __c__ snake_case"),
        ("to a@b.c or 👍", "👍", "custom_emoji", "to a@b.c or 👍"),
        ("go here", "here", "text_link", "go here"),
    ],
)
def test_entities_become_words(text: str, part: str, kind: str, spoken: str) -> None:
    assert said(text, part, kind) == spoken


def test_a_time_is_spoken_as_clients_show_it() -> None:
    at = dt.datetime.fromtimestamp(1_700_010_800, dt.UTC)
    shown = {
        "": "at ten",
        "r": "at in 3 hours",
        "t": "at 01:13 UTC",
        "wDT": "at Wednesday, November 15, 2023, 01:13 UTC",
    }
    for form, spoken in shown.items():
        assert said("at ten", "ten", "date_time", unix_time=at, date_time_format=form) == spoken


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"])))
def test_the_rest_stays_as_it_is_in_any_script(before: str, after: str) -> None:
    before, after = before.replace("://", ""), after.replace("://", "")
    text, mark = f"{before} @ann_b {after}", MessageEntity("mention", units(before) + 1, 6)
    if "www." not in text.casefold() and text.count("@ann_b") == 1:
        assert cleaning([(f"/speak Aria {text}", [mark.shift_entities(12, [mark])[0]])], 0)(text) == (
            f"{before} ann b {after}"
        )


@pytest.mark.usefixtures("bot")
async def test_what_is_spoken_is_what_was_meant(band: Chat, alice: User, bob: User, rig: Rig) -> None:
    text = "/speak Roger: 🎉 ask @ann_b at https://example.com/faq, 2 * 3 * 4"
    url = entity(text, "https://example.com/faq", "url")
    more = [
        {"type": str(e.type), "offset": e.offset, "length": e.length} for e in (url, entity(text, "@ann_b", "mention"))
    ]
    await band.says(bob, text, more={"entities": [{"type": "bot_command", "offset": 0, "length": 6}, *more]})
    await band.wait_for(lambda chat: chat.audios)
    spoken = "🎉 ask ann b at link to example.com, 2 * 3 * 4"
    assert rig.gateway.parameters == [{"voice": "Roger", "text": spoken}]
    asked = await band.says(alice, "ask @ann_b")
    await band.says(bob, "/speak", reply_to=asked)
    await band.wait_for(lambda chat: len(chat.audios) == 2)
    assert rig.gateway.parameters[1]["text"] == "ask ann b"
