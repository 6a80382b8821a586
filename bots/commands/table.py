"""The table of commands. Every platform offers these, as do /help and the documents; products add one each."""

from collections.abc import Sequence

from bots.commands import actions, buttons, console_link
from bots.commands.admin_table import ADMINISTRATION
from bots.commands.command import Answer, Argument, Asked, Command, Kind, Who
from bots.commands.explaining import explained, topic_of
from bots.commands.listing import audience, listed, overview
from bots.text import product_words, replies
from bots.text.locale import N_, _
from core.domain.products import PRODUCTS, Catalog
from core.domain.refusals import Need, NotPermitted

WHICH = "product"
"""The argument of a command that opens a form."""
ORDERS = tuple(row.command for row in PRODUCTS.values())


async def show_help(asked: Asked, command: str = "") -> Answer:
    """Say what the caller can do here, or explain one command."""
    whose, commands = await audience(asked), offered(has_console=asked.service.sessions is not None)
    catalog = await asked.service.voices.catalog_for(asked.caller) if command else asked.service.catalog
    if found := explained(command, commands, catalog, whose, takes_files=asked.takes_files):
        return Answer(found, open=True)
    if topic := topic_of(command):
        return Answer(await _unexplained(asked, topic), open=True)
    alone, aloud = await overview(asked, commands, whose)
    left = Answer(aloud, buttons=buttons.of_standing(), open=True) if asked.is_public else None
    return Answer(alone, open=True, aloud=left)


async def _unexplained(asked: Asked, topic: str) -> str:
    """Say why a command is not explained, or which one may be meant. Raises NotPermitted."""
    from bots.commands.hints import nearest  # noqa: PLC0415 - it reads this table

    if not (found := rows(topic)):
        near = await nearest(asked, topic)
        return replies.unknown_command(topic, near and f"/help {near}")
    if found[0].needs_console:
        return _(replies.NO_CONSOLE)
    if found[0].who is Who.ADMIN:
        raise NotPermitted(Need.GROUP if asked.caller.direct else Need.ADMIN)
    raise NotPermitted(Need.OPERATOR)


GROUPS = {"quota": N_("Say who may spend how much")}
"""Descriptions of groups, by the first word of their commands."""

COMMANDS: Sequence[Command] = (
    Command(
        name="form",
        who=Who.MEMBER,
        action=actions.form,
        about=N_("Order with a form: a long text, a file, settings"),
        opens_form=True,
        arguments=(
            Argument(
                name=WHICH,
                kind=Kind.CHOICE,
                about=N_("What to order; leave it out for speech"),
                required=False,
                choices=ORDERS,
            ),
        ),
    ),
    Command(
        name="voices",
        who=Who.MEMBER,
        action=actions.voices,
        about=N_("Hear the voices and choose one"),
        arguments=(
            Argument(
                name="like",
                kind=Kind.TEXT,
                about=N_("What it is like, such as deep male or german; leave it out for all"),
                required=False,
                example=N_("deep male"),
            ),
        ),
    ),
    Command(
        name="voice",
        who=Who.MEMBER,
        action=actions.voice,
        about=N_("Choose who speaks for you"),
        arguments=(
            Argument(
                name="voice", kind=Kind.VOICE, about=N_("A voice, or none; leave it out to see it"), required=False
            ),
        ),
    ),
    Command(
        name="balance", who=Who.MEMBER, action=actions.balance, about=N_("Show what you may still spend"), is_quiet=True
    ),
    Command(
        name="history",
        who=Who.MEMBER,
        action=actions.history,
        about=N_("List what you ordered, to have it sent or made again"),
        is_quiet=True,
        arguments=(
            Argument(
                name="like",
                kind=Kind.TEXT,
                about=N_("Words of the order, or its voice; leave it out for all"),
                required=False,
                example=N_("words"),
            ),
        ),
    ),
    Command(
        name="again",
        who=Who.MEMBER,
        action=actions.history,
        about=N_("Order once more what you heard last"),
        repeats=True,
    ),
    Command(
        name="pronounce",
        who=Who.MEMBER,
        action=actions.pronounce,
        about=N_("Show or set how words are said"),
        arguments=(
            Argument(
                name="entry",
                kind=Kind.TEXT,
                about=N_("Such as nginx as engine x, or remove nginx; leave it out to see the list"),
                required=False,
                example=N_("nginx as engine x"),
            ),
        ),
    ),
    Command(
        name="console",
        who=Who.MEMBER,
        action=console_link.console,
        about=N_("Open your pages in a browser"),
        needs_console=True,
        is_quiet=True,
        ignores_words=True,
    ),
    Command(
        name="help",
        who=Who.MEMBER,
        action=show_help,
        about=N_("Show what I can do"),
        is_quiet=True,
        ignores_words=True,
        arguments=(
            Argument(
                name="command",
                kind=Kind.TEXT,
                about=N_("Which one to explain; leave it out for all of them"),
                required=False,
                example=N_("speak"),
            ),
        ),
    ),
    Command(
        name="start",
        who=Who.MEMBER,
        action=actions.start,
        about=N_("Say hello"),
        is_rare=True,
        is_typed=True,
        ignores_words=True,
    ),
    Command(
        name="claim",
        who=Who.MEMBER,
        action=actions.claim,
        about=N_("Become the one who runs this bot, with the code from its terminal"),
        arguments=(Argument(name="code", kind=Kind.TEXT, about=N_("As the terminal shows it"), example=N_("code")),),
        is_rare=True,
    ),
    *ADMINISTRATION,
)


