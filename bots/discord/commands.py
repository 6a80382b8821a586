"""The slash commands: each parses, calls the service through the responder, and returns the sentence to show."""

import inspect
from typing import Any

import discord
from discord import AppCommandOptionType, app_commands
from discord.app_commands import Choice, Range

from bots.commands import actions as acts
from bots.commands.actions import Answer
from bots.discord.connection import AnyCommand, Bot
from bots.text import admin_replies, product_words, replies
from core.domain.models import Caller
from core.domain.products import Catalog, Flag, Number, OneOf, Parameter, Product
from core.domain.products import Text as Words
from core.service import Service

MOST_CHOICES = 25
LONGEST_CHOICE = 100
LONGEST_OPTION = 6000
"""Discord's limits for choices and string options (documentation, "Application Commands")."""

Interaction = discord.Interaction[Bot]
Text = Range[str, 1, LONGEST_OPTION]

_TYPES = {
    Words: AppCommandOptionType.string,
    OneOf: AppCommandOptionType.string,
    Number: AppCommandOptionType.number,
    Flag: AppCommandOptionType.boolean,
}


class Option(app_commands.Transformer):
    """One parameter of a product as its row describes it; the service checks what comes."""

    def __init__(self, parameter: Parameter, *, longest: int) -> None:
        self._parameter = parameter
        self._longest = longest

    @property
    def type(self) -> AppCommandOptionType:
        """What Discord lets people enter."""
        return _TYPES[type(self._parameter)]

    @property
    def min_value(self) -> float:
        """The least number, or the length of the shortest text."""
        return self._parameter.low if isinstance(self._parameter, Number) else 1

    @property
    def max_value(self) -> float:
        """The greatest number, or the length of the longest text."""
        return self._parameter.high if isinstance(self._parameter, Number) else self._longest

    @property
    def choices(self) -> list[Choice[int | float | str]] | None:
        """What the row has to choose from."""
        if not isinstance(self._parameter, OneOf) or _is_searched(self._parameter):
            return None
        return [Choice(name=choice, value=choice) for choice in self._parameter.choices]

    async def transform(self, _: discord.Interaction[Any], value: Any, /) -> Any:
        """Hand on what was entered."""
        return value


class Search(Option):
    """A parameter with more choices than a menu shows, or with those of whoever runs the bot."""

    async def autocomplete(self, _: discord.Interaction[Any], typed: str | float, /) -> list[Choice[Any]]:
        """Offer the choices that hold what was typed, those that begin with it first; the service checks again."""
        wanted = str(typed).strip().casefold()
        choices = self._parameter.choices if isinstance(self._parameter, OneOf) else ()
        found = [choice for choice in choices if wanted in choice.casefold() and len(choice) <= LONGEST_CHOICE]
        found.sort(key=lambda choice: not choice.casefold().startswith(wanted))
        return [Choice(name=choice, value=choice) for choice in found[:MOST_CHOICES]]


def _is_searched(parameter: Parameter) -> bool:
    return isinstance(parameter, OneOf) and (parameter.is_open or len(parameter.choices) > MOST_CHOICES)


def orders(catalog: Catalog) -> tuple[AnyCommand, ...]:
    """Make the commands that order products."""
    return tuple(_order(row) for row in catalog.products.values())


def _order(row: Product) -> app_commands.Command[Any, ..., None]:
    """Make the command that orders a product. Its text comes first: typed literally, everything goes there."""

    async def order(interaction: Interaction, **entered: Any) -> None:
        await interaction.client.responder.order(interaction, row.name, entered.pop(row.billed), **entered)

    keyword = inspect.Parameter.KEYWORD_ONLY
    body = Option(row.table[row.billed], longest=LONGEST_OPTION)
    asked = [
        inspect.Parameter("interaction", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Interaction),
        inspect.Parameter(row.billed, keyword, annotation=body),
    ]
    for name in row.options:
        kind = Search if _is_searched(row.table[name]) else Option
        option = kind(row.table[name], longest=LONGEST_CHOICE)
        asked.append(inspect.Parameter(name, keyword, annotation=option, default=None))
    order.__signature__ = inspect.Signature(asked)  # type: ignore[attr-defined]
    says = {name: product_words.parameter(row, name) for name in row.table}
    return app_commands.Command(
        name=row.command, description=product_words.does(row), callback=app_commands.describe(**says)(order)
    )


@app_commands.command(name="voices", description=replies.COMMANDS["voices"])
async def voices(interaction: Interaction) -> None:
    """List the voices."""
    await interaction.client.responder.tell(interaction, _voices)


async def _voices(service: Service, _: Caller) -> Answer:
    return Answer(replies.voice_names(service.catalog), open=True)


@app_commands.command(name="balance", description=replies.COMMANDS["balance"])
async def balance(interaction: Interaction) -> None:
    """Say what the caller may spend."""
    await interaction.client.responder.tell(interaction, _balance)


async def _balance(service: Service, caller: Caller) -> Answer:
    return Answer(replies.balance(await service.standing(caller), await service.entries(caller)), open=True)


@app_commands.command(name="help", description=replies.COMMANDS["help"])
async def show_help(interaction: Interaction) -> None:
    """Say what there is."""
    await interaction.client.responder.tell(interaction, _help)


async def _help(service: Service, caller: Caller) -> Answer:
    return Answer(await acts.show_help(service, caller), open=True)


@app_commands.command(name="claim", description=admin_replies.COMMANDS["claim"])
@app_commands.describe(**admin_replies.OPTIONS["claim"])
async def claim(interaction: Interaction, code: Text) -> None:
    """Become the owner."""
    await interaction.client.responder.tell(interaction, acts.claim, code)


COMMANDS: tuple[AnyCommand, ...] = (voices, balance, show_help, claim)
