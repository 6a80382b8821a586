"""An operator's voices, read from a TOML file with one `[[voice]]` for each."""

import tomllib
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from core.domain.errors import ConfigurationError
from core.domain.shown import shown
from core.domain.voices import CAST, LONGEST_VOICE, Age, Gender, Voice

MOST_BYTES = 1_000_000
LONGEST_WORDS = 80
"""Characters of each thing that is said of a voice."""
LONGEST_SENT = 200
_EXAMPLE = '[[voice]] with name = "Old Tom" and id = "…" on lines of their own'


def _is_text(longest: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and 0 < len(value.strip()) <= longest


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text(LONGEST_WORDS), value))


def _are_codes(value: Any) -> bool:
    return _are_texts(value) and all(c.isascii() and c.isalpha() and len(c) in {2, 3} for c in value)


_KEYS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "name": (_is_text(LONGEST_WORDS), 'name = "Old Tom"'),
    "id": (_is_text(LONGEST_SENT), 'id = "…", as the gateway takes it, or leave it out'),
    "aliases": (_are_texts, 'aliases = ["Tom"], or leave it out'),
    "languages": (_are_codes, 'languages = ["de"] for German, or leave it out'),
    "gender": (lambda value: value in list(Gender), f"one of {', '.join(Gender)} in quotation marks, or leave it out"),
    "age": (lambda value: value in list(Age), f"one of {', '.join(Age)} in quotation marks, or leave it out"),
    "accent": (_is_text(LONGEST_WORDS), 'accent = "Irish", or leave it out'),
    "use": (_is_text(LONGEST_WORDS), 'use = "narration", or leave it out'),
    "about": (_is_text(LONGEST_WORDS), f"about = with at most {LONGEST_WORDS} characters, or leave it out"),
    "own": (lambda value: isinstance(value, bool), "own = true, or leave it out"),
}
"""What each key may be, and what to write where it is not."""
_UNWRITABLE = frozenset(':\uff1a=\uff1d,;"“”„«»[](){}<>/@#*_`~|\\')
"""What ends a name where members write it, or is mark-up."""


def read_voices(path: Path) -> tuple[Voice, ...]:
    """Read the file. Raises ConfigurationError with a sentence a line for whatever is wrong in it."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ConfigurationError(f"VOICES_FILE: {path} is larger than {MOST_BYTES // 1_000_000} MB.")
        found = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigurationError(f"VOICES_FILE: {path} can't be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"VOICES_FILE: {path} must be UTF-8; byte {error.start} is not.") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigurationError(f"VOICES_FILE: {path} is no TOML: {error}. Write {_EXAMPLE}.") from None
    if faults := list(_faults(found)):
        raise ConfigurationError("\n".join(f"VOICES_FILE: {fault}" for fault in faults))
    return tuple(map(_voice, found["voice"]))


def _faults(found: Mapping[str, Any]) -> Iterator[str]:
    entries = found.get("voice")
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        yield f"there are no voices in it. Write {_EXAMPLE}."
        return
    for other in found.keys() - {"voice"}:
        yield f"{other!r} means nothing outside of a voice. Write it below a line [[voice]]."
    wrong = [(number, _name(entry), fault) for number, entry in enumerate(entries, 1) for fault in _of(entry)]
    yield from (f"voice {number}{name}: {fault}" for number, name, fault in wrong)
    if not wrong:
        yield from _twice(entries)


def _name(entry: Mapping[str, Any]) -> str:
    name = entry.get("name")
    return f" ({shown(name, LONGEST_VOICE)})" if isinstance(name, str) and name.strip() else ""


def _of(entry: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with an entry, and what to write."""
    wrong = {key for key, (is_right, _) in _KEYS.items() if key in entry and not is_right(entry[key])}
    if "name" not in entry:
        yield f"its name is missing. Write {_KEYS['name'][1]}."
    for key in entry:
        if key not in _KEYS:
            yield f"{key!r} is no key of a voice. Write one of {', '.join(_KEYS)}."
        elif key in wrong:
            yield f"{key} can't be that. Write {_KEYS[key][1]}."
    right = {key: value for key, value in entry.items() if key not in wrong}
    names = filter(None, (right.get("name"), *right.get("aliases", ())))
    yield from filter(None, map(_unwritable, names))


def _unwritable(name: str) -> str:
    """Say why members could not write a name, or ""."""
    if len(name) > LONGEST_VOICE:
        return f"the name {name[:LONGEST_VOICE]!r}… is too long. Write at most {LONGEST_VOICE} characters."
    if not name[0].isalpha():
        return f"the name {name!r} does not begin with a letter. Write one that does."
    bad = next((c for c in name if c in _UNWRITABLE or (c != " " and unicodedata.category(c)[0] in "CZ")), "")
    if bad or "  " in name or name != name.strip():
        return f"the name {name!r} can't be written before a text. Write letters, digits, dots and single spaces."
    return ""


def _twice(entries: list[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the names that two voices have; an entry with a built-in name replaces that voice."""
    own = {entry["name"].casefold() for entry in entries}
    seen = {name.casefold(): name for name in CAST.names if name.casefold() not in own}
    for number, entry in enumerate(entries, start=1):
        for name in dict.fromkeys((entry["name"], *entry.get("aliases", ()))):
            if name.casefold() in seen:
                yield f"voice {number} ({entry['name']}): another voice is called {name!r} already. Write another name."
            seen[name.casefold()] = name


def _voice(entry: Mapping[str, Any]) -> Voice:
    built_in = CAST.named(entry["name"])
    return Voice(
        name=built_in.name if built_in else entry["name"],
        sent=entry.get("id", ""),
        aliases=tuple(entry.get("aliases", ())),
        languages=tuple(map(str.lower, entry.get("languages", ()))),
        gender=Gender(entry["gender"]) if "gender" in entry else None,
        age=Age(entry["age"]) if "age" in entry else None,
        **{key: entry[key].strip() for key in ("accent", "use", "about") if key in entry},
        is_own=entry.get("own", False),
    )
