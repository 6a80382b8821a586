"""Catalogues for tests: one that shows what is not marked, made from the sentences themselves, and some that are tiny."""

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import write_po

from bots.commands.table import COMMANDS
from bots.text import locale
from bots.text.admin_replies import LIMITS
from core.domain.products import PRODUCTS
from core.domain.voices import CAST

ROOT = Path(__file__).parents[3]
PSEUDO = "fi"
"""A language that Babel and all platforms know, and that has two forms of plurals."""
_TABLE = [word for c in COMMANDS for word in (*c.name.split(), *(w for a in c.arguments for w in (a.name, *a.choices)))]
_PARAMETERS = [name for row in PRODUCTS.values() for name in row.table]
_TYPED = "chars none unlimited request Hello everyone lo rain beat deep male telegram console".split()
_FINNISH = ("ja", "tai", "englanti")
"""And, or, English: Babel's own."""
CODES = frozenset([*_TABLE, *_PARAMETERS, *_TYPED, *_FINNISH, *CAST.names, *PRODUCTS, *LIMITS])
"""What stays as it is: names, and what people type."""
_KEPT = re.compile(r"\{\w+\}|/\w+|@\w+|[\w=.]*[=_.][\w=.]*\w|[A-Z]{2,}")
"""Fields, commands and names of settings stay, so that what is left can be looked through for plain letters."""
_ACCENTED = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", "áƀćďéƒğĥíĵķĺḿńóṕɋŕšťúṽŵẋýžÁƁĆĎÉƑĞĤÍĴĶĹḾŃÓṔɊŔŠŤÚṼŴẊÝŽ"
)
_WORD = re.compile(r"(?<![\w/@.=:-])[A-Za-z]{2,}(?![\w=]|\.\w)")


@cache
def sentences() -> Catalog:
    """Every sentence that is marked in the code."""
    found = Catalog()
    keywords = {"_": None, "N_": None, "ngettext": (1, 2)}
    for _, _, message, _, _ in extract_from_dir(ROOT / "bots", keywords=keywords):
        found.add(message)
    return found


def pseudo(text: str) -> str:
    """Write a sentence so that it can be told from one that is not looked up: [!! Ŕéáď {this} !!]."""
    parts = zip(_KEPT.split(text), [*_KEPT.findall(text), ""], strict=True)
    return "[!! " + "".join(words.translate(_ACCENTED) + kept for words, kept in parts) + " !!]"


def use(monkeypatch: pytest.MonkeyPatch, folder: Path, catalogue: Catalog) -> None:
    """Let the catalogues in a folder be the only ones that there are, and put this one into it."""
    folder.mkdir(exist_ok=True)
    with (folder / f"{catalogue.locale}.po").open("wb") as file:
        write_po(file, catalogue)
    monkeypatch.setattr(locale, "FOLDER", folder)
    monkeypatch.setattr(locale, "language", lru_cache(locale.language.__wrapped__))


def pseudo_catalogue() -> Catalog:
    """Translate every sentence into pseudo."""
    made = Catalog(PSEUDO)
    for message in sentences():
        if message.id:
            made.add(message.id, pseudo(message.id) if isinstance(message.id, str) else tuple(map(pseudo, message.id)))
    return made


def german() -> Catalog:
    """Translate a handful of sentences."""
    made = Catalog("de")
    made.add("{who}: “{words}”", "{who} sagt: „{words}“")
    made.add(("{n} character", "{n} characters"), ("{n} Zeichen", "{n} Zeichen"))
    made.add("{amount} left today", "heute noch {amount}")
    made.add(("{n} voice", "{n} voices"), ("{n} Stimme", "{n} Stimmen"))
    made.add(
        "Whoever runs me has approved this community. Hear me: {command} {voice} Hello everyone",
        "Hört mich: {command} {voice} Hallo",
    )
    made.add("Show what you may still spend", "Zeigen, was du noch ausgeben kannst")
    return made


def unmarked(texts: Iterable[str], *known: str) -> dict[str, str]:
    """Find the words that nobody translated, but for those that are quoted, and names and codes that are `known`."""
    found: dict[str, str] = {}
    for text in texts:
        unquoted = re.sub("“[^”]*”", "", text).replace("\\", "")
        found |= {word: text for word in _WORD.findall(unquoted) if word not in {*known, *CODES} and not word.isupper()}
    return found
