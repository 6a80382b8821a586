"""What is misconfigured: `troubadour check` says it, and `troubadour run` starts only without it."""

import asyncio
import logging
from collections.abc import Awaitable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from shutil import disk_usage
from typing import Protocol, TextIO

from yarl import URL

from bots.app.artifacts import NO_EXTRA
from bots.app.environment import Reading
from bots.app.inspected import Inspected
from bots.app.roles import Role
from bots.app.settings import COMMUNITY, Settings
from bots.app.values import catalog_of
from bots.cli.live import PLACES, inspect
from bots.cli.notes import notes
from bots.web.listener import try_listening
from bots.web.server import is_served
from core.domain.errors import ConfigurationError, StoreAway, StoreBusy, StoreError
from core.domain.stored import AMAZON
from core.files.private import FOLDER
from core.files.spool import own_disk, try_writing
from core.gateway.settings import GatewaySettings

log = logging.getLogger(__name__)

NO_CHAT = "Neither DISCORD_TOKEN nor TELEGRAM_TOKEN is set, so there is no chat to serve: put at least one of them."
NO_KEY = "GATEWAY_KEY is not set. GATEWAY_URL=sandbox runs without one, with simulated audio."
PROXY_S = 3.0
"""How long a proxy may take to answer."""
_TOKENS, _GATEWAY = {"discord_token", "telegram_token"}, {"gateway_key", "gateway_url"}


class Reach(Protocol):
    """Looks for what would keep a service from a database; `whole`: at all of it. Raises StoreError, StoreBusy."""

    def __call__(self, address: Path | str, *, whole: bool = False) -> Awaitable[None]: ...


@dataclass(slots=True)
class Findings:
    """Sentences, each with the setting that it is about."""

    faults: list[str] = field(default_factory=list)
    """With these nothing can run."""
    troubles: list[str] = field(default_factory=list)
    """Something can't run, or not now; the rest can."""
    notes: list[str] = field(default_factory=list)


async def check(reading: Reading, out: TextIO, reach: Reach, *, is_live: bool = False, community: str = "") -> int:
    """Print a line for each finding; return 1 when the service could not run like this.

    `is_live`: ask the chats and the gateway, too; `community`: the key of one to look at there.
    """
    found = await look(reading, reach, running_is_fine=True)
    if is_live:
        key = community if COMMUNITY.fullmatch(community) else ""
        answers = await inspect(reading.settings, catalog_of(reading.settings), key)
        found.troubles.extend(_not_asked(community, key, answers))
        for name, said in answers.items():
            found.troubles.extend(said.troubles)
            found.notes.extend(_answers(name, said))
            found.notes.extend(said.notes)
    for text in (*found.faults, *found.troubles):
        print(f"problem: {text}", file=out)
    for text in found.notes:
        print(f"note: {text}", file=out)
    if not found.faults + found.troubles:
        print("Nothing is misconfigured.", file=out)
    return 1 if found.faults + found.troubles else 0


def _not_asked(community: str, key: str, answers: Collection[str]) -> Iterator[str]:
    """Say why nobody was asked about the community that is named."""
    platform = key.partition(":")[0]
    if community and not key:
        yield f"--community: {community!r} is not such as telegram:-100123 or discord:456."
    elif key and platform not in answers:
        yield f"--community: {key} can't be looked at without {platform.upper()}_TOKEN."


def _answers(name: str, said: Inspected) -> Iterator[str]:
    if said.name:
        yield f"{name.title()} answers{f' to {said.name}' if said.invite else ', and knows the key'}."
    if said.invite:
        yield f"To add the bot to a {PLACES[name]}: {said.invite}"


async def refuse(reading: Reading, reach: Reach, roles: Collection[Role] = tuple(Role)) -> None:
    """Log what is to be known about a start. Raises ConfigurationError with every fault."""
    found = await look(reading, reach, running_is_fine=False, roles=roles)
    if found.faults:
        raise ConfigurationError("\n".join(found.faults + found.troubles))
    for text in found.troubles:
        log.error("%s", text)
    for text in found.notes:
        log.warning("%s", text)


async def look(
    reading: Reading, reach: Reach, *, running_is_fine: bool, roles: Collection[Role] = tuple(Role)
) -> Findings:
    """Find what is wrong; `running_is_fine`: the service may be running, with all that it has to itself."""
    settings = reading.settings
    found = Findings(list(reading.faults))
    found.faults.extend(_missing(reading, roles))
    found.troubles.extend(await _unusable_proxies(settings))
    _look_at_folders(settings, found)
    found.notes.extend(_room(reading))
    await _look_at_what_others_may_have(settings, reach, found, running_is_fine=running_is_fine)
    found.notes.extend(notes(reading, calls_chats=_calls_chats(settings, roles)))
    return found


def _calls_chats(settings: Settings, roles: Collection[Role]) -> bool:
    """Say whether a process with these roles needs the tokens of the chats."""
    return set(roles) != {Role.WEB} or settings.telegram_webhook or settings.console_url is not None


def _calls_gateway(settings: Settings, roles: Collection[Role]) -> bool:
    """Say whether it needs the gateway's key: also for previews that are asked for, and to follow callbacks."""
    hears = Role.BOT in roles or (Role.WEB in roles and settings.telegram_webhook)
    follows = Role.WEB in roles and settings.public_url is not None
    return Role.WORKER in roles or follows or (hears and settings.preview_budget is not None)


