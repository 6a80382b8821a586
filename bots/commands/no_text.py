"""What is clearly no text: a flag, the usage itself, another command. Pure."""

import re
from functools import lru_cache
from typing import NoReturn

from bots.commands import parse, table
from bots.commands.letters import plain
from bots.commands.parameter_forms import DASHES, EQUALS, QUOTATION_MARKS, WORD, name_of
from bots.commands.parameters import Typed
from bots.commands.voice_names import beginning
from bots.text import product_words
from bots.text.locale import Language, _, spoken
from core.domain.parameters import says_something
from core.domain.products import Catalog

_UNFINISHED = re.compile(
    rf"(?<![^\s,;])[\[({{<]?{DASHES}?(?P<name>{WORD})(?:{EQUALS}(?=\s|\Z|[\])}}>])|{EQUALS}\"[^\"]*\Z)"
    rf"|(?:\A|\s)--(?P<option>{WORD})(?=\s*\Z)|[\[({{<]\s*(?P<opened>{WORD}){EQUALS}[^\s\])}}>]*(?!.*[\])}}>])"
)
_FLAG_LAST = re.compile(r"\s(--(?:help|usage))\s*\Z", re.IGNORECASE)
_DASHED = re.compile(r"-{1,2}[^\W\d_][\w-]*")
_FLAG = re.compile(r"--[^\W\d][\w-]*|-[^\W\d_]|[\u2013\u2014](?:help|usage)|/help|/\?", re.IGNORECASE)
_BRACKETS = re.compile(r"\A\s*[\[({<]\s*([\w-]+)\s*[\])}>]|[\[({<]\s*([\w-]+)\s*[\])}>]\s*\Z")
_LINE = re.compile(r"^[ \t]*([/\uff0f].*)", re.MULTILINE)
_NAMELESS = re.compile(r"[=\uff1d]\s?[.,]?\d[\d.,]*(?=\s|\Z)")
_WORD = re.compile(r"[^\s\[\](){}<>|,]+")
_AMID = re.compile(rf"(?<![^\s,;]){DASHES}?(?P<name>{WORD}){EQUALS}(?P<value>\"[^\"\n]*\"|[^\s\"]+)")
_ORDER_AMID = re.compile(r"(?<=\s)/(\w+)(?=\s)")
_AGAIN = {"again", "ancora", "encore", "nochmal", "repeat", "replay", "resend", "снова"}
"""What people write to hear an audio again."""
_TO_A_BOT = (
    {"cancel", "confirm", "exit", "quit", "stop"} | _AGAIN | {w for c in table.COMMANDS for w in (c.name, c.group)}
)
"""What people tell a bot in a word or two."""
_HELP = {
    "aide", "ajuda", "ajutor", "aiuto", "apua", "ayuda", "bantuan", "help", "hilfe", "hjelp", "hjälp", "hjælp",
    "hulp", "pomoc", "yard\u0131m", "βοήθεια", "допомога", "помощь", "справка", "עזרה", "راهنما", "مساعدة", "मदद",
    "ช่วยเหลือ", "도움말", "ヘルプ", "助けて", "帮助", "幫助",
}  # fmt: skip
""""Help" in many languages, whatever language is set."""
_TEXTS = frozenset({"description", "lyrics", "message", "sentence", "words"})
"""Other words for a text."""
_AROUND = frozenset({"a", "any", "enter", "goes", "here", "insert", "my", "own", "some", "the", "type", "your"})
"""Words around it in a placeholder: your text here."""
LONGEST_DOUBTFUL = 60
"""Characters that a placeholder has at most."""


def is_doubtful(body: str, text: str, catalog: Catalog) -> bool:
    """Say whether a text is only a command's name or a placeholder: "help", "your text here".

    Somebody may want to hear it, so the bot asks; in quotation marks there is no doubt.
    """
    if len(text) > LONGEST_DOUBTFUL or not QUOTATION_MARKS.isdisjoint(body):
        return False
    if _bare(text) in _HELP:
        return True
    words = re.findall(r"\w+", plain(text))
    whole, meant = " ".join(words), " ".join(word for word in words if word not in _AROUND)
    if whole in _TO_A_BOT or meant in _TEXTS or meant in _shown(spoken()):
        return True
    return any(whole == row.command or meant in row.table for row in catalog.products.values())


def _bare(text: str) -> str:
    """Fold a text and strip the punctuation around it."""
    return plain(text).strip(" \t\n.!?\u2026\u3002\uff01\uff1f\xa1\xbf")


@lru_cache(maxsize=64)
def _shown(language: Language) -> frozenset[str]:
    """Return the placeholders of usages in a language and in English."""
    forms = [a.forms[0] for c in table.COMMANDS for a in c.arguments if not a.choices]
    return frozenset(plain(form).lstrip("@") for form in (*forms, *map(language.catalogue.gettext, forms)))


