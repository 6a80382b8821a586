"""Texts that come as a file: which are taken, and what is said of the others."""

import asyncio
from pathlib import Path

import pytest

from bots.commands import text_files
from bots.commands.orders import Words, with_file
from bots.commands.text_files import MOST_BYTES, FetchError, TextFile, TextFiles
from bots.text.locale import speaking
from bots.text.refusals import refusal
from core.domain.refusals import InvalidInput
from tests.bots.commands.ordering import TABLE, ordered
from tests.bots.text.catalogues import PSEUDO, pseudo_catalogue, unmarked, use

STORY = "Once upon a time\nthere was a bird: 漢字."


def sent(content: bytes = b"", name: str = "story.txt", kind: str = "", *, meant: bool = True) -> TextFile:
    return TextFile(name=name, kind=kind, size_bytes=len(content), where="", is_meant=meant)


async def read(file: TextFile, content: bytes) -> str:
    async def fetch(where: str, most_bytes: int) -> bytes:
        return content[:most_bytes]

    return await TextFiles(fetch).read(file)


async def refused(file: TextFile, content: bytes) -> str:
    with pytest.raises(InvalidInput) as error:
        await read(file, content)
    return refusal(error.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
async def test_a_file_is_read_in_each_encoding_without_what_is_around_its_words(encoding: str) -> None:
    content = f"\r\n {STORY}\n\n".replace("\n", "\r\n").encode(encoding)
    assert await read(sent(content), content) == STORY
    assert await read(sent(content, "STORY.MD"), content) == STORY
    assert await read(sent(content, "", "text/plain; charset=utf-8"), content) == STORY
    big_endian = b"\xfe\xff" + STORY.encode("utf-16-be")
    assert await read(sent(big_endian), big_endian) == STORY


NOT_TAKEN = [
    (sent(name="story.pdf", kind="application/pdf"), b"words", "“story.pdf” can't be used: it must be a text file, .txt"),
    (sent(b"a" * (MOST_BYTES + 1)), b"never fetched", "it must be at most 256 KiB: send it in parts."),
    (sent(), b"a" * (MOST_BYTES + 1), "it must be at most 256 KiB: send it in parts."),
    (sent(), "Schöne Grüße".encode("latin-1"), "it must be text in UTF-8 or UTF-16: open it in an editor, and save it as"),
    (sent(), "Hello".encode("utf-16-le"), "it must be text in UTF-8 or UTF-16"),
    (sent(), "Hello".encode("utf-32"), "it must be text in UTF-8 or UTF-16"),
    (sent(), b"\xff\xfea", "it must be text in UTF-8 or UTF-16"),
    (sent(), b" \r\n\t", "file “story.txt” can't be used: it must be a file with words in it."),
]  # fmt: skip


@pytest.mark.parametrize(("file", "content", "said"), NOT_TAKEN)
async def test_what_is_no_text_hears_what_to_do(file: TextFile, content: bytes, said: str) -> None:
    assert said in await refused(file, content)


async def test_a_file_that_does_not_come_is_refused_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    async def gone(where: str, most_bytes: int) -> bytes:
        raise FetchError("404")

    async def slow(where: str, most_bytes: int) -> bytes:
        await asyncio.Event().wait()
        return b""

    monkeypatch.setattr(text_files, "LONGEST_WAIT_S", 0)
    for fetch in (gone, slow):
        with pytest.raises(InvalidInput) as error:
            await TextFiles(fetch).read(sent())
        assert "which failed just now: please send it once more." in refusal(error.value)


async def test_only_so_many_are_fetched_at_once() -> None:
    under_way, most, go = 0, 0, asyncio.Event()

    async def fetch(where: str, most_bytes: int) -> bytes:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await go.wait()
        under_way -= 1
        return b"Hello"

    files = TextFiles(fetch)
    reading = [asyncio.create_task(files.read(sent())) for _ in range(3 * text_files.AT_ONCE)]
    while most < text_files.AT_ONCE:
        await asyncio.sleep(0)
    go.set()
    assert await asyncio.gather(*reading) == ["Hello"] * len(reading)
    assert most == text_files.AT_ONCE


async def meant(body: str, file: TextFile | None, product: str = "speech", *, answered: str = "") -> Words:
    async def fetch(where: str, most_bytes: int) -> bytes:
        return STORY.encode()

    return await with_file(Words(body=body, answered=answered), file, TextFiles(fetch), product, TABLE)


@pytest.mark.parametrize("is_meant", [True, False])
@pytest.mark.parametrize("body", ["", "Roger", "roger speed=1.2", "voice=Roger", ".", "👍"])
async def test_a_file_is_spoken_by_the_voice_beside_it(body: str, is_meant: bool) -> None:
    words = await meant(body, sent(meant=is_meant), answered="a caption")
    spoken = ordered(words.body, answered=words.answered).parameters
    assert spoken["text"] == STORY
    assert spoken["voice"] == ("Roger" if "oger" in body else "Lily")


@pytest.mark.parametrize("body", ["Hello", "Roger Hello", "Ariaa Hello", 'text="Hello"', "help"])
async def test_a_text_and_a_file_are_not_both_spoken(body: str) -> None:
    with pytest.raises(InvalidInput) as error:
        await meant(body, sent())
    assert refusal(error.value) == (
        "file “story.txt” can't be used: it must be all of the text, with nothing but a voice and settings beside it. "
        "Write /speak Lily"
    )
    assert await meant(body, sent(meant=False)) == Words(body=body)


async def test_a_slip_beside_a_file_is_told_as_it_is_without_one() -> None:
    for body in ("speed=9", "Lliy", "--help"):
        with pytest.raises(InvalidInput) as error:
            await meant(body, sent())
        assert error.value.parameter != "file"


async def test_music_is_made_from_no_file() -> None:
    assert await meant("", sent(), "music") == Words(body="")
    assert await meant("", None) == Words(body="")


async def test_all_of_it_is_said_in_the_language_of_whoever_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, tmp_path, pseudo_catalogue())
    with speaking(PSEUDO):
        said = [await refused(file, content) for file, content, _ in NOT_TAKEN]
        with pytest.raises(InvalidInput) as both:
            await meant("Hello", sent())
        said.append(refusal(both.value))
    assert unmarked(said, "file", "story.txt", "story.pdf", "Lily") == {}
