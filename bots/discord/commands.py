"""The table of commands as Discord application commands, with typed options and default permissions."""

import inspect
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any, NamedTuple

import discord
from discord import AppCommandOptionType, app_commands
from discord.app_commands import Choice

from bots.commands import table, voice_search
from bots.commands.command import Argument, Command, Kind, Who
from bots.commands.table import ORDERS, WHICH
from bots.commands.text_files import FILE
from bots.discord import placing
from bots.discord.connection import AnyCommand, Bot
from bots.discord.identity import Anybody, key
from bots.text import product_words
from bots.text.locale import _, speaking, tag_of
from core.domain.parameters import (
    Flag,
    Number,
    OneOf,
    Parameter,
    Text,
)
from core.domain.products import Catalog, Product
from core.domain.voices import Cast

MOST_CHOICES = 25
LONGEST_CHOICE = 100
LONGEST_OPTION = 6000
"""Discord's limits on choices and string options (its documentation, "Application Commands")."""

Interaction = discord.Interaction[Bot]
_WORDS = Text(LONGEST_OPTION)
_TYPES = {
    Text: AppCommandOptionType.string,
    OneOf: AppCommandOptionType.string,
    Number: AppCommandOptionType.number,
    Flag: AppCommandOptionType.boolean,
}


class Option(app_commands.Transformer):
    """Describes a parameter to Discord; the service validates the values that come back."""

    def __init__(
        self, parameter: Parameter, *, longest: int = LONGEST_OPTION, shown: Callable[[str], str] = str
    ) -> None:
        """`shown`: what is shown of a choice."""
        self._parameter = parameter
        self._longest = longest
        self._shown = shown

    @property
    def type(self) -> AppCommandOptionType:
        """The option's type."""
        return _TYPES[type(self._parameter)]

    @property
    def min_value(self) -> float:
        """The lowest number, or the minimum length of a text."""
        return self._parameter.low if isinstance(self._parameter, Number) else 1

    @property
    def max_value(self) -> float:
        """The highest number, or the maximum length of a text."""
        return self._parameter.high if isinstance(self._parameter, Number) else self._longest

    @property
    def choices(self) -> list[Choice[int | float | str]] | None:
        """The menu of a closed set; None for everything else."""
        if not isinstance(self._parameter, OneOf) or _is_searched(self._parameter):
            return None
        return [Choice(name=self._shown(choice), value=choice) for choice in self._parameter.choices]

    async def transform(self, _: discord.Interaction[Any], value: Any, /) -> Any:
        """Return the value unchanged."""
        return value


class Search(Option):
    """An option with autocompletion: more choices than a menu holds, or a list that the operator can extend."""

    async def autocomplete(self, interaction: discord.Interaction[Any], typed: str | float, /) -> list[Choice[Any]]:
        """Offer the choices whose name or use contains the typed text, those that start with it first."""
        wanted = str(typed).strip().casefold()
        choices = self._parameter.choices if isinstance(self._parameter, OneOf) else ()
        with speaking(tag_of(str(interaction.locale))):
            found = [c for c in choices if wanted in self._shown(c).casefold() and len(c) <= LONGEST_CHOICE]
            found.sort(key=lambda choice: not choice.casefold().startswith(wanted))
            return [Choice(name=self._shown(choice), value=choice) for choice in found[:MOST_CHOICES]]


class VoiceSearch(Option):
    """An option with autocompletion by what voices are like; whatever is written is read again."""

    def __init__(self, parameter: Parameter, cast: Cast) -> None:
        super().__init__(parameter, longest=LONGEST_CHOICE)
        self._cast = cast

    async def autocomplete(self, interaction: discord.Interaction[Any], typed: str | float, /) -> list[Choice[Any]]:
        """Offer the voices that the typed words are about, favourites first, each with what it is like."""
        with speaking(tag_of(str(interaction.locale))):
            liked = await _liked(interaction)
            voices = voice_search.found(str(typed), self._cast, liked)[:MOST_CHOICES]
            return [Choice(name=voice_search.described(each, LONGEST_CHOICE), value=each.name) for each in voices]


async def _liked(interaction: Interaction) -> Collection[str]:
    """Return the voices that whoever types likes best."""
    return await interaction.client.responder.service.favourites.of(key(interaction.user.id))


def _is_searched(parameter: Parameter) -> bool:
    return isinstance(parameter, OneOf) and (parameter.is_open or len(parameter.choices) > MOST_CHOICES)


def commands(catalog: Catalog, *, has_console: bool) -> tuple[AnyCommand, ...]:
    """Return one command for each product, and those of the table."""
    offered = table.offered(has_console=has_console)
    names = dict.fromkeys(command.group for command in offered if not command.is_typed)
    cast, products = catalog.cast, catalog.products.values()
    spoken = (_message_command(row) for row in products if row.splits_at is not None)
    return (*(_order(row, cast) for row in products), *(_command(name, cast) for name in names), *spoken)


