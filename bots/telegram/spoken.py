"""What is spoken of a message: the words for what its entities mark."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from telegram import Message, MessageEntity

from bots.commands.mark_up import Clean, as_typed, link
from bots.telegram.parse import answered, marks, words
from bots.text import moments

Entities = Sequence[MessageEntity]


class _Spot(NamedTuple):
    """A place in a text, in code points, and what is spoken of it."""

    start: int
    end: int
    said: str


def clean_of(message: Message) -> Clean:
    """Return what makes words of texts in a message, or in what it answers."""
    sources, now_s = [(words(message), marks(message))], message.date.timestamp()
    reply = answered(message)
    if message.quote is not None:
        sources.append((message.quote.text, message.quote.entities or ()))
    elif reply is not None:
        sources.append((words(reply), marks(reply)))
    return cleaning(sources, now_s)


def cleaning(sources: Sequence[tuple[str, Entities]], now_s: float) -> Clean:
    """Return what makes words of parts of texts; mark-up has been taken out of them by the sender's client."""
    marked = [(text, spots) for text, entities in sources if (spots := _spots(text, entities, now_s))]

    def part(text: str) -> str | None:
        for whole, spots in marked:
            if (at := whole.rfind(text)) >= 0:
                return _replaced(text, at, spots)
        return None

    def clean(text: str) -> str:
        said = part(text)
        if said is None:  # who speaks and parameters were taken out
            said = "\n".join(line if (found := part(line)) is None else found for line in text.split("\n"))
        return as_typed(said)

    return clean


def _replaced(text: str, at: int, spots: Sequence[_Spot]) -> str:
    for start, end, said in reversed(spots):
        if at <= start and end <= at + len(text):
            text = text[: start - at] + said + text[end - at :]
    return text


def _spots(text: str, entities: Entities, now_s: float) -> list[_Spot]:
    """Return the places that are spoken otherwise than they are written; offsets count UTF-16 code units."""
    raw, found = text.encode("utf-16-le", "surrogatepass"), []
    for entity in sorted(entities, key=lambda e: e.offset):
        before, marked = raw[: 2 * entity.offset], raw[2 * entity.offset : 2 * (entity.offset + entity.length)]
        written = marked.decode("utf-16-le", "replace")
        said = _SAID[entity.type](entity, written, now_s) if entity.type in _SAID else None
        if said and said != written:
            start = len(before.decode("utf-16-le", "replace"))
            found.append(_Spot(start, start + len(written), said))
    return found


def _name(_: MessageEntity, written: str, __: float) -> str:
    return written.removeprefix("@").replace("_", " ").strip()


def _link(_: MessageEntity, written: str, __: float) -> str:
    """Return the words for a link; one that is a host and nothing else is as it should be spoken."""
    return link(written) if re.search(r"/|^www\.", written, re.IGNORECASE) else written


def _command(_: MessageEntity, written: str, __: float) -> str:
    return written.partition("@")[0]


def _date_time(entity: MessageEntity, _: str, now_s: float) -> str | None:
    """Return the words for a time that clients show in a format; without one they show what is written."""
    form, at = entity.date_time_format or "", entity.unix_time
    if not form or at is None:
        return None
    if "r" in form:
        return moments.relative(at.timestamp(), now_s)
    asked = {name: letter in form.casefold() for name, letter in {"weekday": "w", "date": "d", "time": "t"}.items()}
    return moments.moment(at.timestamp(), **asked)


_SAID: Mapping[str, Callable[[MessageEntity, str, float], str | None]] = {
    MessageEntity.MENTION: _name,
    MessageEntity.URL: _link,
    MessageEntity.BOT_COMMAND: _command,
    MessageEntity.DATE_TIME: _date_time,
}
"""By an entity's type; of all others what is written is spoken, such as the emoji in place of a custom one."""
