"""The list that /help shows. The tables in the documentation come from the same rows."""

from collections.abc import Collection, Sequence

from bots.commands.command import Asked, Command, Who
from bots.text import help_words, product_words
from bots.text.locale import _
from core.domain.products import Catalog, Product


async def audience(asked: Asked) -> Collection[Who]:
    """Return the audiences that the caller belongs to."""
    found = {Who.MEMBER}
    if not asked.caller.direct and await asked.is_admin():
        found.add(Who.ADMIN)
    if asked.caller.member in await asked.service.operators.owners():
        found.add(Who.OPERATOR)
    return found


def listing(
    commands: Sequence[Command], catalog: Catalog, whose: Collection[Who], *, has_roles: bool, takes_files: bool
) -> str:
    """List the commands for these audiences, one per line."""
    lines = [f"{usage(row)}: {_does(row, catalog)}" for row in catalog.products.values()]
    lines.append(help_words.of_one())
    if takes_files:
        spoken = [f"/{row.command}" for row in catalog.products.values() if row.splits_at is not None]
        lines.append(help_words.from_files(spoken))
    for who in Who:
        if who not in whose:
            continue
        if who in HEADINGS:
            lines.append(_(HEADINGS[who]))
        lines += [f"{c.usage}: {_(c.about)}" for c in listed(commands, who, has_roles=has_roles)]
    return "\n".join(lines)


HEADINGS = {Who.ADMIN: help_words.ADMINS, Who.OPERATOR: help_words.OPERATORS}


def listed(commands: Sequence[Command], who: Who, *, has_roles: bool = True) -> list[Command]:
    """Return the commands of an audience that appear in lists."""
    return [c for c in commands if c.who is who and not c.is_rare and (has_roles or not c.needs_role)]


def usage(row: Product) -> str:
    """Show how a product is ordered."""
    return " ".join(part for part in (f"/{row.command}", row.speaker and f"[{row.speaker}]", row.billed) if part)


def _does(row: Product, catalog: Catalog) -> str:
    return help_words.such_as(product_words.does(row), product_words.example(row, catalog))
