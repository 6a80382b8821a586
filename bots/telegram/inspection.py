"""What Telegram says of the bot's token, profile and place in a group."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from telegram import Bot, ChatMember, ChatMemberRestricted, WebhookInfo
from telegram import User as TelegramUser
from telegram.error import BadRequest, Forbidden, InvalidToken, TelegramError

from bots.app.inspected import Inspected
from bots.app.settings import Settings
from bots.app.typos import not_accepted
from bots.telegram.connection import make_bot, make_requests
from bots.telegram.rate_limiter import RateLimiter
from bots.telegram.rights import NAMES, Kind
from core.domain.errors import ConfigurationError
from core.domain.products import Catalog


async def inspect(settings: Settings, catalog: Catalog, community: str = "") -> Inspected:  # noqa: ARG001
    """Ask Telegram; `community`: the key of a group to look at. Changes nothing."""
    found = Inspected()
    if settings.telegram_token is None:
        return found
    try:
        async with calling(settings) as bot:
            me = await bot.get_me()
            found.name, found.invite = f"@{me.username}", f"https://t.me/{me.username}?startgroup=hello"
            found.troubles.extend(_wrong_with(me))
            found.notes.extend(_privacy(me))
            found.troubles.extend(_webhook(await bot.get_webhook_info(), settings))
            if community:
                found.troubles.extend(await _missing(bot, me, int(community.removeprefix("telegram:"))))
    except InvalidToken:  # its text holds the token
        found.is_refused = True
        found.troubles.append(not_accepted("telegram_token"))
    except TelegramError as error:
        found.troubles.append(f"Telegram can't be asked now: {error.message}.")
    return found


@asynccontextmanager
async def calling(settings: Settings) -> AsyncIterator[Bot]:
    """Return a bot that makes calls without the service. Raises ConfigurationError without a token."""
    if settings.telegram_token is None:
        raise ConfigurationError("TELEGRAM_TOKEN is not set")
    requests = make_requests(settings.proxies.of(settings.telegram_api_url))
    try:
        yield make_bot(settings.telegram_token.get_secret_value(), settings.telegram_api_url, requests, RateLimiter())
    finally:
        for request in requests:
            await request.shutdown()


def _wrong_with(me: TelegramUser) -> Iterator[str]:
    if me.can_join_groups is False:
        yield "Nobody can add the bot to a group: send @BotFather /setjoingroups and choose Enable."


def _privacy(me: TelegramUser) -> Iterator[str]:
    if not me.can_read_all_group_messages:
        yield (
            f"Privacy mode is on: in groups, /speak@{me.username} always reaches the bot, /speak alone only sometimes. "
            "To change that, send @BotFather /setprivacy and choose Disable, then add the bot to its groups again; or "
            "make it an administrator."
        )


def _webhook(info: WebhookInfo, settings: Settings) -> Iterator[str]:
    """Say what keeps updates away from the service as it is set."""
    host = urlsplit(info.url).hostname or ""
    if info.url and not settings.telegram_webhook:
        yield (
            f"Telegram posts what people write to {host}, where another program may take it. `troubadour run` takes "
            "that webhook away: run one of the two only, or give this bot a token of its own."
        )
    elif info.url and settings.public_url and host != urlsplit(settings.public_url).hostname:
        yield f"Telegram posts what people write to {host}, not to PUBLIC_URL; `troubadour run` changes that."
    elif info.last_error_message:
        yield f"Telegram could not post to {host}: {info.last_error_message}."


async def _missing(bot: Bot, me: TelegramUser, chat_id: int) -> list[str]:
    """Name what the bot may not send in a group."""
    absent = [f"The bot is not in the group {chat_id}: add it with the invite link."]
    try:
        chat, member = await bot.get_chat(chat_id), await bot.get_chat_member(chat_id, me.id)
    except (BadRequest, Forbidden):
        return absent
    if member.status in {ChatMember.LEFT, ChatMember.BANNED}:
        return absent
    rules = member if isinstance(member, ChatMemberRestricted) else chat.permissions
    if member.status == ChatMember.ADMINISTRATOR or rules is None:
        return []
    return [f"{NAMES[kind]} is not allowed to the bot there." for kind in Kind if getattr(rules, kind.value) is False]
