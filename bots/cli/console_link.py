"""`troubadour console-link`: let an operator into the console, also where no chat works."""

import re
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager

from bots.app.settings import Settings
from core.domain.errors import ConfigurationError, StoreError
from core.domain.sessions import LINK_MS, WAY_IN, Visitor, digest, new_secret
from core.engine.sessions import Sessions
from core.files.links import LinkFolder
from core.ports import Clock
from core.stores.admin_store import AdminStore

_MEMBER = re.compile(r"(?:discord|telegram):\d{1,20}", re.ASCII)


async def whom(settings: Settings, member: str, opening: AbstractAsyncContextManager[AdminStore]) -> str:
    """Return the key of whom a link lets in: the one owner, unless another is named. Raises ConfigurationError."""
    if settings.console_url is None:
        raise ConfigurationError("CONSOLE_URL is not set, so there is no console: put where people are to open it.")
    if _MEMBER.fullmatch(member):
        return member
    if member:
        raise ConfigurationError(f"{member!r} is not such as telegram:5678 or discord:1234.")
    owners, unknown = (settings.owners, "") if settings.owners else await _claimed(opening)
    if len(owners) == 1:
        return owners[0]
    are = ", ".join(owners) or "nobody"
    raise ConfigurationError(f"Say whom, such as troubadour console-link telegram:5678. Owners: {are}{unknown}.")


async def _claimed(opening: AbstractAsyncContextManager[AdminStore]) -> tuple[Sequence[str], str]:
    """Return who claimed the bot, and why that can't be told."""
    try:
        async with opening as store:
            return sorted(await store.owners()), ""
    except StoreError as error:
        return (), f" in OWNERS, and who claimed the bot can't be read ({error})"


def leave_link(settings: Settings, clock: Clock, member: str) -> str:
    """Leave a link in the data folder, where the running service finds it; return it."""
    secret, now_ms = new_secret(), clock.now_ms()
    try:
        links = LinkFolder(settings.console_links)
        links.put(digest(secret), member, now_ms, now_ms + LINK_MS)
    except OSError as error:
        raise ConfigurationError(f"DATA_DIR: the link can't be written there ({error.strerror}).") from error
    return f"{settings.console_url}{WAY_IN.format(secret=secret)}"


async def keep_link(sessions: Sessions, member: str) -> str:
    """Keep a link in the database; return it."""
    return await sessions.link_for(Visitor(member=member, name=member))
