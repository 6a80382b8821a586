"""The documents' tables of commands and parameters, from the bot's own tables."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bots.commands.command import Who
from bots.commands.listing import usage
from bots.commands.table import COMMANDS
from bots.text import allowed_words, product_words
from core.domain.allowed import Rule, allowed
from core.domain.policy import LONGEST_ORDER
from core.domain.products import Product, catalog

ROOT = Path(__file__).parents[2]
PART = re.compile(r"(<!-- make docs: (?P<name>[a-z]+) -->\n).*?(<!-- end -->)", re.DOTALL)
DOCUMENTS = ("members", "admins", "operating")


def written() -> Mapping[Path, str]:
    """Return the text of each document with its tables up to date."""
    paths = [ROOT / f"docs/{name}.md" for name in DOCUMENTS]
    return {path: PART.sub(_part, path.read_text()) for path in paths}


def _part(match: re.Match[str]) -> str:
    return f"{match[1]}{_PARTS[match['name']]}\n{match[3]}"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in (heads, ["---"] * len(heads), *rows))


def _commands(who: Who) -> str:
    ordering = [(usage(row), product_words.does(row)) for row in catalog().products.values() if who is Who.MEMBER]
    others = [(command.usage, command.about) for command in COMMANDS if command.who is who]
    return _table(("command", "what it does"), [(f"`{form}`", about) for form, about in (*ordering, *others)])


def _parameters() -> str:
    return _table(
        ("command", "parameter", "may be", "what it does"),
        [row for product in catalog().products.values() for row in _rows(product)],
    )


def _rows(product: Product) -> Iterator[tuple[str, str, str, str]]:
    for name, parameter in product.table.items():
        required = "" if name != product.billed else ", required"
        about = product_words.parameter(product, name)
        of_order = name == product.billed and product.splits_at is not None
        says = allowed(Rule.SHORT, most=LONGEST_ORDER) if of_order else parameter.allowed
        yield f"`/{product.command}`", f"`{name}`", f"{allowed_words.said(says)}{required}", about


_PARTS = {who.name.lower(): _commands(who) for who in Who} | {"parameters": _parameters()}
