"""Write in every script: each run of letters in a font that has them, right to left where it reads so, and emoji.

The fonts are cut out of Noto by contrib/fonts.py, and read only where a letter needs them.
"""

import json
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain, groupby
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image, ImageDraw, ImageFont, features

FONTS = Path(__file__).parent / "fonts"
EMOJI = ""
"""In place of a font's name."""
TILE, A_ROW = 32, 48
"""Pixels of an emoji in the sheet, and how many stand in a row."""
JOINER, AS_EMOJI = "\u200d", "\ufe0f"
SKIN = range(0x1F3FB, 0x1F400)
EMOJI_SIZE = 1.15
"""Of the size of letters."""
SHAPES = features.check("raqm")
"""Whether this Pillow joins letters; else each stands alone."""


class Run(NamedTuple):
    """Letters of one font and direction."""

    font: str
    rtl: bool
    text: str


def width(text: str, size: int) -> float:
    """Return how wide a text is."""
    return sum(_long(run, size) for run in _runs(text))


def fitted(text: str, size: int, room: float) -> str:
    """Return a text that is at most so wide, cut between letters."""
    if width(text, size) <= room:
        return text
    ends = [i for i in range(1, len(text)) if not _joins(text[i]) and text[i - 1] != JOINER]
    most = bisect_right(ends, room, key=lambda end: width(f"{text[:end].rstrip()}…", size))
    return f"{text[: ends[most - 1]].rstrip()}…" if most else "…"


def drawable(text: str) -> str:
    """Return what can be drawn of a text."""
    return "".join(run.text for run in _logical(text)).strip()


def write(image: Image.Image, at: tuple[float, float], text: str, size: int, fill: str) -> None:
    """Write from the left; `at` is where the line that letters stand on begins."""
    left, base = at
    draw = ImageDraw.Draw(image)
    for run in _runs(text):
        if run.font == EMOJI:
            side = round(size * EMOJI_SIZE)
            tile = _tile(run.text).resize((side, side), Image.Resampling.LANCZOS)
            image.paste(tile, (round(left), round(base - 0.9 * side)), tile)
        else:
            draw.text((left, base), _laid(run), fill, _font(run.font, size), anchor="ls", **_direction(run))
        left += _long(run, size)


def _long(run: Run, size: int) -> float:
    if run.font == EMOJI:
        return size * EMOJI_SIZE
    return _font(run.font, size).getlength(_laid(run), **_direction(run))


def _laid(run: Run) -> str:
    return run.text if SHAPES or not run.rtl else run.text[::-1]


def _direction(run: Run) -> dict[str, Any]:
    return {"direction": "rtl" if run.rtl else "ltr"} if SHAPES else {}


def _runs(text: str) -> Sequence[Run]:
    """Return the runs of a text from left to right."""
    runs = list(_logical(text))
    is_rtl = next((strong for strong in map(_strong, text) if strong is not None), False)
    if is_rtl:
        runs.reverse()
    blocks = [list(block) for _, block in groupby(runs, key=lambda run: run.rtl)]
    return list(chain.from_iterable(reversed(b) if b[0].rtl is not is_rtl else b for b in blocks))


def _logical(text: str) -> Iterator[Run]:
    """Yield the runs of a text in the order in which it is read."""
    parts = list(_parts(text))
    directions = _directions([part for _, part in parts])
    placed = [(font, rtl, part) for (font, part), rtl in zip(parts, directions, strict=True)]
    for (font, rtl), group in groupby(placed, key=lambda each: each[:2]):
        if font == EMOJI:
            yield from (Run(font, rtl, part) for _, _, part in group)
        else:
            yield Run(font, rtl, "".join(part for _, _, part in group))


def _parts(text: str) -> Iterator[tuple[str, str]]:
    """Yield each letter or emoji with its font; what none has is left out."""
    at, before = 0, EMOJI
    while at < len(text):
        emoji = _emoji_at(text, at)
        if emoji:
            before = EMOJI
            yield EMOJI, emoji
            at += len(emoji)
            while at < len(text) and (text[at] in (AS_EMOJI, JOINER) or ord(text[at]) in SKIN):
                at += 1
            continue
        if font := _font_of(text[at], before):
            before = font
            yield font, text[at]
        at += 1


def _emoji_at(text: str, at: int) -> str:
    pair, one, after = text[at : at + 2], text[at], text[at + 1 : at + 2]
    if pair in _sheet()[0]:
        return pair
    is_emoji = one in _sheet()[0] and (after == AS_EMOJI or ord(one) > 0xFFFF or not _font_of(one, EMOJI))
    return one if is_emoji else ""


def _directions(parts: Sequence[str]) -> list[bool]:
    """Say of each part whether it reads from right to left; spaces and marks do as what is before and after."""
    strong = [_strong(part[0]) for part in parts]
    base = next((each for each in strong if each is not None), False)
    ahead, behind = [base] * len(parts), [base] * len(parts)
    last = base
    for i, each in enumerate(strong):
        last = ahead[i] = last if each is None else each
    last = base
    for i in range(len(parts) - 1, -1, -1):
        each = strong[i]
        last = behind[i] = last if each is None else each
    return [a if a == b else base for a, b in zip(ahead, behind, strict=True)]


def _strong(letter: str) -> bool | None:
    match unicodedata.bidirectional(letter):
        case "R" | "AL":
            return True
        case "L" | "EN" | "AN":
            return False
        case _:
            return None


def _joins(letter: str) -> bool:
    return unicodedata.category(letter)[0] == "M" or letter == JOINER or ord(letter) in SKIN


@lru_cache(maxsize=1)
def _coverage() -> Mapping[str, tuple[Sequence[int], Sequence[int]]]:
    """Return the beginnings and the ends of the ranges of code points that each font has."""
    ranges = json.loads((FONTS / "coverage.json").read_text())
    return {font: ([first for first, _ in found], [last for _, last in found]) for font, found in ranges.items()}


def _has(font: str, letter: str) -> bool:
    firsts, lasts = _coverage()[font]
    place = bisect_right(firsts, ord(letter)) - 1
    return place >= 0 and ord(letter) <= lasts[place]


def _font_of(letter: str, before: str) -> str:
    """Return a font that has a letter, where it can the one before; "" if none has."""
    if before and not letter.isalpha() and _has(before, letter):
        return before
    return next((font for font in _coverage() if _has(font, letter)), "")


@lru_cache(maxsize=32)
def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(FONTS / f"{name}.woff2", size)


@lru_cache(maxsize=1)
def _sheet() -> tuple[Mapping[str, int], Image.Image]:
    """Return the number of each emoji in the sheet, and the sheet."""
    known = (FONTS / "emoji.txt").read_text(encoding="utf-8").splitlines()
    return {emoji: number for number, emoji in enumerate(known)}, Image.open(FONTS / "emoji.webp").convert("RGBA")


def _tile(emoji: str) -> Image.Image:
    numbers, sheet = _sheet()
    row, column = divmod(numbers[emoji], A_ROW)
    return sheet.crop((column * TILE, row * TILE, (column + 1) * TILE, (row + 1) * TILE))
