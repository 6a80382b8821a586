"""The table of commands. Every platform offers these, as do /help and the documents; products add one each."""

from collections.abc import Sequence

from bots.commands import actions, buttons, console_link
from bots.commands.command import Answer, Argument, Asked, Command, Kind, Who
from bots.commands.explaining import explained
from bots.commands.listing import audience, listed, overview
from bots.text import product_words
from bots.text.admin_replies import LIMITS
from bots.text.locale import N_
from core.domain.products import PRODUCTS, Catalog
from core.domain.quota import Period

MEMBER, ADMIN, OPERATOR = Who

WHICH = "product"
"""The argument of a command that opens a form."""
ORDERS = tuple(row.command for row in PRODUCTS.values())
PERIODS = tuple(period.value for period in Period)
WHOSE_QUOTA = N_("Whose quota")


def _member(about: str, *, required: bool = True, is_typed: bool = False) -> Argument:
    return Argument(name="member", kind=Kind.MEMBER, about=about, required=required, is_typed=is_typed)


_PERIOD = Argument(
    name="period",
    kind=Kind.PERIOD,
    about=N_("How often it starts anew"),
    required=False,
    is_typed=True,
    choices=PERIODS,
)
_QUOTA = (
    Argument(name="amount", kind=Kind.AMOUNT, about=N_("Such as 0.50, 5000 chars or unlimited")),
    _PERIOD,
)
_CREDIT = (
    Argument(name="amount", kind=Kind.AMOUNT, about=N_("Such as 0.50 or 5000 chars")),
    Argument(name="reason", kind=Kind.TEXT, about=N_("Why, for the records"), required=False, example=N_("reason")),
)
_COMMUNITY = Argument(
    name="community", kind=Kind.COMMUNITY, about=N_("Its key; leave it out for this one"), required=False
)


async def show_help(asked: Asked, command: str = "") -> Answer:
    """Say what the caller can do here, or explain one command."""
    whose, commands = await audience(asked), offered(has_console=asked.service.sessions is not None)
    catalog = await asked.service.voices.catalog_for(asked.caller) if command else asked.service.catalog
    if found := explained(command, commands, catalog, whose, takes_files=asked.takes_files):
        return Answer(found, open=True)
    left = buttons.of_standing() if asked.is_public else ()
    return Answer(await overview(asked, commands, whose), buttons=left, open=True)


GROUPS = {"quota": N_("Say who may spend how much")}
"""Descriptions of groups, by the first word of their commands."""

