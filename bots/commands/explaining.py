"""What /help says of one command: its usage, what it does, and examples."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from bots.commands.command import Command, Who
from bots.commands.listing import usage
from bots.text import help_words, product_words
from bots.text.locale import _
from core.domain.products import Catalog, Product

EXAMPLES: Mapping[str, Sequence[str]] = {
    "form": ("/form", "/form speak", "/form music"),
    "voices": ("/voices",),
    "voice": ("/voice", "/voice George", "/voice none"),
    "balance": ("/balance",),
    "history": ("/history",),
    "pronounce": ("/pronounce nginx as engine x", '/pronounce "live as" as "leave as"', "/pronounce remove nginx"),
    "help": ("/help", "/help speak", "/help pronounce"),
    "claim": (),
    "quota set": ("/quota set @ann 0.50 day", "/quota set @ann 5000 chars week", "/quota set @ann unlimited month"),
    "quota role": (),
    "quota show": ("/quota show", "/quota show @ann"),
    "quota clear": ("/quota clear @ann",),
    "quota default": ("/quota default 0.10 day", "/quota default 2000 chars week", "/quota default clear"),
    "grant": ("/grant @ann 0.50", "/grant @ann 5000 chars", "/grant @ann 2.00 for the song"),
    "revoke": ("/revoke @ann 0.50", "/revoke @ann 5000 chars", "/revoke @ann 1.00 given twice"),
    "block": ("/block @ann", "/block @ann 2h", "/block @ann 3 days"),
    "unblock": ("/unblock @ann",),
    "limits": ("/limits", "/limits cooldown 30", "/limits voice George"),
    "usage": ("/usage", "/usage week", "/usage month @ann"),
    "audit": ("/audit",),
    "pool": ("/pool 20.00", "/pool unlimited"),
    "communities": ("/communities",),
    "resume": ("/resume",),
}
"""Lines that work as they stand, once the name is somebody's; none where only a menu or a terminal knows the words."""


def explained(topic: str, commands: Sequence[Command], catalog: Catalog, whose: Collection[Who]) -> str:
    """Explain a command, or each of a group's, to these audiences; "" for none that they may use."""
    word = topic.strip().removeprefix("/").partition("@")[0].casefold()
    if row := catalog.by_command.get(word):
        return "\n".join(_of_product(row, catalog))
    found = [c for c in commands if c.who in whose and word in {c.name, c.group}]
    return "\n\n".join("\n".join(_of_command(command)) for command in found)


def _of_command(command: Command) -> Iterator[str]:
    yield f"{command.usage}: {_(command.about)}"
    yield from (f"{argument.name}: {_(argument.about)}" for argument in command.arguments)
    yield from help_words.examples(EXAMPLES.get(command.name, ()))


def _of_product(row: Product, catalog: Catalog) -> Iterator[str]:
    yield f"{usage(row)}: {product_words.does(row)}"
    yield from help_words.examples(product_words.examples(row, catalog))
    yield from [help_words.settings()] if row.options else []
    yield from (f"{name}={row.table[name].example}: {product_words.parameter(row, name)}" for name in row.options)
    if row.tags:
        yield help_words.tags([f"[{tag}]" for tag in row.tags])
    yield help_words.as_it_stands([row.billed])
