"""Cards of voices to choose from: heard, taken and liked with a press. A press holds all that it needs, in 64 bytes."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

from bots.commands.command import Answer, Asked, File, Press, Pressed
from bots.commands.paging import page_of
from bots.commands.voice_keys import ALL, key_of, voice_of
from bots.commands.voice_search import described, found, unrecorded
from bots.platform import Button, ButtonKind
from bots.text import titles, voice_replies
from bots.text.locale import _
from core.domain.products import Catalog
from core.domain.refusals import InvalidInput, Missing, NotFound
from core.domain.voices import Voice

MOST_AT_ONCE = 30
"""Voices that are heard one after the other."""
LONGEST_LINE = 160
LONGEST_LIKE_BYTES = 32
"""Of the words that voices are searched by, so that buttons have room for them."""
LIST = "voices"
_KEY = re.compile(r"([^:]{1,40})(?::(\d{1,3}):(.*))?", re.DOTALL)
_PAGE = re.compile(r"(\d{1,3}):(.*)", re.DOTALL)


class View(NamedTuple):
    """What a message of cards shows."""

    page: int = 1
    like: str = ""

    def with_key(self, key: str) -> str:
        """Write it beside the key of a voice."""
        return key if self == View() else f"{key}:{self.page}:{self.like}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """The voices on offer, as somebody sees them."""

    catalog: Catalog
    liked: Collection[str]
    """Empty where others see it, too."""
    plays: bool

    @classmethod
    async def of(cls, asked: Asked) -> Self:
        """Look at the voices for whoever asks."""
        service, caller = asked.service, asked.caller
        liked = frozenset() if asked.is_public else await service.favourites.of(caller.member)
        catalog = await service.voices.catalog_for(caller)
        return cls(catalog=catalog, liked=liked, plays=service.samples is not None)

    def found(self, like: str) -> list[Voice]:
        """Return the voices that words are about."""
        return found(like, self.catalog.cast, self.liked)


async def cards(asked: Asked, like: str = "", page: int = 1) -> Answer:
    """Show a page of the voices that words are about; favourites come first. Raises InvalidInput."""
    like = " ".join(like.encode(errors="replace").decode().split())  # half a pair of surrogates
    if len(like.encode()) > LONGEST_LIKE_BYTES:
        raise InvalidInput("like", like, _(voice_replies.FEW_WORDS))
    return _shown(await Shelf.of(asked), View(page, like))


def _shown(shelf: Shelf, view: View) -> Answer:
    voices = shelf.found(view.like)
    if not voices:
        return Answer(voice_replies.nobody(view.like), open=True)
    page = page_of(voices, view.page)
    view, here = view._replace(page=page.number), page.items
    head = voice_replies.head(page.first, page.first + len(here) - 1, len(voices), view.like)
    lines = [f"{voice_replies.unrecorded(unrecorded(view.like, shelf.catalog.cast))}{head}"]
    lines += [_line(voice, shelf.liked) for voice in here]
    lines.append(voice_replies.without_name(shelf.catalog))
    buttons = [button for row, voice in enumerate(here) for button in _of_voice(voice, row, shelf, view)]
    buttons += _of_list(voices, len(here), page.count, shelf, view)
    return Answer("\n\n".join((lines[0], "\n".join(lines[1:-1]), lines[-1])), buttons=tuple(buttons), open=True)


def _line(voice: Voice, liked: Collection[str]) -> str:
    mark = f"{voice_replies.UNLIKE} " if voice.name in liked else ""
    return mark + described(voice, LONGEST_LINE)


def _of_voice(voice: Voice, row: int, shelf: Shelf, view: View) -> Sequence[Button]:
    key = key_of(voice.name)
    is_liked = voice.name in shelf.liked
    kind, label = (ButtonKind.UNLIKE, voice_replies.UNLIKE) if is_liked else (ButtonKind.LIKE, voice_replies.LIKE)
    play = Button.of(ButtonKind.LISTEN, _(voice_replies.PLAY, voice=voice.name), key, row)
    return (
        *((play,) if shelf.plays else ()),
        Button.of(ButtonKind.USE, _(voice_replies.USE, voice=voice.name), view.with_key(key), row),
        Button.of(kind, label, view.with_key(key), row),
    )


def _of_list(voices: Sequence[Voice], row: int, pages: int, shelf: Shelf, view: View) -> Sequence[Button]:
    def turned(label: str, page: int) -> Button:
        return Button.of(ButtonKind.PAGE, label, f"{LIST}:{page}:{view.like}", row)

    n = min(len(voices), MOST_AT_ONCE)
    play = Button.of(ButtonKind.LISTEN, _(voice_replies.PLAY_ALL, n=n), View(like=view.like).with_key(ALL), row)
    return (
        *((turned(_(voice_replies.BACK), view.page - 1),) if view.page > 1 else ()),
        *((play,) if shelf.plays and n > 1 else ()),
        *((turned(_(voice_replies.ON), view.page + 1),) if view.page < pages else ()),
    )


async def turn(asked: Asked, about: str) -> Pressed:
    """Turn to another page."""
    read = _PAGE.fullmatch(about)
    if read is None:
        raise NotFound(Missing.REQUEST, about)
    return Pressed(card=await cards(asked, read[2], int(read[1])))


async def listen(asked: Asked, about: str) -> Pressed:
    """Let a voice be heard, or all that were found, one after the other."""
    key, view = _read(about)
    shelf = await Shelf.of(asked)
    voices = shelf.found(view.like)[:MOST_AT_ONCE] if key == ALL else [voice_of(key, shelf.catalog.cast)]
    heard = await asked.service.hear(asked.caller, [voice.name for voice in voices], asked.plays)
    if heard is None:
        return Pressed(said=Answer(_(voice_replies.NO_SAMPLES), open=True))
    lines = [described(voice, LONGEST_LINE) for voice in voices if voice.name in heard.begins_ms]
    if not lines:
        return Pressed(said=Answer(voice_replies.missing(heard.missing), open=True))
    text = "\n".join(
        filter(None, (voice_replies.timeline(heard.begins_ms, lines), voice_replies.missing(heard.missing)))
    )
    name = titles.sample_name(heard.begins_ms, heard.extension)
    return Pressed(said=Answer(text, (File(name, heard.mime, heard.content),), open=True))


async def use(asked: Asked, about: str) -> Pressed:
    """Have a voice speak where the presser names none."""
    voices, caller = asked.service.voices, asked.caller
    key, view = _read(about)
    await voices.choose(caller, voice_of(key, asked.service.catalog.cast).name)
    said = voice_replies.default_voice(await voices.chosen(caller), asked.service.catalog)
    return Pressed(card=await _again(asked, view), said=Answer(said, open=True))


async def like(asked: Asked, about: str) -> Pressed:
    """Let a voice come first."""
    return await _mark(asked, about, liked=True)


async def unlike(asked: Asked, about: str) -> Pressed:
    """Take that back."""
    return await _mark(asked, about, liked=False)


async def _mark(asked: Asked, about: str, *, liked: bool) -> Pressed:
    key, view = _read(about)
    voice = voice_of(key, asked.service.catalog.cast)
    await asked.service.favourites.mark(asked.caller, voice.name, liked=liked)
    said = _(voice_replies.LIKED if liked else voice_replies.UNLIKED, voice=voice.name)
    return Pressed(card=await _again(asked, view), said=Answer(said, open=True))


async def _again(asked: Asked, view: View) -> Answer | None:
    """Return the cards as they are now, unless others see them, too: what is somebody's own is not shown there."""
    return None if asked.is_public else _shown(await Shelf.of(asked), view)


def _read(about: str) -> tuple[str, View]:
    read = _KEY.fullmatch(about)
    if read is None:
        raise NotFound(Missing.REQUEST, about)
    return read[1], View(int(read[2]), read[3]) if read[2] else View()


PRESSES: Mapping[str, Press] = {
    ButtonKind.LISTEN: listen,
    ButtonKind.USE: use,
    ButtonKind.LIKE: like,
    ButtonKind.UNLIKE: unlike,
}
