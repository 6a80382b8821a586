"""What @BotFather would be told of the bot: its texts and its menus of commands, in every language."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from telegram import Bot, BotCommand
from telegram.error import InvalidToken, TelegramError

from bots.app.settings import Settings
from bots.app.values import catalog_of
from bots.telegram.inspection import calling
from bots.telegram.menus import menus
from bots.text import profile_words
from bots.text.locale import languages, speaking
from core.domain.errors import PlatformError
from core.domain.products import Catalog

ISO_639_1 = 2
"""The length of the language codes that are taken (the Bot API's documentation, "setMyCommands")."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that Telegram shows of the bot."""

    what: str
    now: str
    wanted: str
    put: Callable[[], Awaitable[object]]


@asynccontextmanager
async def profile(settings: Settings) -> AsyncIterator[Sequence[Entry]]:
    """Return all that is shown, and what should be. Raises PlatformError."""
    try:
        async with calling(settings) as bot:
            yield await _entries(bot, catalog_of(settings))
    except InvalidToken:  # its text holds the token
        raise PlatformError("it does not accept TELEGRAM_TOKEN") from None
    except TelegramError as error:
        raise PlatformError(error.message) from error


async def _entries(bot: Bot, catalog: Catalog) -> Sequence[Entry]:
    found = []
    for tag in tags():
        code, of = tag or None, f" ({tag})" if tag else ""
        with speaking(tag):
            description, about, offered = profile_words.description(), profile_words.about(), menus(catalog)
        now = await bot.get_my_description(code)
        put: Callable[[], Awaitable[object]] = partial(bot.set_my_description, description, code)
        found.append(Entry(f"description{of}", now.description, description, put))
        short = await bot.get_my_short_description(code)
        put = partial(bot.set_my_short_description, about, code)
        found.append(Entry(f"short description{of}", short.short_description, about, put))
        for commands, scope in offered:
            listed = await bot.get_my_commands(scope=scope, language_code=code)
            put = partial(bot.set_my_commands, commands, scope=scope, language_code=code)
            whose = " of administrators" if scope else ""
            found.append(Entry(f"commands{whose}{of}", _said(listed), _said(commands), put))
    return found


def tags() -> Sequence[str]:
    """Return the languages in which Telegram takes texts; "" is for everybody else."""
    return ("", *(tag for tag in languages() if len(tag) == ISO_639_1))


def _said(commands: Sequence[BotCommand]) -> str:
    return "\n".join(f"/{command.command} {command.description}" for command in commands)
