"""Titles and file names of a job's audio, and quotations of its text: the same on every platform."""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterable

from bots.text.locale import isolated
from core.domain.models import Job
from core.domain.products import row_of
from core.domain.shown import JOINERS, shown

LONGEST_NAME = 60
LONGEST_TITLE = 64
LONGEST_LINE = 60
"""Characters of an order's text in a list of orders, and in its status."""
MOST_VOICES = 3
ELLIPSIS = "…"
TURN = " \N{EN DASH} "
"""Between two who speak."""
PERFORMER = "Troubadour"

_FORBIDDEN = frozenset('<>:"/\\|?*')
"""Characters that Windows forbids in file names; other systems forbid fewer."""
_RESERVED = frozenset(("CON", "PRN", "AUX", "NUL", *(f"{port}{n}" for port in ("COM", "LPT") for n in range(10))))
"""Device names of Windows, which no file may have, whatever its extension."""
_NAMED_EMOJI = re.compile(r"<a?:(\w+):\d+>")
"""A custom emoji as in a message: its name is spoken, its number is not."""
_VARIATIONS = range(0xFE00, 0xFE10)
"""Variation selectors, mostly of emoji."""


def words(job: Job) -> str:
    """Return a job's text or prompt as one line to show: in a dialogue what each says, and only what is heard."""
    product, voices = row_of(job.product), _voices(job)
    text = product.text_of(job.parameters)
    if len(voices) > 1 or job.is_in_part:
        between = TURN if len(voices) > 1 else " "
        text = between.join(product.text_of(part.parameters) for part in job.fetched or job.parts)
    line = " ".join(text.split())
    return shown(line, len(line), JOINERS)


def _voices(job: Job) -> list[str]:
    speaker_of = row_of(job.product).speaker_of
    return list(dict.fromkeys(speaker_of(part.parameters) for part in job.fetched or job.parts))


def begun(words: str) -> str:
    """Begin a line with words."""
    return words[:1].upper() + words[1:]


def voice(job: Job) -> str:
    """Return the voice, or the first of several; "" without one."""
    names = _voices(job)
    more = ELLIPSIS if len(names) > MOST_VOICES else ""
    return ", ".join(names[:MOST_VOICES]) + more


def song_title(job: Job) -> str:
    """Return a song's title for a player."""
    return cut(words(job), LONGEST_TITLE) or job.product


def performer(job: Job) -> str:
    """Return the performer for a player."""
    return voice(job) or PERFORMER


def length(duration_ms: int) -> str:
    """Return how long audio is, as players show it."""
    minutes, seconds = divmod(-(-duration_ms // 1000), 60)
    return f"{minutes}:{seconds:02}"


def file_name(job: Job, extension: str, number: int = 1) -> str:
    """Return a file name from a job's words that is valid on every system; `number` counts the files of one job."""
    spoken = " - ".join(part for part in (_writable(voice(job)), _writable(words(job))) if part)
    stem = _stem(spoken, job.product)
    return f"{stem} ({number}).{extension}" if number > 1 else f"{stem}.{extension}"


def sample_name(voices: Iterable[str], extension: str) -> str:
    """Return a file name of what voices sound like."""
    return f"{_stem(', '.join(map(_writable, voices)), 'voices')}.{extension}"


def _stem(text: str, instead: str) -> str:
    stem = cut(text, LONGEST_NAME, end="").strip(" .-") or instead
    return f"{instead} - {stem}" if stem.partition(".")[0].strip().upper() in _RESERVED else stem


def cut(
    text: str,
    longest: int,
    size: Callable[[str], int] = len,
    sentence: Callable[[str], str] = str,
    end: str = ELLIPSIS,
) -> str:
    """Return a sentence about a text, quoting as many words as fit within `longest`.

    `size` measures the sentence as the platform does.
    """
    if size(sentence(text)) <= longest:
        return sentence(text)
    room = bisect_right(range(len(text)), longest, key=lambda n: size(sentence(text[:n] + end))) - 1
    return sentence(text[: _last_word(text, max(room, 0))].rstrip() + end)


def _last_word(text: str, room: int) -> int:
    """Return where to cut: at the end of a word, or of a letter with its marks, since many scripts have no spaces."""
    at_space = text.rfind(" ", 0, room + 1)
    if at_space > room // 2:
        return at_space
    while room and _clings(text[room], text[room - 1]):
        room -= 1
    return room


def _clings(character: str, before: str) -> bool:
    return unicodedata.category(character) in {"Mn", "Mc", "Me", "Sk"} or character in JOINERS or before in JOINERS


def excerpt(text: str, longest: int) -> str:
    """Quote a text on one line, or its beginning."""
    line = " ".join(text[: 4 * longest].split())
    return f"\u201c{isolated(cut(shown(line, len(line), JOINERS), longest))}\u201d"


def _writable(text: str) -> str:
    """Keep letters, marks, digits and plain signs of any script; emoji and forbidden characters become spaces."""
    text = unicodedata.normalize("NFC", _NAMED_EMOJI.sub(r"\1", text))
    near = zip(text, f" {text}", f"{text[1:]} ", strict=False)
    return " ".join("".join(_written(*of) for of in near).split())


def _written(character: str, before: str, after: str) -> str:
    category = unicodedata.category(character)
    if character in JOINERS:
        return character if _spells(before) and _spells(after) else ""
    if category[0] == "C" or category == "Me" or ord(character) in _VARIATIONS:
        return ""
    return " " if character in _FORBIDDEN or category in {"So", "Sk"} else character


def _spells(character: str) -> bool:
    return unicodedata.category(character)[0] in "LM"