def refuse_no_text(typed: Typed, text: str) -> None:
    """Refuse what nobody wants to hear; the refusal says how to have it said anyway. Raises InvalidInput."""
    _refuse_unfinished(typed, text)
    _refuse_amid(typed, text)
    if _FLAG.fullmatch(text.strip()):
        _refuse_help(typed, text.strip())
    names = typed.product.table
    if _WORD.search(text) and all(name_of(found[0]) in names for found in _WORD.finditer(text)):
        line = product_words.example(typed.product, typed.catalog)
        typed.refuse(typed.product.billed, text.strip(), _("words of your own"), line=line)
    _refuse_brackets(typed, text)
    _refuse_bare_name(typed, text)
    _refuse_nameless(typed, text)
    _refuse_lines(typed, text)


def _refuse_unfinished(typed: Typed, text: str) -> None:
    """Refuse a parameter without its value, closing bracket or quotation mark: its name would be spoken."""
    for match in _UNFINISHED.finditer(text):
        name = name_of(match["name"] or match["option"] or match["opened"])
        part = match[0].strip()
        if name == typed.product.billed:
            right = f'{part}"' if '"' in part else ""
            typed.refuse(name, part, _("left out, or all of the text in quotation marks"), part, right)
        if name in typed.product.options:
            value = part if match["opened"] or '"' in part else ""
            typed.refuse(name, value, typed.product.table[name].allowed, part, typed.example(name))


def _refuse_amid(typed: Typed, text: str) -> None:
    """Refuse `Hello speed=1.2 and then bye`, `Hello text="bye"` and `Hello /music rain`."""
    for found in _AMID.finditer(text):
        name, value = name_of(found["name"]), found["value"].strip('"')
        if name == typed.product.billed:
            typed.refuse(name, found[0], _("left out, or all of the text in quotation marks"), found[0], value)
        value = value.rstrip(",;.")
        if name in typed.product.options and typed.takes(name, value):
            rest = " ".join(typed.body.replace(found[0], "", 1).split())
            line = f"/{typed.product.command} {rest} {name}={value}"
            typed.refuse(name, found[0], _("before or after the text"), line=line)
    for found in _ORDER_AMID.finditer(text):
        if found[1].lower() in typed.catalog.by_command and says_something(text[: found.start()]):
            _refuse_rest(typed, found[0], text[found.start() :])


def _refuse_help(typed: Typed, value: str) -> NoReturn:
    example = product_words.example(typed.product, typed.catalog)
    line = _("{example}, /help for all that I can do", example=example)
    typed.refuse(typed.product.billed, value, _("words of your own"), line=line)


def _refuse_command(typed: Typed, value: str, line: str) -> NoReturn:
    typed.refuse(typed.product.billed, value, _("a message of its own"), line=line)


def _refuse_brackets(typed: Typed, text: str) -> None:
    """Refuse `[voice] Hello`: the usage with its brackets."""
    for found in _BRACKETS.finditer(text):
        name = name_of(found[1] or found[2])
        if name in typed.product.table:
            right = typed.example(name)
            allowed = _("written {form}", form=right) if right else _("left out")
            typed.refuse(name, found[0].strip(), allowed, found[0].strip(), right)


def _refuse_bare_name(typed: Typed, text: str) -> None:
    """Refuse a parameter's name without a value, before a voice or if it is no word of prose."""
    first, _blank, rest = text.strip().partition(" ")
    last = text.rsplit(maxsplit=1)[-1] if text.strip() else ""
    for word in (first, last):
        name = name_of(word)
        is_name = name in typed.product.options and ("_" in word or (word is first and _calls(typed, first, rest)))
        if is_name:
            typed.refuse(name, word, _("written {form}", form=typed.example(name) or name), word, typed.example(name))
        option = next((option for option in typed.product.options if "_" in word and typed.takes(option, word)), "")
        if option:
            typed.refuse(option, word, _("written {form}", form=f"{option}={word}"), word, f"{option}={word}")
    if _DASHED.fullmatch(first) and _calls(typed, first, rest):
        typed.refuse(typed.product.billed, first, _("left out"), first)
    if found := _FLAG_LAST.search(text):
        typed.refuse(typed.product.billed, found[1], _("left out"), found[1])


def _calls(typed: Typed, first: str, rest: str) -> bool:
    """Say whether a voice follows the first word, and that is not the word "voice" itself."""
    return plain(first) != typed.product.speaker and beginning(rest, typed.catalog.cast).plain


def _refuse_nameless(typed: Typed, text: str) -> None:
    """Refuse `=1.2 Hello`."""
    if found := _NAMELESS.match(text.strip()):
        form = next(filter(None, map(typed.example, reversed(typed.product.options))), "")
        typed.refuse(typed.product.billed, found[0], _("written with its name, such as {form}", form=form), found[0])


def _refuse_lines(typed: Typed, text: str) -> None:
    """Refuse a line that is a command; other words may begin with a slash."""
    for found in _LINE.finditer(text):
        command = parse.read(found[1])
        if command is None or command.name not in table.words(typed.catalog):
            continue
        is_first, name = not text[: found.start()].strip(), found[1].split(maxsplit=1)[0]
        if not is_first:
            _refuse_rest(typed, name, text[found.start() :])
        if command.name != typed.product.command:
            _refuse_command(typed, name, text.strip())
        _refuse_rest(typed, name, name)


def _refuse_rest(typed: Typed, value: str, rest: str) -> NoReturn:
    typed.refuse(typed.product.billed, value, _("a message of its own"), rest)
