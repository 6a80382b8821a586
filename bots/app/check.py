"""`troubadour check`: say what is misconfigured, before anybody finds out in a chat."""

import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TextIO

from pydantic import SecretStr

from bots.app.redaction import recognizable, values_of
from bots.app.settings import SANDBOX, Settings
from core.domain.errors import ConfigurationError, StoreError
from core.gateway.settings import GatewaySettings

Reach = Callable[[Path | str], Awaitable[None]]
"""Connects to a database and disconnects again, or raises StoreError."""


async def check(settings: Settings, out: TextIO, reach: Reach) -> int:
    """Print a line for each finding; return 1 when the service could not run like this."""
    problems, remarks = _findings(settings)
    problems.extend(await _unreachable_database(settings, reach))
    for text in problems:
        print(f"problem: {text}", file=out)
    for text in remarks:
        print(f"note: {text}", file=out)
    if not problems:
        print("Nothing is misconfigured.", file=out)
    return 1 if problems else 0


def _findings(settings: Settings) -> tuple[list[str], list[str]]:
    problems: list[str] = []
    remarks: list[str] = []
    tokens = {"DISCORD_TOKEN": settings.discord_token, "TELEGRAM_TOKEN": settings.telegram_token}
    missing = [name for name, token in tokens.items() if token is None]
    if len(missing) == len(tokens):
        problems.append("neither DISCORD_TOKEN nor TELEGRAM_TOKEN is set, so there is no chat to serve")
    else:
        remarks.extend(f"{name} is not set: running without that platform" for name in missing)
    if settings.gateway_url != SANDBOX:
        problems.extend(_unusable_gateway(settings))
    if settings.gateway_url == SANDBOX:
        remarks.append("GATEWAY_URL=sandbox: audio is simulated")
    elif settings.gateway_key is None:
        problems.append("GATEWAY_KEY is not set")
    elif settings.gateway_url.startswith("http://"):
        remarks.append("GATEWAY_URL is http: the key travels unencrypted")
    problems.extend(unusable_proxies(settings))
    remarks.extend(
        f"{name.upper()} is too short or too common to be struck out of the log"
        for name, value in dict(settings).items()
        if isinstance(value, SecretStr) and not all(map(recognizable, values_of(value.get_secret_value())))
    )
    if settings.public_url is None:
        remarks.append("PUBLIC_URL is not set: the gateway is polled instead of calling back")
    problems.extend(
        [f"{kept} can't be written" for kept in (settings.data_dir, settings.spool) if not _writable(kept)][:1]
    )
    return problems, remarks


async def _unreachable_database(settings: Settings, reach: Reach) -> list[str]:
    """A file of SQLite is not opened: the service may have it to itself."""
    if isinstance(settings.database, Path):
        return []
    try:
        await reach(settings.database)
    except StoreError as error:
        return [str(error)]
    return []


def unusable_proxies(settings: Settings) -> list[str]:
    """Name the proxies that something is called by and that can't be used; media may come from any host by https."""
    called = {
        settings.discord_api_url: settings.discord_token is not None,
        settings.telegram_api_url: settings.telegram_token is not None,
        settings.gateway_url: not settings.sandboxed,
        "https://media.example": not settings.sandboxed,
    }
    problems: dict[str, None] = {}
    for url in (url for url, needed in called.items() if needed):
        try:
            settings.proxies.of(url)
        except ConfigurationError as error:
            problems[str(error)] = None
    return list(problems)


def _unusable_gateway(settings: Settings) -> list[str]:
    try:
        GatewaySettings(url=settings.gateway_url, key=settings.gateway_key or SecretStr("unset"))
    except ConfigurationError as error:
        return [str(error)]
    return []


def _writable(folder: Path) -> bool:
    """Say whether the folder, or the nearest one above it that exists, can be written."""
    existing = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    return existing.is_dir() and os.access(existing, os.W_OK)