def _missing(reading: Reading, roles: Collection[Role]) -> Iterator[str]:
    """Name what must be set; what is set, but wrong, stands in the settings as if it were not."""
    settings = reading.settings
    if settings.artifacts_url and not find_spec("obstore"):
        yield NO_EXTRA
    without = settings.discord_token is settings.telegram_token is None
    if without and _calls_chats(settings, roles) and not _TOKENS & reading.faulty:
        yield NO_CHAT
    if settings.sandboxed:
        if not find_spec("espeakng_loader") or not find_spec("numpy"):
            yield "GATEWAY_URL=sandbox needs an extra: pip install 'troubadour[sandbox]'"
    elif settings.gateway_key is None:
        if _calls_gateway(settings, roles) and not _GATEWAY & reading.faulty:
            yield NO_KEY
    else:
        try:
            GatewaySettings(url=settings.gateway_url, key=settings.gateway_key)
        except ConfigurationError as error:
            yield str(error)


async def _unusable_proxies(settings: Settings) -> list[str]:
    """Name the proxies that something is called by and that can't be used; media may come from any host by https."""
    called = {
        settings.discord_api_url: settings.discord_token is not None,
        settings.telegram_api_url: settings.telegram_token is not None,
        settings.artifacts_endpoint or AMAZON: settings.artifacts_url is not None,
        settings.gateway_url: not settings.sandboxed,
        "https://media.example": not settings.sandboxed,
    }
    proxies: dict[tuple[str, str], None] = {}
    problems: dict[str, None] = {}
    for url in (url for url, needed in called.items() if needed):
        try:
            if proxy := settings.proxies.named(url):
                proxies[proxy] = None
        except ConfigurationError as error:
            problems[str(error)] = None
    return [*problems, *filter(None, [await _unreachable(*proxy) for proxy in proxies])]


async def _unreachable(name: str, proxy: str) -> str:
    """Say that nothing answers where a proxy should be, or nothing; the address holds a password."""
    url = URL(proxy)
    try:
        async with asyncio.timeout(PROXY_S):
            way, _ = await asyncio.get_running_loop().create_connection(
                asyncio.Protocol, url.host or "", url.port or 80
            )
        way.close()
    except (OSError, UnicodeError):
        where = f"{url.host}:{url.port}"
        return f"{name} can't be used now: no proxy answers at {where}. Put such as http://proxy.example:3128."
    return ""


def _look_at_folders(settings: Settings, found: Findings) -> None:
    folders = {"DATA_DIR": [settings.data_dir, settings.spool]}
    if settings.database_url is not None and isinstance(settings.database, Path):
        folders["DATABASE_URL"] = [settings.database.parent]
    for name, places in folders.items():
        for place in places:
            try:
                _try_folder(place)
            except StoreAway as error:  # it may pass; until then the service is not ready
                found.troubles.append(f"{name}: {place} can't be written now: {error}.")
            except StoreError as error:
                why = error.__cause__.strerror if isinstance(error.__cause__, OSError) else error
                why = "it is a file" if place.is_file() else why
                found.faults.append(f"{name}: {place} can't be made or written ({why}): put a folder where it can.")
                break


def _room(reading: Reading) -> Iterator[str]:
    """Say that less audio has room on the disk than is to be kept."""
    settings = reading.settings
    try:
        place = next(place for place in (settings.spool, *settings.spool.absolute().parents) if place.exists())
        kept_bytes = sum(file.stat().st_size for file in settings.spool.rglob("*") if file.is_file())
        room_mb = (disk_usage(place).free + kept_bytes) // 1_000_000
    except OSError as error:  # of the folder itself, which is named already, or of audio that goes meanwhile
        log.info("the room for audio can't be told: %s", error)
        return
    if settings.keep_mb > room_mb and "keep_mb" not in reading.faulty:
        yield (
            f"KEEP_MB is {settings.keep_mb}, and the disk of DATA_DIR has room for {room_mb} MB of audio: put less, or "
            "it is full before the oldest audio goes."
        )


def _try_folder(folder: Path) -> None:
    """Make a folder and write to it, and take away again what was not there. Raises what `own_disk` does."""
    made: list[Path] = []
    try:
        with own_disk():
            made = [path for path in (folder, *folder.parents) if not path.exists()]
            folder.mkdir(FOLDER, parents=True, exist_ok=True)
        try_writing(folder)
    finally:
        for path in made:
            with suppress(OSError):  # it could not be made, or somebody has put something there meanwhile
                path.rmdir()


async def _look_at_what_others_may_have(
    settings: Settings, reach: Reach, found: Findings, *, running_is_fine: bool
) -> None:
    """Look at the database, and at the port unless whoever has the database will have that, too."""
    try:
        await reach(settings.database, whole=running_is_fine)
    except StoreBusy as error:
        told = f"The service is running, so its database and its port are not tried. {error}"
        (found.notes if running_is_fine else found.faults).append(told if running_is_fine else str(error))
        return
    except StoreError as error:
        found.faults.append(f"DATABASE_URL: {error}" if settings.database_url else str(error))
    if settings.console_url:
        try:
            await try_listening(settings.console_host, settings.console_port, "CONSOLE")
        except ConfigurationError as error:
            (found.notes if running_is_fine else found.faults).append(str(error))
    try:
        await try_listening(settings.http_host, settings.http_port)
    except ConfigurationError as error:
        if running_is_fine and await is_served(settings.http_host, settings.http_port):
            found.notes.append(f"The service is running: it answers at HTTP_PORT {settings.http_port}.")
        else:
            found.faults.append(str(error))
