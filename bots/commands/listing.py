"""What /help says of all commands: on a phone, and only what the caller can do here."""

import logging
from collections.abc import Collection, Sequence
from itertools import chain, zip_longest

from bots.commands.command import Asked, Command, Who
from bots.text import examples, greetings, help_words, limit_replies, replies
from bots.text.locale import _
from core.domain.errors import StoreError
from core.domain.products import Catalog, Product
from core.domain.quota import Standing
from core.domain.refusals import Limit

log = logging.getLogger(__name__)

MOST_EXAMPLES = 3


async def audience(asked: Asked) -> Collection[Who]:
    """Return the audiences that the caller belongs to."""
    found = {Who.MEMBER}
    if not asked.caller.direct and await asked.is_admin():
        found.add(Who.ADMIN)
    if asked.caller.member in await asked.service.operators.owners():
        found.add(Who.OPERATOR)
    return found


async def overview(asked: Asked, commands: Sequence[Command], whose: Collection[Who]) -> tuple[str, str]:
    """Say what the caller can do here, with examples: to them alone, with what they have left, and aloud."""
    listed_by = [_line(commands, who, has_roles=asked.has_roles) for who in Who if who in whose]
    listed_by += [] if await asked.service.operators.owners() else [_of_first(commands)]
    left, lines = await _begin(asked)
    lines = [*lines, "\n".join(listed_by), help_words.of_one()]
    if asked.is_public and asked.how_to_call:
        lines.append(asked.how_to_call)
    return "\n\n".join((*left, *lines)), "\n\n".join(lines)


async def _begin(asked: Asked) -> tuple[Sequence[str], Sequence[str]]:
    """Say what is left, and how to order here, or where else; nothing where a notice says why nobody may."""
    service, caller = asked.service, asked.caller
    if greetings.closed(await service.communities.approval(caller)):
        return (), ()
    catalog, standing = await service.voices.catalog_for(caller), await _standing(asked)
    if standing is None:
        return (), (_such_as(catalog, None),)
    if caller.direct and standing.never:
        return (), (greetings.elsewhere(catalog, "/speak"),)
    channels = standing.limits.channels
    is_here = channels is None or caller.channel in channels
    begin = _such_as(catalog, standing.limits.products) if is_here else limit_replies.limit(Limit.CHANNEL, standing)
    return (replies.left_now(standing),), (begin,)


async def _standing(asked: Asked) -> Standing | None:
    """Return what the caller may spend, if they may at all and it can be read."""
    try:
        return await asked.service.standing(asked.caller) if asked.caller.can_spend else None
    except StoreError as error:
        log.warning("what is left can't be read: %s", error)
        return None


def _such_as(catalog: Catalog, products: Collection[str] | None) -> str:
    """Give examples: an order of each product that may be ordered, and other lines until there are enough."""
    rows = [row for row in catalog.products.values() if products is None or row.name in products]
    first, *others = zip_longest(*(examples.orders(row, catalog) for row in rows))
    lines = [line for line in (*first, examples.COMMANDS["voices"][1], *chain.from_iterable(others)) if line]
    return "\n".join(help_words.examples(lines[:MOST_EXAMPLES]))


def _line(commands: Sequence[Command], who: Who, *, has_roles: bool) -> str:
    groups = dict.fromkeys(f"/{command.group}" for command in listed(commands, who, has_roles=has_roles))
    return _(_WHO[who], commands=" ".join(groups))


def _of_first(commands: Sequence[Command]) -> str:
    """Name what only whoever runs the bot needs, once: while nobody is known to."""
    return _(help_words.OPERATORS, commands=" ".join(f"/{c.name}" for c in commands if c.is_rare and not c.is_typed))


_WHO = {Who.MEMBER: help_words.MEMBERS, Who.ADMIN: help_words.ADMINS, Who.OPERATOR: help_words.OPERATORS}


def listed(commands: Sequence[Command], who: Who, *, has_roles: bool = True) -> list[Command]:
    """Return the commands of an audience that appear in lists."""
    return [c for c in commands if c.who is who and not c.is_rare and (has_roles or not c.needs_role)]


def usage(row: Product) -> str:
    """Show how a product is ordered."""
    return " ".join(part for part in (f"/{row.command}", row.speaker and f"[{row.speaker}]", row.billed) if part)
