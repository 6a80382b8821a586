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
from bots.telegram.menus import menus, tags
from bots.text import profile_words
from bots.text.locale import speaking
from core.domain.errors import PlatformError
from core.domain.products import Catalog


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
            yield await _entries(bot, catalog_of(settings), has_console=settings.console_url is not None)
    except InvalidToken:  # its text holds the token
        raise PlatformError("it does not accept TELEGRAM_TOKEN") from None
    except TelegramError as error:
        raise PlatformError(error.message) from error


async def _entries(bot: Bot, catalog: Catalog, *, has_console: bool) -> Sequence[Entry]:
    found = []
    for tag in tags():
        code = tag or None
        with speaking(tag):
            description, about = profile_words.description(), profile_words.about()
        now = await bot.get_my_description(code)
        put: Callable[[], Awaitable[object]] = partial(bot.set_my_description, description, code)
        found.append(Entry(f"description{_of(tag)}", now.description, description, put))
        short = await bot.get_my_short_description(code)
        put = partial(bot.set_my_short_description, about, code)
        found.append(Entry(f"short description{_of(tag)}", short.short_description, about, put))
    for tag, commands, scope in menus(catalog, has_console=has_console):
        listed = await bot.get_my_commands(scope=scope, language_code=tag or None)
        put = partial(bot.set_my_commands, commands, scope=scope, language_code=tag or None)
        whose = " of administrators" if scope else ""
        found.append(Entry(f"commands{whose}{_of(tag)}", _said(listed), _said(commands), put))
    return found


def _of(tag: str) -> str:
    return f" ({tag})" if tag else ""


def _said(commands: Sequence[BotCommand]) -> str:
    return "\n".join(f"/{command.command} {command.description}" for command in commands)