def _message_command(row: Product) -> AnyCommand:
    """Make the entry in the menu of a message that has its words spoken."""

    async def speak(interaction: Interaction, message: discord.Message) -> None:
        await placing.speak(interaction.client.responder, interaction, row, message)

    speak.__annotations__ = {"interaction": Interaction, "message": discord.Message}
    return app_commands.ContextMenu(name=_(product_words.of(row.name).message), callback=speak)


class _Entry(NamedTuple):
    """One option of a command; `kind` is the annotation from which discord.py infers its type."""

    name: str
    kind: Any
    about: str
    is_required: bool


def _order(row: Product, cast: Cast) -> AnyCommand:
    """Make a product's command.

    Its text is the first option, because whatever is typed unlabelled ends up there, and required, also beside a file:
    clients drop what is typed where no option is.
    """

    async def order(interaction: Interaction, **entered: Any) -> None:
        body, file = entered.pop(row.billed), entered.pop(FILE, None)
        await placing.order(interaction.client.responder, interaction, row.name, body, file, **entered)

    def entry(name: str, kind: Option) -> _Entry:
        return _Entry(name, kind, product_words.parameter(row, name), name == row.billed)

    def option(name: str) -> Option:
        if name == row.speaker:
            return VoiceSearch(row.table[name], cast)
        return _option(row.table[name], lambda choice: product_words.choice(row, choice))

    options = [(row.billed, Option(row.table[row.billed])), *((name, option(name)) for name in row.options)]
    entries = [entry(*option) for option in options]
    if row.splits_at is not None:
        entries.insert(1, _Entry(FILE, discord.Attachment, _(product_words.FILE), is_required=False))
    return _made(order, row.command, product_words.does(row), entries)


def _option(parameter: Parameter, shown: Callable[[str], str]) -> Option:
    return (Search if _is_searched(parameter) else Option)(parameter, longest=LONGEST_CHOICE, shown=shown)


def _command(name: str, cast: Cast) -> AnyCommand:
    """Make a command, or a group with its subcommands."""
    rows = table.rows(name)
    if rows[0].name == name:
        return _restricted(rows[0].who, _leaf(rows[0], cast))
    group = app_commands.Group(name=name, description=_(table.GROUPS[name]))
    for command in rows:
        group.add_command(_leaf(command, cast))
    return _restricted(rows[0].who, group)


def _restricted(who: Who, command: AnyCommand) -> AnyCommand:
    """Show a command that is not for members only in servers, and only to those who manage the server.

    This is a default that a server can override, so the service checks permissions on every use.
    """
    if who is Who.MEMBER:
        return command
    in_servers = app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
    return in_servers(app_commands.default_permissions(manage_guild=True)(command))


def _leaf(command: Command, cast: Cast) -> app_commands.Command[Any, ..., None]:
    async def use(interaction: Interaction, **entered: Any) -> None:
        if command.repeats:
            await placing.again(interaction.client.responder, interaction)
        elif command.opens_form:
            await placing.show_form(interaction.client.responder, interaction, entered.get(WHICH) or ORDERS[0])
        else:
            await interaction.client.responder.use(interaction, command, entered)

    arguments = sorted(command.arguments, key=lambda argument: not argument.required)
    entries = [_Entry(a.name, _annotation(a, cast), _(a.about), a.required) for a in arguments]
    return _made(use, command.name.split()[-1], _(command.about), entries)


def _annotation(argument: Argument, cast: Cast) -> Any:
    match argument.kind:
        case Kind.MEMBER:
            return Anybody
        case Kind.ROLE:
            return discord.Role
        case Kind.VOICE:
            return VoiceSearch(_WORDS, cast)
        case _:
            return Option(OneOf(argument.choices) if argument.choices else _WORDS)


def _made(
    callback: Callable[..., Awaitable[None]], name: str, about: str, entries: Sequence[_Entry]
) -> app_commands.Command[Any, ..., None]:
    """Make a command; discord.py reads the options from the signature of the callback, so one is built."""
    parameters = [inspect.Parameter("interaction", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Interaction)]
    for entry in entries:
        default = inspect.Parameter.empty if entry.is_required else None
        parameters.append(
            inspect.Parameter(entry.name, inspect.Parameter.KEYWORD_ONLY, annotation=entry.kind, default=default)
        )
    callback.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    described: Any = app_commands.describe(**{entry.name: entry.about for entry in entries})(callback)
    return app_commands.Command(name=name, description=about, callback=described)
