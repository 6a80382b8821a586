"""The lines of a settings file, as far as the library that reads it says nothing about them."""

import logging
import re
from collections.abc import Collection, Sequence
from pathlib import Path

from dotenv.parser import parse_stream

logging.getLogger("dotenv").setLevel(logging.ERROR)  # it warns of what is said here, without the name
_NAME = re.compile(r"(\s*)([A-Z_]{2,40}\b)?")


def read_lines(path: Path) -> tuple[Collection[str], Sequence[tuple[str, str]]]:
    """Return the names in a settings file, and what it sets in lines that mean nothing, with a sentence for each.

    A cap must not be lost with such a line. No sentence holds a value. Raises OSError, UnicodeDecodeError.
    """
    if path.is_dir():
        return (), [("", f"{path.name} is a folder: settings stand in a file of that name.")]
    if not path.is_file():
        return (), []
    with path.open(encoding="utf-8") as lines:
        bindings = list(parse_stream(lines))
    found = []
    for original in (each.original for each in bindings if each.error or (each.key and each.value is None)):
        blank, name = _NAME.match(original.string).groups("")  # type: ignore[union-attr]  # anything matches
        at = f"{path.name}, line {original.line + blank.count(chr(10))}{name and f' ({name})'}"
        wrong = f"{at} can't be read: write NAME=value, and close what a quotation mark opens."
        found.append((name.lower(), wrong))
    return {binding.key for binding in bindings if binding.key}, found
