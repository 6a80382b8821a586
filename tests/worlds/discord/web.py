"""Requests as they came in, their faults on demand, and their validation against Discord's specification."""

import asyncio
import functools
import importlib.util
import json
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import BodyPartReader, web

from tests.worlds.discord.places import JSON
from tests.worlds.schemas import pair


@dataclass(eq=False, slots=True)
class Upload:
    name: str
    filename: str
    content: bytes = field(repr=False)
    content_type: str


@dataclass(eq=False, slots=True)
class Request:
    """One request of the bot; `status` is None while it is being answered, 0 where the connection was cut."""

    method: str
    path: str
    query: Mapping[str, str]
    content_type: str
    authorization: str | None
    json: Any = None
    files: list[Upload] = field(default_factory=list)
    parts: dict[str, bytes] = field(default_factory=dict, repr=False)
    status: int | None = None
    answer: Any = None


@dataclass(eq=False)
class Fault:
    """A fault for the next requests that match, instead of or after their effect."""

    method: str
    pattern: str
    times: int
    status: int = 500
    body: JSON = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    drop: bool = False
    after_effect: bool = False
    hold: asyncio.Event | None = None
    """The response waits for this."""
    uploads: bool = False
    """Hit only requests that carry files."""

    def takes(self, request: Request) -> bool:
        """Say whether it hits this request; each hit is used up."""
        meant = self.times > 0 and self.method == request.method and (request.files or not self.uploads)
        hit = bool(meant) and re.search(self.pattern, request.path) is not None
        self.times -= hit
        return hit


class ApiError(Exception):
    """A response other than success."""

    def __init__(self, status: int, code: int, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.body: JSON = {"code": code, "message": message}
        self.headers = headers


def answer(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """Respond as Discord does: without a charset in the content type, which discord.py insists on."""
    if status == 204:
        return web.Response(status=204)
    return web.Response(
        body=json.dumps(body).encode(),
        status=status,
        headers={"Content-Type": "application/json"} | dict(headers or {}),
    )


async def read(raw: web.Request) -> Request:
    """Read a request with its files."""
    found = Request(
        method=raw.method,
        path=raw.path,
        query=dict(raw.query),
        content_type=raw.headers.get("Content-Type", ""),
        authorization=raw.headers.get("Authorization"),
    )
    if raw.content_type == "multipart/form-data":
        await _read_parts(raw, found)
    elif raw.can_read_body:
        body = await raw.read()
        found.json = json.loads(body) if body else None
    return found


async def _read_parts(raw: web.Request, into: Request) -> None:
    async for part in await raw.multipart():
        assert isinstance(part, BodyPartReader)
        name, content = part.name or "", bytes(await part.read())
        into.parts[name] = content
        if name == "payload_json":
            into.json = json.loads(content)
        else:
            kind = part.headers.get("Content-Type", "application/octet-stream")
            into.files.append(Upload(name, part.filename or "", content, kind))


@functools.cache
def _document() -> Any | None:
    """Load Discord's specification and the validator once; it takes a while."""
    found_here = pair("discord_spec_validator.py", "discord_openapi.json")
    if found_here is None:
        return None
    source, spec = found_here
    found = importlib.util.spec_from_file_location("discord_spec_validator", source)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # it leaves its file to the garbage collector
        found.loader.exec_module(module)
        return module.DiscordSpec(str(spec))


def violations(request: Request) -> list[str]:
    """Return how a request violates Discord's specification."""
    found = _compare(
        request.method,
        re.sub(r"\d{15,}", "100000000000000000", request.path),
        tuple(sorted(request.query.items())),
        request.content_type.partition(";")[0],
        json.dumps(request.json),
        tuple(request.parts),
    )
    return [f"{request.method} {request.path}: {words}" for words in found]


@functools.lru_cache(maxsize=256)
def _compare(
    method: str, path: str, query: tuple[tuple[str, str], ...], content_type: str, body: str, parts: tuple[str, ...]
) -> list[str]:
    """Validate repeated requests once, such as the commands: ids and files make no difference."""
    document = _document()
    if document is None:
        return []
    found: list[str] = document.validate(
        method,
        path,
        query=dict(query),
        content_type=content_type or None,
        body=None if parts else json.loads(body),
        parts={name: body.encode() if name == "payload_json" else b"" for name in parts} or None,
    )
    return found
