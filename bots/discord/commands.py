"""The slash commands: each parses, calls the service through the responder, and returns the sentence to show."""

import inspect
from typing import Any

import discord
from discord import AppCommandOptionType, app_commands
from discord.app_commands import Choice, Range

from bots.commands import actions as acts
from bots.commands.actions import Answer
from bots.discord.connection import AnyCommand, Bot
from bots.text import admin_replies, replies
from core.domain.models import Caller
from core.domain.products import Flag, Number, OneOf, Parameter, Product, speech
from core.domain.products import Text as Words
from core.domain.products import music as music_row
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

    def __init__(self, parameter: Parameter, *, longest: int, is_open: bool) -> None:
        """`is_open`: there may be other choices than the row has."""
        self._parameter = parameter
        self._longest = longest
        self._is_open = is_open

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
        if self._is_open or not isinstance(self._parameter, OneOf):
            return None
        return [Choice(name=choice, value=choice) for choice in self._parameter.choices]

    async def transform(self, _: discord.Interaction[Any], value: Any, /) -> Any:
        """Hand on what was entered."""
        return value


def _order(name: str, product: Product) -> app_commands.Command[Any, ..., None]:
    """Make the command that orders a product. Its text comes first: typed literally, everything goes there."""

    async def order(interaction: Interaction, **entered: Any) -> None:
        await interaction.client.responder.order(interaction, product.name, entered.pop(product.billed), **entered)

    keyword = inspect.Parameter.KEYWORD_ONLY
    body = Option(product.table[product.billed], longest=LONGEST_OPTION, is_open=True)
    asked = [
        inspect.Parameter("interaction", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Interaction),
        inspect.Parameter(product.billed, keyword, annotation=body),
    ]
    for option in product.options:
        kind = Option(product.table[option], longest=LONGEST_CHOICE, is_open=option == "voice")
        asked.append(inspect.Parameter(option, keyword, annotation=kind, default=None))
    order.__signature__ = inspect.Signature(asked)  # type: ignore[attr-defined]
    says = {option: replies.OPTIONS[name].get(option, parameter.allowed) for option, parameter in product.table.items()}
    return app_commands.Command(
        name=name, description=replies.COMMANDS[name], callback=app_commands.describe(**says)(order)
    )


async def voices_like(interaction: Interaction, typed: str) -> list[Choice[str]]:
    """Offer the voices that hold what was typed, those that begin with it first; the service checks again."""
    wanted = typed.strip().casefold()
    known = [v for v in interaction.client.responder.service.catalog.voices if wanted in v.casefold()]
    known.sort(key=lambda v: not v.casefold().startswith(wanted))
    return [Choice(name=v, value=v) for v in known if len(v) <= LONGEST_CHOICE][:MOST_CHOICES]


speak = _order("speak", speech())
speak.autocomplete("voice")(voices_like)
music = _order("music", music_row())


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


COMMANDS: tuple[AnyCommand, ...] = (speak, music, voices, balance, show_help, claim)
