"""What chats show of the marks in a text: Discord's Markdown, and the entities of Telegram."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import htpy as h
from htpy import Node

_DISCORD = re.compile(
    r"```(?:\w+\n)?(?P<block>.+?)```|`(?P<code>[^`]+)`|\*\*(?P<bold>.+?)\*\*|(?<!\w)[*_](?P<italic>[^*_\n]+)[*_](?!\w)"
    r"|<@!?(?P<person>\d+)>|<#(?P<channel>\d+)>|<t:(?P<time>\d+)(?::\w)?>|\\(?P<plain>[^\w\s])",
    re.DOTALL,
)


def discord(text: str, names: Mapping[str, str], moment: Callable[[int], str]) -> Sequence[Node]:
    """Return a Discord message as its reader sees it. `names`: of people by id."""

    def piece(found: re.Match[str]) -> Node:
        kind, inner = str(found.lastgroup), found[str(found.lastgroup)]
        shown: dict[str, Callable[[], Node]] = {
            "block": lambda: h.pre[inner],
            "code": lambda: h.code[inner],
            "bold": lambda: h.b[list(_pieces(inner, piece))],
            "italic": lambda: h.i[list(_pieces(inner, piece))],
            "person": lambda: h.span(".mention")[f"@{names.get(inner, inner)}"],
            "channel": lambda: h.span(".mention")[f"#{names.get(inner, inner)}"],
            "time": lambda: h.code[moment(int(inner))],
            "plain": lambda: inner,
        }
        return shown[kind]()

    return [_line(line, piece) for line in text.split("\n")]


def _line(line: str, piece: Callable[[re.Match[str]], Node]) -> Node:
    for mark, tag in (("-# ", h.div(".small")), ("> ", h.blockquote), ("### ", h.h3), ("- ", h.div(".item"))):
        if line.startswith(mark):
            return tag[list(_pieces(line.removeprefix(mark), piece))]
    return h.div(".line")[list(_pieces(line, piece)) or h.br]


def _pieces(text: str, piece: Callable[[re.Match[str]], Node]) -> Iterator[Node]:
    at = 0
    for found in _DISCORD.finditer(text):
        yield text[at : found.start()]
        yield piece(found)
        at = found.end()
    yield text[at:]


def _link(text: str) -> Node:
    return h.a[text]


_TAGS: Mapping[str, Callable[[str], Node]] = {
    "bold": lambda text: h.b[text],
    "italic": lambda text: h.i[text],
    "code": lambda text: h.code[text],
    "pre": lambda text: h.pre[text],
    "blockquote": lambda text: h.blockquote[text],
    "expandable_blockquote": lambda text: h.blockquote[text],
}


def telegram(text: str, entities: Sequence[Mapping[str, Any]]) -> Sequence[Node]:
    """Return a Telegram message as its reader sees it; offsets count UTF-16 code units."""
    units, at, shown = text.encode("utf-16-le"), 0, []
    for entity in sorted(entities, key=lambda entity: int(entity["offset"])):
        start, end = 2 * entity["offset"], 2 * (entity["offset"] + entity["length"])
        if start < at:
            continue  # within one that is shown already
        inner = units[start:end].decode("utf-16-le")
        shown += [units[at:start].decode("utf-16-le"), _TAGS.get(entity["type"], _link)(inner)]
        at = end
    return [*shown, units[at:].decode("utf-16-le")]
