"""What Telegram offers to choose from after a slash."""

from collections.abc import Iterator, Sequence

from telegram import BotCommand, BotCommandScope, BotCommandScopeAllChatAdministrators
from telegram.constants import BotCommandLimit

from bots.commands import listing, table
from bots.commands.command import Command, Who
from bots.text import product_words
from bots.text.locale import _, languages, speaking
from core.domain.products import Catalog

ISO_639_1 = 2
"""The length of the language codes that are taken (the Bot API's documentation, "setMyCommands")."""


Menu = tuple[str, Sequence[BotCommand], BotCommandScope | None]
"""Commands, with the language of those to whom they are shown, "" for all others, and where."""


def menus(catalog: Catalog, *, has_console: bool) -> Iterator[Menu]:
    """Yield the command menus in every language; operators' commands are only in /help."""
    for tag in tags():
        with speaking(tag):
            found = _menus(catalog, table.offered(has_console=has_console))
        yield from ((tag, commands, scope) for commands, scope in found)


def tags() -> Sequence[str]:
    """Return the languages in which Telegram takes texts; "" is for everybody else."""
    return ("", *(tag for tag in languages() if len(tag) == ISO_639_1))


def _menus(
    catalog: Catalog, offered: Sequence[Command]
) -> Sequence[tuple[Sequence[BotCommand], BotCommandScope | None]]:
    ordering = [BotCommand(row.command, product_words.does(row)) for row in catalog.products.values()]
    members, admins = (_menu(who, offered) for who in (Who.MEMBER, Who.ADMIN))
    return [
        ([*ordering, *members], None),
        ([*ordering, *members, *admins], BotCommandScopeAllChatAdministrators()),
    ]


def _menu(who: Who, offered: Sequence[Command]) -> list[BotCommand]:
    abouts = {c.group: table.GROUPS.get(c.group, c.about) for c in listing.listed(offered, who)}
    return [
        BotCommand(word, _(about)[: BotCommandLimit.MAX_DESCRIPTION], api_kwargs=_alone(word))
        for word, about in abouts.items()
    ]


def _alone(word: str) -> dict[str, bool] | None:
    """Have a command seen by nobody but its author, if its answers are theirs alone; an older server ignores it."""
    return {"is_ephemeral": True} if table.is_alone(word) else None