COMMANDS: Sequence[Command] = (
    Command(
        name="form",
        who=MEMBER,
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
        who=MEMBER,
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
        who=MEMBER,
        action=actions.voice,
        about=N_("Choose who speaks for you"),
        arguments=(
            Argument(
                name="voice", kind=Kind.VOICE, about=N_("A voice, or none; leave it out to see it"), required=False
            ),
        ),
    ),
    Command(name="balance", who=MEMBER, action=actions.balance, about=N_("Show what you may still spend")),
    Command(
        name="history",
        who=MEMBER,
        action=actions.history,
        about=N_("List what you ordered, to have it sent or made again"),
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
        who=MEMBER,
        action=actions.history,
        about=N_("Order once more what you heard last"),
        ignores_words=True,
        repeats=True,
    ),
    Command(
        name="pronounce",
        who=MEMBER,
        action=actions.pronounce,
        about=N_("Show or set how words are said"),
        is_rare=True,
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
        who=MEMBER,
        action=console_link.console,
        about=N_("Open your pages in a browser"),
        needs_console=True,
        ignores_words=True,
    ),
    Command(
        name="help",
        who=MEMBER,
        action=show_help,
        about=N_("Show what I can do"),
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
        who=MEMBER,
        action=actions.start,
        about=N_("Say hello"),
        is_rare=True,
        is_typed=True,
        ignores_words=True,
    ),
    Command(
        name="claim",
        who=MEMBER,
        action=actions.claim,
        about=N_("Become the one who runs this bot, with the code from its terminal"),
        arguments=(Argument(name="code", kind=Kind.TEXT, about=N_("As the terminal shows it"), example=N_("code")),),
        is_rare=True,
    ),
    Command(
        name="quota set",
        who=ADMIN,
        action=actions.quota_set,
        about=N_("Set what a member may spend"),
        arguments=(_member(WHOSE_QUOTA), *_QUOTA),
    ),
    Command(
        name="quota role",
        who=ADMIN,
        action=actions.quota_role,
        about=N_("Set what whoever has a role may spend"),
        arguments=(Argument(name="role", kind=Kind.ROLE, about=WHOSE_QUOTA), *_QUOTA),
    ),
    Command(
        name="quota show",
        who=ADMIN,
        action=actions.quota_show,
        about=N_("Show what a member may spend"),
        arguments=(_member(N_("Whose quota; leave it out for all that were set"), required=False),),
    ),
    Command(
        name="quota clear",
        who=ADMIN,
        action=actions.quota_clear,
        about=N_("Take a member's or a role's quota away, so that the default applies"),
        arguments=(
            _member(N_("Whose quota; leave both out for the default"), required=False, is_typed=True),
            Argument(name="role", kind=Kind.ROLE, about=N_("The role whose quota it is"), required=False),
        ),
    ),
    Command(
        name="quota default",
        who=ADMIN,
        action=actions.quota_default,
        about=N_("Set what everybody without a quota of their own may spend"),
        arguments=_QUOTA,
    ),
    Command(
        name="why",
        who=ADMIN,
        action=actions.why,
        about=N_("Say why a member can't order here, and what to change"),
        arguments=(_member(N_("Who can't")),),
    ),
    Command(
        name="grant",
        who=ADMIN,
        action=actions.grant,
        about=N_("Give a member credit that does not expire"),
        arguments=(_member(N_("Who gets it")), *_CREDIT),
    ),
    Command(
        name="revoke",
        who=ADMIN,
        action=actions.revoke,
        about=N_("Take credit back from a member"),
        arguments=(_member(N_("Whose credit")), *_CREDIT),
    ),
    Command(
        name="block",
        who=ADMIN,
        action=actions.block,
        about=N_("Refuse a member's orders"),
        arguments=(
            _member(N_("Whose orders")),
            Argument(
                name="time",
                kind=Kind.DURATION,
                about=N_("How long, such as 2h, 3 days or 1 week; leave it out for good"),
                required=False,
            ),
        ),
    ),
    Command(
        name="unblock",
        who=ADMIN,
        action=actions.unblock,
        about=N_("Take a member's orders again"),
        arguments=(_member(N_("Whose orders")),),
    ),
    Command(
        name="limits",
        who=ADMIN,
        action=actions.limits,
        about=N_("Show or set the limits for everybody here"),
        arguments=(
            Argument(
                name="name",
                kind=Kind.CHOICE,
                about=N_("Which limit; leave it out to see them all"),
                required=False,
                choices=tuple(LIMITS),
            ),
            Argument(
                name="value",
                kind=Kind.TEXT,
                about=N_("The new value, or none"),
                required=False,
                example=N_("a value or none"),
            ),
        ),
    ),
    Command(
        name="usage",
        who=ADMIN,
        action=actions.usage,
        about=N_("Show who spent what"),
        arguments=(
            Argument(
                name="period",
                kind=Kind.PERIOD,
                about=N_("The current day, week or month"),
                required=False,
                choices=PERIODS,
            ),
            _member(N_("Whose orders; leave it out for everybody's"), required=False),
        ),
    ),
    Command(name="audit", who=ADMIN, action=actions.audit, about=N_("Show who changed what")),
    Command(
        name="pool",
        who=OPERATOR,
        action=actions.pool,
        about=N_("Set what a whole community may spend in a month; for whoever runs this bot"),
        arguments=(
            _COMMUNITY,
            Argument(name="amount", kind=Kind.AMOUNT, about=N_("Such as 20.00 or unlimited")),
        ),
    ),
    Command(
        name="communities",
        who=OPERATOR,
        action=actions.communities,
        about=N_("List communities, approve or decline one; for whoever runs this bot"),
        arguments=(
            Argument(
                name="decision",
                kind=Kind.CHOICE,
                about=N_("What to do with one"),
                required=False,
                choices=("approve", "decline"),
            ),
            _COMMUNITY,
        ),
    ),
    Command(
        name="resume",
        who=OPERATOR,
        action=actions.resume,
        about=N_("Try the gateway at once, after its wallet was refilled; for whoever runs this bot"),
    ),
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
