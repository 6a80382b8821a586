"""Properties of what Discord sends: button presses, commands with options, and autocompletion."""

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, cast

import discord
from discord import AppCommandOptionType, InteractionResponseType, InteractionType
from discord.app_commands import AppCommandError, Command, CommandInvokeError, Group, Parameter
from hypothesis import strategies as st

from bots.commands.text_files import TextFiles
from bots.discord.commands import LONGEST_OPTION, commands
from bots.discord.connection import AnyCommand, Bot
from bots.discord.escaping import CONTENT_LIMIT, plain
from bots.discord.identity import Address, AnyInteraction, caller_of
from bots.discord.responder import Action, Deferral, Responder
from bots.discord.rest import Calls
from core.domain.errors import DeliveryRefused
from core.domain.jsontype import JSON
from core.domain.people import Caller
from core.domain.products import catalog
from tests.core.rig import Incarnation
from tests.proofs.fuzz.hostile import NAMES, texts
from tests.proofs.fuzz.parsers import Parser, refused_at_most
from tests.proofs.fuzz.service import faultless, with_service


class _AtOnce(Responder):
    """Acts at once without an acknowledgement, and checks that its reply can be sent."""

    async def answer(self, interaction: AnyInteraction, act: Action, deferral: Deferral) -> None:
        with refused_at_most():
            for said in await act(caller_of(interaction), Address.of(interaction, None).destination()):
                assert 0 < len(plain(said.text)) <= CONTENT_LIMIT

    async def show(self, interaction: AnyInteraction, modal: discord.ui.Modal) -> None:
        """Open no form: there is nobody to see it."""
        assert modal.to_dict()["components"]


async def _attached(url: str, most_bytes: int) -> bytes:
    """Let the address of a file be what is in it."""
    return url.encode("utf-8", "surrogatepass")[:most_bytes]


async def _nothing(*_: object) -> list[JSON]:
    return []


def _bot(alive: Incarnation) -> Bot:
    offers, trace = _AtOnce(alive.service, TextFiles(_attached)), Calls().trace()
    bot = Bot(offers, _OFFERED, ws_url=None, trace=trace, sync=False, shards=None, now_s=time.time)
    for name in ("get_guild_application_command_permissions", "get_global_commands"):  # what /why asks Discord
        setattr(bot.http, name, _nothing)
    bot._connection.user = discord.ClientUser(state=bot._connection, data=cast("Any", _BOT))
    return bot


_OFFERED = commands(catalog(), has_console=True)
_DIRECT = [command for command in _OFFERED if command.allowed_contexts is None]
"""Those that work in direct chats, too."""
_BOT = {"id": "7", "username": "Troubadour", "discriminator": "0", "avatar": None}


def _received(bot: Bot, payload: JSON) -> AnyInteraction:
    """Parse an interaction as the library does; caller and destination survive the store."""
    interaction = discord.Interaction(data=json.loads(json.dumps(payload)), state=bot._connection)
    who: Caller = caller_of(interaction)
    assert who.member.startswith("discord:")
    assert who.direct == (interaction.guild_id is None)
    address = Address.of(interaction, None)
    kept = json.loads(json.dumps(dict(address.destination().data)))
    with suppress(DeliveryRefused):
        assert Address(**kept) == address
    return interaction


# --- presses ------------------------------------------------------------------------------------------------------


def discord_presses(presses: list[JSON]) -> None:
    """Presses of buttons that never existed, and forms of any content, get a reply, and have no other effect."""

    async def use(alive: Incarnation) -> None:
        bot = _bot(alive)
        for payload in presses:
            await bot.on_interaction(_received(bot, payload))

    with faultless():
        with_service(use)


_snowflake = st.sampled_from(("1", "2", "3")) | st.integers(1, 2**63 - 1).map(str)
_user = st.fixed_dictionaries(
    {"id": _snowflake, "username": NAMES, "discriminator": st.just("0"), "avatar": st.none()},
    optional={"global_name": NAMES | st.none(), "bot": st.booleans()},
)
_membership = {
    "roles": st.lists(_snowflake, max_size=3), "joined_at": st.none(), "flags": st.just(0),
    "permissions": (st.sampled_from((0, 8, 32)) | st.integers(0, 2**52)).map(str), "deaf": st.just(False),
    "mute": st.just(False),
}  # fmt: skip
_nick = {"nick": NAMES | st.none()}
_envelope = {
    "id": _snowflake, "application_id": _snowflake, "token": NAMES, "version": st.just(1), "locale": st.just("en-US"),
    "attachment_size_limit": st.integers(0, 2**40), "entitlements": st.just([]),
    "authorizing_integration_owners": st.just({}), "context": st.sampled_from((0, 1, 2)),
}  # fmt: skip
_direct = st.fixed_dictionaries({**_envelope, "user": _user})
_in_guild = st.fixed_dictionaries({
    **_envelope,
    "guild_id": _snowflake,
    "guild": st.just({"id": "1", "locale": "en-US", "features": []}),
    "member": st.fixed_dictionaries({**_membership, "user": _user}, optional=_nick),
})  # fmt: skip
_custom_ids = texts() | st.builds(
    "{}:{}".format, st.sampled_from(("again", "cancel", "ask", "approve", "decline", "confirm")), texts()
)
_press = st.builds(
    lambda envelope, custom_id: {**envelope, "type": 3, "data": {"custom_id": custom_id, "component_type": 2}},
    _direct | _in_guild,
    _custom_ids,
)


