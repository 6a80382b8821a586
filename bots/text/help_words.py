"""Sentences of /help beside the descriptions of commands."""

from collections.abc import Sequence

from bots.text.locale import N_, _
from bots.text.wording import both, either

MEMBERS = N_("Also: {commands}")
ADMINS = N_("For admins: {commands}")
OPERATORS = N_("For whoever runs this bot: {commands}")


def settings() -> str:
    """Say where parameters are written, before a list of them."""
    return _("Settings go before or after the text:")


def examples(lines: Sequence[str]) -> list[str]:
    """Head examples, if there are any."""
    return [_("Such as:"), *lines] if lines else []


def tags(found: Sequence[str]) -> str:
    """List tags that are performed."""
    return _("Tags in the text are performed: {tags}", tags=" ".join(found))


def of_one() -> str:
    """Say how to have one command explained."""
    return _("/help speak explains one of them, with its settings.")


def from_files(commands: Sequence[str]) -> str:
    """Say which commands take a text file."""
    return _("{commands} takes a text file, too (.txt or .md)", commands=both(commands))


def as_it_stands(billed: Sequence[str]) -> str:
    """Say how to have a text taken literally."""
    forms = either([f'{name}="…"' for name in billed])
    return _("{forms} is taken literally", forms=forms)
