"""No sentence stands in the code of the chats without a mark: what is not marked is in no catalogue."""

import ast
import re
from collections.abc import Iterator

from bots.commands.table import COMMANDS
from tests.bots.text.catalogues import ROOT

ROOMS = ("text", "commands", "discord", "telegram", "console", "web/console")
WORDS = re.compile(r"[a-z]{2,} [a-z]{2,}", re.IGNORECASE)
ERRORS = re.compile("(Error|Busy|Refused|Delayed|Uncertain|NotKept|NoRoom)$")
OTHERS = frozenset({"examples", "voice_names", "voice_search", "inspection", "profile"})
"""Modules with lists of words or of lines to type, and those that speak to the operator's terminal."""
MARKS = frozenset({"_", "N_", "ngettext"})
NO_SENTENCES = frozenset({"is now", "not modified", "credit request", "find button"}) | {row.name for row in COMMANDS}
"""A line of the log, words of Telegram's, a key, and a selector; commands."""


def unmarked(node: ast.AST, place: str) -> Iterator[str]:
    """Yield the words of two and more that people may read: not comments, names, logs, and errors that only logs show."""
    match node:
        case ast.Expr(value=ast.Constant()):
            return
        case ast.Call(func=ast.Name(id=error)) if error != "InvalidInput" and ERRORS.search(error):
            return
        case ast.Call(func=ast.Name(id=mark)) if mark in MARKS:
            node = ast.Call(node.func, [], node.keywords)
        case ast.Call(func=ast.Attribute(value=ast.Name(id="log" | "re"))) | ast.keyword(arg="name"):
            return
        case ast.Dict(values=values):  # its keys are codes
            node = ast.List(values)
        case ast.Constant(value=str(text)) if WORDS.search(text) and text.strip() not in NO_SENTENCES:
            yield f"{place}: {text}"
    for child in ast.iter_child_nodes(node):
        yield from unmarked(child, place)


def test_every_sentence_is_marked() -> None:
    found: list[str] = []
    for path in (path for room in ROOMS for path in (ROOT / "bots" / room).glob("*.py")):
        if path.stem in OTHERS:
            continue
        for node in ast.parse(path.read_text()).body:
            found += unmarked(node, path.stem)
    assert "\n".join(found) == ""
