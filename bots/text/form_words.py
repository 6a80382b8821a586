"""The words of forms."""

from collections.abc import Sequence

from bots.text import product_words
from bots.text.locale import N_, _
from core.domain.products import Product

LONGEST_PAGE = 4000
LONGEST_LABEL, LONGEST_ABOUT, LONGEST_TITLE = 45, 100, 45
"""Characters (Discord's documentation, "Component Reference" and "Receiving and Responding to Interactions")."""
NO_FORMS = N_("There are no forms here. One line orders, too: {line}")
FILE = N_("Or a text file")
FILE_ABOUT = N_(".txt or .md; it is said in the place of a text")
NO_WORDS = N_("in that message, which has neither words nor a text file")
TAGS = N_("How to begin")
TAGS_ABOUT = N_("Tags before the text; each character of them costs, too")
MOST_TAGS = N_("At most {n} tags begin a text here. Press one that is marked to take it away.")
SETTINGS = N_("Settings")
_LABELS = {
    "text": N_("Text"),
    "voice": N_("Voice"),
    "prompt": N_("What it should sound like"),
    "preset": N_("Preset"),
    "lyrics": N_("Lyrics"),
    "output_format": N_("Format"),
}


def label(row: Product, name: str) -> str:
    """Return what a field is called."""
    found = _LABELS.get(name)
    return (_(found) if found and name in row.table else name.replace("_", " ").capitalize())[:LONGEST_LABEL]


def such_as(settings: Sequence[str]) -> str:
    """Show settings as they are written, as many as fit."""
    said = _("such as {settings}", settings=" ".join(settings))
    return said if len(said) <= LONGEST_ABOUT else such_as(settings[:-1])


def begins(tags: Sequence[str]) -> str:
    """Say with which tags a text begins."""
    return _("It begins with {tags}", tags=" ".join(tags)) if tags else _("It begins without a tag.")


def title(row: Product) -> str:
    """Return the title of a product's form."""
    return product_words.does(row)[:LONGEST_TITLE]
