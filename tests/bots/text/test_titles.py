"""Names of files and quotations: whatever a member wrote, they can be written, read and shown."""

from typing import Any

import pytest

from bots.discord import escaping as discord_text
from bots.telegram import escaping as telegram
from bots.text import order_replies, titles
from core.domain.lifecycle import JobState
from core.domain.models import Job
from core.domain.orders import Destination
from core.domain.quota import QuotaSource, Standing
from core.domain.receipts import Receipt
from tests.makers import day
from tests.makers import job as made


def job(words: str, voice: str = "Aria", **changes: Any) -> Job:
    speech = {"product": "speech", "parameters": {"text": words, "voice": voice}}
    music = {"product": "music", "parameters": {"prompt": words}}
    fields: dict[str, Any] = {
        "job_id": "1a2b", "event_id": "e", "platform": "test", "community": "c", "member": "m", "member_name": "Ana",
        "direct": False, "characters": len(words), "cost_micros": 1, "state": JobState.READY, "channel": "",
        "destination": Destination("test"), "created_ms": 0, "updated_ms": 0,
    }  # fmt: skip
    return made(**fields | (speech if voice else music) | changes)


NAMES = [
    ("Hello everyone", "Aria - Hello everyone"),
    ('a/b\\c: d*e? "f" <g>|h', "Aria - a b c d e f g h"),
    ("..\n\r\t/etc/passwd\x00", "Aria - .. etc passwd"),
    ("Привет, мир!", "Aria - Привет, мир!"),
    ("こんにちは、世界", "Aria - こんにちは、世界"),
    ("مرحبا بالعالم", "Aria - مرحبا بالعالم"),
    ("می\u200cخواهم", "Aria - می\u200cخواهم"),
    ("नमस्ते दुनिया", "Aria - नमस्ते दुनिया"),
    ("Hi 👩‍👩‍👧 there ❤️‍🔥🏳️‍🌈!", "Aria - Hi there !"),
    ("🎉🎉🎉", "Aria"),
    ("Hi <:smile:123456789012345678>", "Aria - Hi smile"),
    ("\u202eevil\u202c \u200bname", "Aria - evil name"),
    ("Cafe\u0301", "Aria - Café"),
    ("word " * 40, "Aria - " + " ".join(["word"] * 10)),
    ("ありがとう" * 40, "Aria - " + ("ありがとう" * 11)[:53]),
    ("x. ", "Aria - x"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "stem"), NAMES)
def test_a_file_is_named_by_its_words_in_any_script(words: str, stem: str) -> None:
    name = titles.file_name(job(words), "mp3")
    assert name == f"{stem}.mp3"
    assert len(name) <= 64
    assert len(titles.file_name(job(words), "mp3", 12).encode()) <= 255


@pytest.mark.parametrize(
    ("words", "name"),
    [("", "music.mp3"), ("🎵", "music.mp3"), ("...", "music.mp3"), ("con", "music - con.mp3"), ("-rf *", "rf.mp3")],
)
def test_no_file_is_without_a_name_or_a_trap(words: str, name: str) -> None:
    assert titles.file_name(job(words, voice=""), "mp3") == name
    assert titles.file_name(job(words, voice=""), "mp3", 2) == name.replace(".mp3", " (2).mp3")


def receipt(of: Job) -> Receipt:
    standing = Standing(
        quota=day(None), source=QuotaSource.OPERATOR, used_micros=0, balance_micros=0, held_micros=0, resets_ms=0
    )
    return Receipt(job=of, charged_micros=1, standing=standing)


def heard(words: str, longest: int = 2000, size: Any = len, **changes: Any) -> str:
    return order_replies.introduction(receipt(job(words, **changes)), (), longest, size)


def test_a_quotation_is_one_line_that_turns_nothing_round() -> None:
    assert heard("Hello\n\n everyone") == "Aria: “Hello everyone”"
    assert heard("lo-fi", voice="") == "Music: “lo-fi”"
    assert heard("\u202eabc\u202c") == "Aria: “abc”"
    assert heard("שלום") == "Aria: “\u2068שלום\u2069”"
    assert heard("a" + "\u0301" * 50) == "Aria: “a" + "\u0301" * 4 + "”"
    assert heard("👩‍👩‍👧 می\u200cخواهم").count("\u200d") == 2


@pytest.mark.parametrize("words", ["la " * 1000, "é" * 3000, "ありがとう。" * 500, "שלום עולם " * 300, "👩‍👩‍👧" * 600])
def test_a_long_text_is_cut_at_a_word_and_fills_what_there_is(words: str) -> None:
    said = heard(words, 1024)
    assert 1000 < len(said) <= 1024
    assert said.rstrip("\u2069”").endswith("…")
    kept = said.removeprefix("Aria: “").lstrip("\u2068").rstrip("\u2069”").removesuffix("…")
    assert words.startswith(kept)
    if " " in words:
        assert words[len(kept)] == " "
    assert not titles._clings(words[len(kept)], kept[-1])


@pytest.mark.parametrize("words", ["👍" * 3000, "@bob " * 600, "*_~`|" * 400, "http://a_b_c.d/ " * 200])
def test_each_platform_measures_a_quotation_as_it_counts(words: str) -> None:
    for size, limit, plain in (
        (discord_text.size, discord_text.CONTENT_LIMIT, discord_text.plain),
        (telegram.size, telegram.CAPTION_LIMIT, telegram.plain),
    ):
        said = heard(words, limit, size)
        assert size(said) <= limit
        assert plain(said).endswith("…”")


def test_a_text_for_telegram_is_cut_as_telegram_counts() -> None:
    assert telegram.plain("👍" * 3000) == "👍" * 2048
    assert telegram.plain("a👍", limit=2) == "a"
    assert telegram.plain("\ud800") == "?"


def test_who_ordered_is_named_where_it_answers_nothing() -> None:
    said = order_replies.introduction(receipt(job("Hi")), (), 2000, len, more="more", addressed=True)
    assert said == "Aria for Ana: “Hi”\nmore"
