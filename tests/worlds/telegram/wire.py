"""Calls as they came in, their validation, and message entities."""

import functools
import importlib
import json
import re
import sys
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

from aiohttp import BodyPartReader, web

from tests.worlds.schemas import pair

JSON = dict[str, Any]

_ENTITY = re.compile(r"(?P<bot_command>(?<!\S)/\w{1,32}(?:@\w{3,32})?)|(?P<mention>(?<!\w)@\w{3,32})", re.ASCII)
_MARK = re.compile("\x02(?P<id>\\d+)\x03")


class Spec(Protocol):
    def validate(self, method: str, params: JSON, files: Mapping[str, int]) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class Upload:
    """One file part of a multipart call."""

    filename: str
    mime: str
    content: bytes


@dataclass(slots=True)
class Call:
    """One call of the bot; `status` is None while it waits or after a dropped connection."""

    method: str
    params: JSON
    files: dict[str, Upload] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)
    status: int | None = None

    @property
    def chat_id(self) -> int | None:
        return self.number("chat_id")

    def number(self, name: str) -> int | None:
        value = self.params.get(name)
        return None if value is None else int(value)

    def object(self, name: str) -> Any:
        """Decode a parameter that is an object or an array."""
        value = self.params.get(name)
        return json.loads(value) if isinstance(value, str) else value


@functools.cache
def spec() -> Spec | None:
    """Load the validator beside the checkout, or return None if there is none."""
    found = pair("telegram_spec_validator.py", "telegram_bot_api.json")
    if found is None:
        return None
    sys.path.insert(0, str(found[0].parent))
    try:
        validator = importlib.import_module("telegram_spec_validator")
    finally:
        sys.path.remove(str(found[0].parent))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # it leaves its file to the garbage collector
        return cast("Spec", validator.TgSpec(found[1]))


async def read_call(request: web.Request, method: str) -> Call:
    """Read a call in any encoding."""
    call = Call(method, dict(request.query))
    if request.content_type == "application/json":
        call.params.update(await request.json())
    elif request.content_type.startswith("multipart/"):
        await _read_parts(request, call)
    else:
        call.params.update({k: str(v) for k, v in (await request.post()).items()})
    validator = spec()
    if validator is not None:
        sizes = {name: len(upload.content) for name, upload in call.files.items()}
        call.violations = validator.validate(method, call.params, sizes)
    return call


async def _read_parts(request: web.Request, call: Call) -> None:
    # Part by part: a whole form goes through a temporary file, which stays open if the caller dies halfway.
    async for part in await request.multipart():
        assert isinstance(part, BodyPartReader)
        name, content = part.name or "", bytes(await part.read())
        if part.filename is not None:
            kind = part.headers.get("Content-Type", "application/octet-stream")
            call.files[name] = Upload(part.filename, kind, content)
        else:
            call.params[name] = content.decode()


def units(text: str) -> int:
    """Count UTF-16 code units, the unit of Telegram's entities."""
    return len(text.encode("utf-16-le")) // 2


def entities(marked: str, people: Mapping[int, JSON]) -> tuple[str, list[JSON]]:
    """Return the text with marks replaced by first names, and its entities as a client sends them."""
    text, found = "", []
    for piece, person in _pieces(marked, people):
        if person is not None:
            name = person["first_name"]
            found.append({"type": "text_mention", "offset": units(text), "length": units(name), "user": person})
            text += name
        text += piece
    for match in _ENTITY.finditer(text):
        start, length = units(text[: match.start()]), units(match[0])
        found.append({"type": str(match.lastgroup), "offset": start, "length": length})
    return text, sorted(found, key=lambda e: int(e["offset"]))


def _pieces(marked: str, people: Mapping[int, JSON]) -> Iterator[tuple[str, JSON | None]]:
    """Yield each run of plain text with the user mentioned before it."""
    at, person = 0, None
    for mark in _MARK.finditer(marked):
        yield marked[at : mark.start()], person
        at, person = mark.end(), people[int(mark["id"])]
    yield marked[at:], person