def offered(*, has_console: bool) -> list[Command]:
    """Return the commands that there are with this service."""
    return [command for command in COMMANDS if has_console or not command.needs_console]


SYNONYMS = {
    "audit": ("log",),
    "balance": ("credit", "credits", "money", "wallet"),
    "block": ("ban", "kick", "mute", "timeout"),
    "communities": ("approve", "decline", "groups", "servers"),
    "grant": ("give", "pay", "topup"),
    "help": ("about", "commands", "info", "menu"),
    "again": ("repeat",),
    "history": ("log", "orders", "replay", "resend"),
    "limits": ("config", "cooldown", "settings", "slowmode"),
    "revoke": ("take",),
    "unblock": ("unban", "unmute"),
    "usage": ("report", "statistics", "stats"),
    "voices": ("speakers",),
}
"""Other names for commands: they only lead to a suggestion."""


def rows(word: str) -> list[Command]:
    """Return the commands that begin with a word; several form a group."""
    return [command for command in COMMANDS if word == command.group]


def repeats(word: str, body: str) -> bool:
    """Say whether a command orders once more; with words after it, which would be lost, it does not."""
    return not body.strip() and any(command.repeats for command in rows(word))


def is_alone(word: str) -> bool:
    """Say whether only whoever asks is to read what the commands that begin with a word answer."""
    found = rows(word)
    return bool(found) and all(command.answers_alone for command in found)


def words(catalog: Catalog) -> list[str]:
    """Return all words that may follow the slash, products first."""
    return [*catalog.by_command, *dict.fromkeys(command.group for command in COMMANDS)]


def synonyms(word: str, catalog: Catalog) -> Sequence[str]:
    """Return other names for a command."""
    if product := catalog.by_command.get(word):
        return (product.name, *product_words.of(product.name).also)
    return SYNONYMS.get(word, ())


def members_words() -> list[str]:
    """Return the words after the slash that every member sees in lists."""
    return [command.group for command in listed(COMMANDS, Who.MEMBER)]


def places(word: str) -> tuple[int, ...]:
    """Return the possible places of the member among the words; a period before it takes up to two words."""
    command = next((command for command in rows(word) if command.member), None)
    if command is None:
        return (0,)
    before = command.arguments[: command.arguments.index(command.member)] if command.member else ()
    first = len(command.name.split()) - 1
    return tuple(range(first, first + 1 + (2 if before else 0)))
