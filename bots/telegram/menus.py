"""What Telegram offers to choose from after a slash."""

from collections.abc import Sequence

from telegram import BotCommand, BotCommandScope, BotCommandScopeAllChatAdministrators
from telegram.constants import BotCommandLimit

from bots.commands import listing, table
from bots.commands.command import Who
from bots.text import product_words
from bots.text.locale import _
from core.domain.products import Catalog


def menus(catalog: Catalog) -> Sequence[tuple[Sequence[BotCommand], BotCommandScope | None]]:
    """Return the command menus and their scopes; operators' commands are only in /help."""
    ordering = [BotCommand(row.command, product_words.does(row)) for row in catalog.products.values()]
    members, admins = (_menu(who) for who in (Who.MEMBER, Who.ADMIN))
    return [
        ([*ordering, *members], None),
        ([*ordering, *members, *admins], BotCommandScopeAllChatAdministrators()),
    ]


def _menu(who: Who) -> list[BotCommand]:
    abouts = {c.group: table.GROUPS.get(c.group, c.about) for c in listing.listed(table.COMMANDS, who)}
    return [BotCommand(word, _(about)[: BotCommandLimit.MAX_DESCRIPTION]) for word, about in abouts.items()]
