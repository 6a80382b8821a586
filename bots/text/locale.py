"""Languages of sentences: English is in the code, each other one is a gettext catalogue.

A catalogue is one file, `locales/<language>.po`; untranslated sentences are said in English.
"""

import gettext as gnu
import io
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from string import Formatter

from babel import Locale, UnknownLocaleError
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

log = logging.getLogger(__name__)

FOLDER = Path(__file__).parent / "locales"
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefe\U00010800-\U00010fff\U0001e800-\U0001efff]")
"""The blocks whose letters run from right to left: DerivedBidiClass.txt of Unicode."""
_TAG = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{2,8}){0,3}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Language:
    """A catalogue of sentences, and the locale of amounts and dates."""

    locale: Locale
    catalogue: gnu.NullTranslations


ENGLISH = Language(Locale("en"), gnu.NullTranslations())
_spoken: ContextVar[Language] = ContextVar("spoken", default=ENGLISH)


def N_(message: str) -> str:  # noqa: N802 - gettext's own name
    """Mark a sentence for translation where it is used."""
    return message


def _(message: str, /, **fields: object) -> str:
    """Return a sentence in the current language, with its fields."""
    said = _spoken.get().catalogue.gettext(message)
    return _filled(said, fields) if fields else said


def ngettext(one: str, many: str, n: int, /, **fields: object) -> str:
    """Return a sentence about `{n}` things in the current language, with its other fields."""
    return _filled(_spoken.get().catalogue.ngettext(one, many, n), {"n": n, **fields})


def _filled(said: str, fields: Mapping[str, object]) -> str:
    return said.format_map(
        {name: isolated(value) if isinstance(value, str) else value for name, value in fields.items()}
    )


def isolated(text: str) -> str:
    """Isolate right-to-left text, so that it does not reorder its surroundings."""
    return f"\u2068{text}\u2069" if _RIGHT_TO_LEFT.search(text) and "\u2068" not in text else text


def spoken() -> Language:
    """Return the current language."""
    return _spoken.get()


def is_right_to_left() -> bool:
    """Say how the current language is written."""
    return bool(spoken().locale.character_order == "right-to-left")


@contextmanager
def speaking(tag: str) -> Iterator[None]:
    """Switch to the language of a BCP-47 tag, or else English."""
    token = _spoken.set(language(tag))
    try:
        yield
    finally:
        _spoken.reset(token)


def tag_of(given: str | None) -> str:
    """Return the BCP-47 tag for a platform's or LANG's name of a language, or "": de_AT.UTF-8 is de-AT."""
    plain = re.split(r"[.@]", given or "")[0].replace("_", "-").lower()
    if not _TAG.fullmatch(plain):
        return ""
    first, *rest = plain.split("-")
    return "-".join([first, *(part.upper() if len(part) == 2 else part.title() for part in rest)])


def languages() -> tuple[str, ...]:
    """Return the languages with a catalogue, without regions: de, pt."""
    return tuple(sorted({name.partition("_")[0] for name in _names()}))


def _names() -> list[str]:
    return [path.stem for path in FOLDER.glob("*.po")]


@lru_cache(256)
def language(tag: str) -> Language:
    """Return the closest catalogue to a tag."""
    try:
        wanted = Locale.parse(tag, sep="-") if tag else ENGLISH.locale
    except (UnknownLocaleError, ValueError):
        return ENGLISH
    parts = (wanted.script, wanted.territory), (None, wanted.territory), (wanted.script, None), (None, None)
    known = _names()
    names = ["_".join(part for part in (wanted.language, *some) if part) for some in parts]
    kin = sorted(name for name in known if name.partition("_")[0] == wanted.language)
    near = next((name for name in (*names, *kin) if name in known), None)
    return ENGLISH if near is None else Language(Locale.parse(near), _read(FOLDER / f"{near}.po"))


@lru_cache
def _read(path: Path) -> gnu.NullTranslations:
    with path.open("rb") as file:
        catalogue = read_po(file, locale=path.stem)
    for message in [message for message in catalogue if message.id and not _fits(message)]:
        log.warning("%s: %r names a field that its sentence does not have, and is passed over", path, message.string)
        catalogue.delete(message.id)
    return compiled(catalogue)


def compiled(catalogue: Catalog) -> gnu.NullTranslations:
    """Read and compile a catalogue."""
    binary = io.BytesIO()
    write_mo(binary, catalogue)
    binary.seek(0)
    return gnu.GNUTranslations(binary)


def _fits(message: Message) -> bool:
    """Say whether a translation has only fields of its source."""
    try:
        return _fields(message.string or "") <= _fields(message.id)
    except ValueError:
        return False


def _fields(forms: str | Sequence[str]) -> set[str]:
    texts = [forms] if isinstance(forms, str) else forms
    return {name for text in texts for _, name, *_ in Formatter().parse(text) if name is not None}
