"""The console's part of a process: its pages, or the answers to the consoles of others."""

from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any

from pydantic import SecretStr

from bots.app.health import Health
from bots.app.roles import Part, Role
from bots.app.settings import Settings
from bots.app.stores import Stores
from bots.platform import Platform
from bots.web.console.app import console_app
from bots.web.console.visit import Console
from bots.web.door import Door
from core.engine.attesting import Elsewhere, Here, answer_questions
from core.engine.sessions import Sessions
from core.files.links import LinkFolder
from core.ports import ArtifactStore, Clock
from core.service.service import Service


def sessions_of(settings: Settings, stores: Stores, clock: Clock) -> Sessions | None:
    """Return who may look at the console, None where there is none."""
    if settings.console_url is None:
        return None
    return Sessions(stores.sessions, clock, settings.console_url, LinkFolder(settings.console_links))


def door_of(
    settings: Settings,
    service: Service,
    chats: Mapping[str, Platform],
    stores: Stores,
    *,
    part: Part,
    artifacts: ArtifactStore,
    health: Health,
) -> Door | None:
    """Return the console's door; who is an admin is asked of the chats here, or of a process that talks with them."""
    if service.sessions is None or Role.WEB not in part.roles:
        return None
    console = Console(
        service=service,
        sessions=service.sessions,
        attesting=Here(chats) if Role.BOT in part.roles else Elsewhere(stores.questions),
        overview=stores.overview,
        artifacts=artifacts,
        platforms=chats,
        wrong=health.wrong,
        troubles=lambda: tuple(health.troubles.cases),
        total_left=stores.store.total_left,
        settings={name.upper(): _shown(value) for name, value in settings},
    )
    return Door(console_app(console), settings.console_host, settings.console_port, "CONSOLE")


def _shown(value: object) -> str:
    """Write a setting; of a secret, only whether there is one."""
    if isinstance(value, SecretStr):
        return "(set, and secret)"
    return " ".join(map(str, value)) if isinstance(value, tuple) else "" if value is None else str(value)


def answering_of(
    settings: Settings, chats: Mapping[str, Platform], stores: Stores, part: Part
) -> Callable[[], Coroutine[Any, Any, None]] | None:
    """Return what answers the consoles of other processes, in one of those that talk with the chats."""
    answers = settings.console_url and Role.BOT in part.roles and part.leads and not part.whole
    return partial(answer_questions, stores.questions, Here(chats)) if answers else None
