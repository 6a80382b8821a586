"""What /help says of one command: its usage, what it does, and examples."""

from collections.abc import Collection, Iterator, Sequence

from bots.commands.command import Command, Who
from bots.commands.listing import usage
from bots.text import examples, help_words, product_words
from bots.text.locale import _
from core.domain.products import Catalog, Product
from core.domain.shown import shown

LONGEST_TOPIC = 32
_NO_TOPICS = frozenset({"me", "please"})


def explained(
    topic: str, commands: Sequence[Command], catalog: Catalog, whose: Collection[Who], *, takes_files: bool = False
) -> str:
    """Explain a command, or each of a group's, to these audiences; "" for none that they may use."""
    word = _word(topic)
    if row := catalog.by_command.get(word):
        return "\n".join(_of_product(row, catalog, takes_files=takes_files))
    found = [c for c in commands if c.who in whose and word in {c.name, c.group}]
    return "\n\n".join("\n".join(_of_command(command)) for command in found)


def topic_of(text: str) -> str:
    """Return the one word that is to be explained; "" for none, as in "/help me", or for a sentence."""
    words = [word for word in text.split() if word.casefold() not in _NO_TOPICS]
    return shown(_word(words[0]), LONGEST_TOPIC) if len(words) == 1 else ""


def _word(topic: str) -> str:
    return topic.strip().removeprefix("/").partition("@")[0].casefold()


def _of_command(command: Command) -> Iterator[str]:
    yield f"{command.usage}: {_(command.about)}"
    yield from (f"{argument.name}: {_(argument.about)}" for argument in command.arguments)
    yield from help_words.examples(examples.COMMANDS.get(command.name, ()))


def _of_product(row: Product, catalog: Catalog, *, takes_files: bool) -> Iterator[str]:
    yield f"{usage(row)}: {product_words.does(row)}"
    yield from help_words.examples(examples.orders(row, catalog))
    yield from [help_words.settings()] if row.options else []
    yield from (f"{name}={row.table[name].example}: {product_words.parameter(row, name)}" for name in row.options)
    if row.tags:
        yield help_words.tags([f"[{tag}]" for tag in row.tags])
    yield help_words.as_it_stands([row.billed])
    if takes_files and row.splits_at is not None:
        yield help_words.from_files([f"/{row.command}"])