_field = st.sampled_from(("text", "prompt", "voice", "settings", "output_format", "tags", "file", "no_field"))
_input = st.builds(
    lambda name, text: {"type": 4, "custom_id": name, "value": text[:4000]}, _field, texts()
) | st.builds(
    lambda name, values: {"type": 3, "custom_id": name, "values": values}, _field, st.lists(texts(), max_size=3)
)
_form = st.builds(
    lambda envelope, product, inputs: {
        **envelope,
        "type": 5,
        "data": {"custom_id": f"form:{product}", "components": [{"type": 18, "component": each} for each in inputs]},
    },
    _direct | _in_guild,
    st.sampled_from(("speech", "music")) | texts(),
    st.lists(_input, max_size=5),
)


# --- commands -----------------------------------------------------------------------------------------------------


def discord_commands(called: tuple[JSON, ...]) -> None:
    """Commands with hostile options: ours are refused at worst; the library rejects those of another shape."""

    async def use(alive: Incarnation) -> None:
        bot = _bot(alive)
        tell = bot.tree.on_error

        @bot.tree.error
        async def failed(interaction: AnyInteraction, error: AppCommandError) -> None:
            await tell(interaction, error)
            if isinstance(error, CommandInvokeError):
                raise error.original

        for number, payload in enumerate(called, 1):
            await _call(bot, _received(bot, {**payload, "id": str(number)}))  # repeated interactions would be ignored

    with faultless():
        with_service(use)


async def _call(bot: Bot, interaction: AnyInteraction) -> None:
    """Dispatch as the library does in a task of its own."""
    if interaction.type is InteractionType.autocomplete:  # there is nobody to show the choices to
        interaction.response._response_type = InteractionResponseType.autocomplete_result
    try:
        await bot.tree._call(interaction)
    except AppCommandError as error:
        await bot.tree._dispatch_error(interaction, error)


def _leaves(commands: tuple[AnyCommand, ...]) -> Iterator[Command[Any, ..., Any]]:
    for command in commands:
        if isinstance(command, Command):
            yield command
        elif isinstance(command, Group):
            yield from _leaves(tuple(command.commands))


_LIKELY = ("5", "$0.50", "unlimited", "none", "2 h", "Aria", "<#1> 2")


def _value(parameter: Parameter) -> st.SearchStrategy[Any]:
    """Draw values that Discord allows: of the option's type, and choices that an earlier release may have offered."""
    match parameter.type:
        case AppCommandOptionType.string:
            typed = texts().map(lambda text: text[:LONGEST_OPTION])
            return st.sampled_from([choice.value for choice in parameter.choices] or _LIKELY) | typed
        case AppCommandOptionType.number:
            return st.floats() | st.integers(-(2**53), 2**53)
        case AppCommandOptionType.boolean:
            return st.booleans()
        case AppCommandOptionType.user | AppCommandOptionType.role | AppCommandOptionType.attachment:
            return _snowflake
        case unknown:
            raise NotImplementedError(unknown)


def _option(parameter: Parameter) -> st.SearchStrategy[JSON]:
    named = {"type": st.just(parameter.type.value), "name": st.just(parameter.display_name)}
    return st.fixed_dictionaries({**named, "value": _value(parameter)})


def _options(command: Command[Any, ..., Any]) -> st.SearchStrategy[list[JSON]]:
    required = {p.name: _option(p) for p in command.parameters if p.required}
    optional = {p.name: _option(p) for p in command.parameters if not p.required}
    return st.fixed_dictionaries(required, optional=optional).map(lambda options: list(options.values()))


_file = st.fixed_dictionaries(
    {"filename": NAMES, "size": st.integers(0, 2**40), "url": texts(), "proxy_url": texts()},
    optional={"content_type": st.sampled_from(("text/plain", "image/png")) | NAMES},
)


@st.composite
def _invocation(draw: st.DrawFn, command: Command[Any, ..., Any]) -> JSON:
    """Draw a command call, sometimes with another command's options."""
    meant = draw(st.sampled_from(_LEAVES)) if draw(st.integers(0, 9)) == 9 else command
    options = draw(_options(meant))
    direct = (command.root_parent or command) in _DIRECT and draw(st.booleans())
    ids = {kind: [option["value"] for option in options if option["type"] == kind] for kind in (6, 8, 11)}
    resolved = {
        "users": {name: {**draw(_user), "id": name} for name in ids[6]},
        "members": {name: draw(_member) for name in ids[6] if not direct and draw(st.booleans())},
        "roles": {name: {"id": name, "name": draw(NAMES)} for name in ids[8]},
        "attachments": {name: {**draw(_file), "id": name} for name in ids[11]},
    }
    *groups, name = command.qualified_name.split()
    data = {"id": "1", "type": 1, "name": name, "options": options}
    for group in groups:
        data = {"id": "1", "type": 1, "name": group, "options": [data]}
    return {**draw(_direct if direct else _in_guild), "type": 2, "data": {**data, "resolved": resolved}}


def _typed(envelope: JSON, typed: str) -> JSON:
    """Build an autocompletion request for a voice's name."""
    option = {"type": 3, "name": "voice", "value": typed[:LONGEST_OPTION], "focused": True}
    return {**envelope, "type": 4, "data": {"id": "1", "type": 1, "name": "speak", "options": [option]}}


_LEAVES = list(_leaves(_OFFERED))
_member = st.fixed_dictionaries(_membership, optional=_nick)
_typing = st.builds(_typed, _direct | _in_guild, texts())

_calls = st.tuples(*map(_invocation, _LEAVES), _typing, _typing)

DISCORD = {
    "discord_presses": Parser(st.lists(_press | _form, max_size=10), discord_presses, examples=10, quick=False),
    "discord_commands": Parser(_calls, discord_commands, examples=10, quick=False),
}
